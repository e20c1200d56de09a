"""Lattices of one red, green and blue for every few pixels: taken from the picture, and moved."""

from __future__ import annotations

import itertools
import math

from numpy import float32 as f32

from tenbit.kernels._facts import BLUE, RED, Facts
from tenbit.kernels._stage import PLANES, Access, Body, Constants, PerPlane, Results, Step
from tenbit.kernels.lateral_colour.law import neutral

# Added under the square root that evens out the noise, as a share of white.
FLOOR = 0.01
# What clipped samples are marked with: whatever is filtered from one lies outside what signal can be.
CLIPPED, MARK = 0.95, 1e6
SIDE_PLANES = ("lateral_red", "lateral_green", "lateral_blue")
"""The planes that are measured."""
# Red and blue before they are moved.
_FAR = ("lateral_far_red", "lateral_far_blue")


def near(plane, row, col, k):
    """One colour of a lattice of 2 × 2 pixels, encoded."""
    top, left = 2 * row, 2 * col
    a, b = k.s00 * f32(plane[top, left]), k.s01 * f32(plane[top, left + 1])
    c, d = k.s10 * f32(plane[top + 1, left]), k.s11 * f32(plane[top + 1, left + 1])
    return encoded((a + b) + (c + d), max(max(a, b), max(c, d)), k.clip)


def spread(plane, row, col, k):
    """One colour of a lattice of 4 × 4 pixels, encoded: as `near`, of four times 2 × 2."""
    top, left = 4 * row, 4 * col
    a, b = f32(plane[top, left]), f32(plane[top, left + 2])
    c, d = f32(plane[top + 2, left]), f32(plane[top + 2, left + 2])
    e, f = f32(plane[top, left + 1]), f32(plane[top, left + 3])
    g, h = f32(plane[top + 2, left + 1]), f32(plane[top + 2, left + 3])
    i, j = f32(plane[top + 1, left]), f32(plane[top + 1, left + 2])
    m, n = f32(plane[top + 3, left]), f32(plane[top + 3, left + 2])
    o, p = f32(plane[top + 1, left + 1]), f32(plane[top + 1, left + 3])
    q, r = f32(plane[top + 3, left + 1]), f32(plane[top + 3, left + 3])
    upper = k.s00 * ((a + b) + (c + d)) + k.s01 * ((e + f) + (g + h))
    lower = k.s10 * ((i + j) + (m + n)) + k.s11 * ((o + p) + (q + r))
    most_upper = max(k.s00 * max(max(a, b), max(c, d)), k.s01 * max(max(e, f), max(g, h)))
    most_lower = max(k.s10 * max(max(i, j), max(m, n)), k.s11 * max(max(o, p), max(q, r)))
    return encoded(upper + lower, max(most_upper, most_lower), k.clip)


def wide(plane, row, col, k):
    """One colour of a lattice of any spacing from 4, encoded: of 4 × 4 pixels of it."""
    top, left = k.spacing * row, k.spacing * col
    a, b = k.s00 * f32(plane[top, left]), k.s01 * f32(plane[top, left + 1])
    c, d = k.s02 * f32(plane[top, left + 2]), k.s03 * f32(plane[top, left + 3])
    e, f = k.s10 * f32(plane[top + 1, left]), k.s11 * f32(plane[top + 1, left + 1])
    g, h = k.s12 * f32(plane[top + 1, left + 2]), k.s13 * f32(plane[top + 1, left + 3])
    i, j = k.s20 * f32(plane[top + 2, left]), k.s21 * f32(plane[top + 2, left + 1])
    m, n = k.s22 * f32(plane[top + 2, left + 2]), k.s23 * f32(plane[top + 2, left + 3])
    o, p = k.s30 * f32(plane[top + 3, left]), k.s31 * f32(plane[top + 3, left + 1])
    q, r = k.s32 * f32(plane[top + 3, left + 2]), k.s33 * f32(plane[top + 3, left + 3])
    upper = ((a + b) + (c + d)) + ((e + f) + (g + h))
    lower = ((i + j) + (m + n)) + ((o + p) + (q + r))
    most_upper = max(max(max(a, b), max(c, d)), max(max(e, f), max(g, h)))
    most_lower = max(max(max(i, j), max(m, n)), max(max(o, p), max(q, r)))
    return encoded(upper + lower, max(most_upper, most_lower), k.clip)


def encoded(mean, most, clip):
    """The square root of a sample, whose noise depends less on light; `MARK` for one of which a part is clipped."""
    return MARK if most > clip else f32(math.sqrt(max(mean, 0.0) + FLOOR))


def displaced(row, col, k):
    """How far away from its place on the lattice a colour is found, as far as that is known."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    growth = k.growth + k.bend * ((d_row * d_row + d_col * d_col) * k.per_square)
    return d_row * growth - k.off_row, d_col * growth - k.off_col


class Lattice:
    """Where a lattice lies, and the steps that make it.

    Parameters
    ----------
    facts : Facts
        Of the frame.
    spacing : int
        Pixels from one point of the lattice to the next: 2 for pictures and Bayer mosaics, or a multiple of 4. A point
        is a block of pixels, 2 × 2 or 4 × 4.
    """

    def __init__(self, facts: Facts, spacing: int) -> None:
        self.facts, self.spacing = facts, spacing
        self.shape = facts.rows // spacing, facts.cols // spacing
        # A point of the lattice is the middle of so many pixels a side.
        self.block = min(spacing, 4)
        self.centre: dict[str, float] = {
            "centre_row": (facts.optical_centre[0] - (self.block - 1) / 2) / spacing,
            "centre_col": (facts.optical_centre[1] - (self.block - 1) / 2) / spacing,
            "per_square": (spacing / half_px(facts)) ** 2,
        }
        self.sites = [_sites(facts, colour, self.block) for colour in range(3)]
        # How far the middle of a colour's sites lies from its point, in pixels of the lattice.
        self.off = [
            [(sum(along) / len(sites) - (self.block - 1) / 2) / spacing for along in zip(*sites, strict=True)]
            for sites in self.sites
        ]

    def taken(self, before: str | None) -> list[Step]:
        """The lattice from the picture; red and blue then moved by what the round ``before`` has found."""
        gain = 2.0**-self.facts.exposure_ev
        shares = [gain / len(sites) for sites in self.sites]
        constants: dict[str, PerPlane | int] = {"clip": PerPlane(CLIPPED / len(sites) for sites in self.sites)}
        for at in itertools.product(range(self.block), repeat=2):
            name = f"s{at[0]}{at[1]}"
            constants[name] = PerPlane(
                share if at in sites else 0.0 for share, sites in zip(shares, self.sites, strict=True)
            )
        body: Body = near
        if self.spacing > 2:
            is_quad = self.facts.cfa is not None and self.facts.cfa.is_quad
            body = wide if is_quad or self.spacing > 4 else spread
            constants["spacing"] = self.spacing
        reads = ("mosaic",) * 3 if self.facts.cfa else PLANES[self.facts.state]
        red, green, blue = SIDE_PLANES

        def undone(results: Results) -> Constants:
            found = results[before] if before else neutral()
            return {
                **self.centre,
                "growth": PerPlane((found["red_scale"] - 1, found["blue_scale"] - 1)),
                "bend": PerPlane((found["red_k"], found["blue_k"])),
                "off_row": PerPlane((self.off[RED][0], self.off[BLUE][0])),
                "off_col": PerPlane((self.off[RED][1], self.off[BLUE][1])),
            }

        name, moving = f"lateral_colour.lattice_{self.spacing}", f"lateral_colour.undone_{self.spacing}"
        return [
            Step(name, Access.GATHER, body, reads, (_FAR[0], green, _FAR[1]), constants, shape=self.shape),
            Step(moving, Access.WARP, displaced, _FAR, (red, blue), undone, shape=self.shape),
        ]


def _sites(facts: Facts, colour: int, block: int) -> list[tuple[int, int]]:
    """Rows and columns of a colour's samples in a block of so many pixels a side."""
    every = ((row, col) for row in range(block) for col in range(block))
    return [at for at in every if facts.cfa is None or facts.cfa.colour(*at) == colour]


def half_px(facts: Facts) -> float:
    """Pixels from the middle of the frame to its corner: the unit of radius."""
    return math.hypot(facts.rows, facts.cols) / 2
