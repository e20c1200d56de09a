"""Lateral colour: how much larger or smaller red and blue are imaged than green, measured from edges of the frame.

Red and blue are held against green where all three are sharp: in windows of 5 × 5 the part of a colour that looks like
green's slope along the radius says how far the colour is displaced (B. D. Lucas, T. Kanade, "An iterative image
registration technique with an application to stereo vision", IJCAI 1981; with a gain per window, as colours of edges
differ). Every window that is sure enough votes for one ratio of radii, in a histogram per ring and quadrant; `fitted`
turns those into the scales that `lens` undoes.

This is done on lattices of one red, green and blue per 2 × 2 sites (of a quad-Bayer mosaic, 4 × 4), from coarse to
fine, each but the first after what the one before it has found is undone, so that what is left to find is small.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from numpy import float32 as f32

from tenbit.kernels._facts import BLUE, GREEN, RED, Facts
from tenbit.kernels._radial import BINS, QUADRANTS, REACH, RINGS, fitted, neutral
from tenbit.kernels._resample import held
from tenbit.kernels._stage import PLANES, Access, Constants, PerPlane, Prepared, Results, Stage, Step, require_signal
from tenbit.kernels.errors import StageError

# The shorter side of the smallest frame that is measured.
SMALLEST_PX = 16
# The coarsest lattice is one on which a colour 0.3 % too large is not more than so many lattice pixels astray.
FARTHEST = 2.0
LARGEST = 0.003
# Added under the square root that evens out the noise, as a share of white.
FLOOR = 0.01
# What clipped samples are marked with: whatever is filtered from one lies outside what signal can be.
CLIPPED, MARK, MARKED = 0.95, 1e6, 4.0
# Votes: displacement in lattice pixels at most; its standard deviation at most; gain of an edge over that of green.
NEAR, SURE, FAINTEST, STRONGEST = 1.5, 0.25, 0.3, 3.3
# Samples of a window that are free beside gain and displacement.
FREE = 23.0
# Of the histogram, as bodies reckon with it.
BINS_HERE, RINGS_HERE, CORNERS = float(BINS), float(RINGS), float(QUADRANTS)
CELLS = RINGS * QUADRANTS * BINS
NAMES = ("red", "green", "blue")


@dataclass(frozen=True)
class Parameters:
    """Measure lateral colour from the frame's own edges, for `lens` to undo: no profile is needed.

    Changes no sample. Radii are counted as in `lens`, whose ``lateral`` says what it does with the figures.
    """


def pair(mosaic, row, col, k):
    """One colour of a 2 × 2 quad of sites, encoded: the mean of its two samples, or of one that is named twice."""
    top, left = 2 * row, 2 * col
    first = f32(mosaic[top + int(k.row_a), left + int(k.col_a)])
    second = f32(mosaic[top + int(k.row_b), left + int(k.col_b)])
    return encoded(0.5 * (first + second), max(first, second), k.gain)


def blocks(mosaic, row, col, k):
    """One colour of a 4 × 4 period of quad-Bayer sites, encoded: the mean of its two blocks, or of one named twice."""
    top, left = 4 * row + int(k.row_a), 4 * col + int(k.col_a)
    a, b = f32(mosaic[top, left]), f32(mosaic[top, left + 1])
    c, d = f32(mosaic[top + 1, left]), f32(mosaic[top + 1, left + 1])
    under, right = 4 * row + int(k.row_b), 4 * col + int(k.col_b)
    e, f = f32(mosaic[under, right]), f32(mosaic[under, right + 1])
    g, h = f32(mosaic[under + 1, right]), f32(mosaic[under + 1, right + 1])
    most = max(max(max(a, b), max(c, d)), max(max(e, f), max(g, h)))
    return encoded(0.125 * (((a + b) + (c + d)) + ((e + f) + (g + h))), most, k.gain)


def square(plane, row, col, k):
    """One plane at 2 × 2 pixels, encoded."""
    top, left = 2 * row, 2 * col
    a, b = f32(plane[top, left]), f32(plane[top, left + 1])
    c, d = f32(plane[top + 1, left]), f32(plane[top + 1, left + 1])
    return encoded(0.25 * ((a + b) + (c + d)), max(max(a, b), max(c, d)), k.gain)


def encoded(mean, most, gain):
    """The square root of a sample, whose noise depends less on light; `MARK` for one that is clipped."""
    return MARK if most * gain > CLIPPED else f32(math.sqrt(max(mean * gain, 0.0) + FLOOR))


def halved(plane, row, col, k):
    """A lattice of half the rows and columns: 1 3 3 1 in both directions."""
    above, under = max(2 * row - 1, 0), held(2 * row + 2, k.rows)
    left, right = max(2 * col - 1, 0), held(2 * col + 2, k.cols)
    top, here = 2 * row, 2 * col
    outer = across(plane[above, left], plane[above, here], plane[above, here + 1], plane[above, right])
    upper = across(plane[top, left], plane[top, here], plane[top, here + 1], plane[top, right])
    lower = across(plane[top + 1, left], plane[top + 1, here], plane[top + 1, here + 1], plane[top + 1, right])
    last = across(plane[under, left], plane[under, here], plane[under, here + 1], plane[under, right])
    return across(outer, upper, lower, last)


def across(a, b, c, d):
    """Four samples in a row by 1 3 3 1."""
    return 0.125 * ((a + d) + 3.0 * (b + c))


def displaced(row, col, k):
    """How far away from its place on the lattice a colour is found, as far as that is known."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    growth = k.growth + k.bend * ((d_row * d_row + d_col * d_col) * k.per_square)
    return d_row * growth - k.off_row, d_col * growth - k.off_col


def band(p):
    """Detail of a few lattice pixels: 1 2 1 both ways less the mean of 5 × 5; `MARK` beside clipped samples."""
    beside = (p(-1, 0) + p(1, 0)) + (p(0, -1) + p(0, 1))
    corners = (p(-1, -1) + p(1, 1)) + (p(-1, 1) + p(1, -1))
    above = ((p(-2, -2) + p(-2, 2)) + (p(-2, -1) + p(-2, 1))) + p(-2, 0)
    under = ((p(2, -2) + p(2, 2)) + (p(2, -1) + p(2, 1))) + p(2, 0)
    left = (p(-1, -2) + p(1, -2)) + p(0, -2)
    right = (p(-1, 2) + p(1, 2)) + p(0, 2)
    mean = 0.04 * (((above + under) + (left + right)) + ((beside + corners) + p(0, 0)))
    detail = (0.25 * p(0, 0) + 0.125 * beside + 0.0625 * corners) - mean
    return detail if abs(mean - 0.55) < 0.75 else MARK


def sloped(green, red, blue, row, col, k):
    """Green's slope along the radius and the three colours' detail; zeros where one of them is not to be used."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    down = (green(-2, 0) - green(2, 0)) * (1.0 / 12.0) + (green(1, 0) - green(-1, 0)) * (2.0 / 3.0)
    right = (green(0, -2) - green(0, 2)) * (1.0 / 12.0) + (green(0, 1) - green(0, -1)) * (2.0 / 3.0)
    slope = (d_row * down + d_col * right) / f32(math.sqrt(d_row * d_row + d_col * d_col + 0.25))
    most = max(max(abs(green(0, 0)), abs(red(0, 0))), abs(blue(0, 0)))
    most_down = max(max(abs(green(-2, 0)), abs(green(-1, 0))), max(abs(green(1, 0)), abs(green(2, 0))))
    most_right = max(max(abs(green(0, -2)), abs(green(0, -1))), max(abs(green(0, 1)), abs(green(0, 2))))
    use = 1.0 if max(max(most_down, most_right), most) < MARKED else 0.0
    return use * slope, use * green(0, 0), use * red(0, 0), use * blue(0, 0)


def summed_across(slope, green, red, blue):
    """Products of slope and colours, added up over five columns: what a fit of a colour to green needs."""
    d0, d1, d2, d3, d4 = slope(0, -2), slope(0, -1), slope(0, 0), slope(0, 1), slope(0, 2)
    g0, g1, g2, g3, g4 = green(0, -2), green(0, -1), green(0, 0), green(0, 1), green(0, 2)
    r0, r1, r2, r3, r4 = red(0, -2), red(0, -1), red(0, 0), red(0, 1), red(0, 2)
    b0, b1, b2, b3, b4 = blue(0, -2), blue(0, -1), blue(0, 0), blue(0, 1), blue(0, 2)
    return (
        g0 * g0 + g1 * g1 + g2 * g2 + g3 * g3 + g4 * g4,
        g0 * d0 + g1 * d1 + g2 * d2 + g3 * d3 + g4 * d4,
        d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3 + d4 * d4,
        r0 * g0 + r1 * g1 + r2 * g2 + r3 * g3 + r4 * g4,
        r0 * d0 + r1 * d1 + r2 * d2 + r3 * d3 + r4 * d4,
        r0 * r0 + r1 * r1 + r2 * r2 + r3 * r3 + r4 * r4,
        b0 * g0 + b1 * g1 + b2 * g2 + b3 * g3 + b4 * g4,
        b0 * d0 + b1 * d1 + b2 * d2 + b3 * d3 + b4 * d4,
        b0 * b0 + b1 * b1 + b2 * b2 + b3 * b3 + b4 * b4,
    )


def voted(gg, gd, dd, rg, rd, rr, bg, bd, bb, row, col, k):
    """The vote of each colour's window: the number of a counter, −1 for none."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    away = d_row * d_row + d_col * d_col
    rho = f32(math.sqrt(away * k.per_square))
    ring = f32(min(int(rho * RINGS_HERE), RINGS - 1))
    quadrant = (2.0 if d_row > 0.0 else 0.0) + (1.0 if d_col > 0.0 else 0.0)
    first = (CORNERS * ring + quadrant) * BINS_HERE
    s_gg = (gg(-2, 0) + gg(2, 0)) + (gg(-1, 0) + gg(1, 0)) + gg(0, 0)
    s_gd = (gd(-2, 0) + gd(2, 0)) + (gd(-1, 0) + gd(1, 0)) + gd(0, 0)
    s_dd = (dd(-2, 0) + dd(2, 0)) + (dd(-1, 0) + dd(1, 0)) + dd(0, 0)
    s_rg = (rg(-2, 0) + rg(2, 0)) + (rg(-1, 0) + rg(1, 0)) + rg(0, 0)
    s_rd = (rd(-2, 0) + rd(2, 0)) + (rd(-1, 0) + rd(1, 0)) + rd(0, 0)
    s_rr = (rr(-2, 0) + rr(2, 0)) + (rr(-1, 0) + rr(1, 0)) + rr(0, 0)
    s_bg = (bg(-2, 0) + bg(2, 0)) + (bg(-1, 0) + bg(1, 0)) + bg(0, 0)
    s_bd = (bd(-2, 0) + bd(2, 0)) + (bd(-1, 0) + bd(1, 0)) + bd(0, 0)
    s_bb = (bb(-2, 0) + bb(2, 0)) + (bb(-1, 0) + bb(1, 0)) + bb(0, 0)
    square = away * k.per_square
    per_radius = 1.0 / f32(math.sqrt(away + 0.25))
    red = vote(s_gg, s_gd, s_dd, s_rg, s_rd, s_rr, k.red_growth + k.red_bend * square, per_radius)
    blue = vote(s_gg, s_gd, s_dd, s_bg, s_bd, s_bb, k.blue_growth + k.blue_bend * square, per_radius)
    return (first + red if red >= 0.0 else -1.0), (first + blue if blue >= 0.0 else -1.0)


def vote(gg, gd, dd, cg, cd, cc, known, per_radius):
    """The histogram's bin for what one window says of one colour, −1 where that is not sure enough.

    Least squares of ``colour = gain (green + shift · slope)``; ``along`` and ``gain`` are gain · shift and the gain
    times the determinant. The colour stands ``-shift`` farther out than what is ``known`` puts it.
    """
    det = gg * dd - gd * gd
    along, gain = gg * cd - gd * cg, dd * cg - gd * cd
    # Of the fit's residual; over gain², it is the variance of the shift.
    variance = (cc * det - (gain * cg + along * cd)) * gg
    ratio = known - along / gain * per_radius
    place = (ratio + REACH) * (0.5 * BINS_HERE / REACH)
    is_edge = gain > FAINTEST * det and gain < STRONGEST * det and abs(along) < NEAR * gain
    is_sure = variance < (FREE * SURE * SURE) * gain * gain and place >= 0.0 and place < BINS_HERE
    return f32(int(place)) if is_edge and is_sure else -1.0


def counted(red, blue):
    """The counter of each colour's vote."""
    return int(red), int(blue) + CELLS if blue >= 0.0 else -1


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that measure; they write side planes only.

    ``results["lateral_colour"]`` is what `fitted` says.

    Raises
    ------
    StageError
        If the samples still hold their black level, or lateral colour was measured already.
    """
    require_signal("lateral_colour", facts)
    if facts.has_lateral_colour:
        raise StageError("lateral_colour: it was measured already; once is allowed")
    if min(facts.rows, facts.cols) < SMALLEST_PX:
        return Prepared(facts, notes=(f"a frame below {SMALLEST_PX} pixels is too small to measure lateral colour in",))
    finest = 4 if facts.cfa and facts.cfa.is_quad else 2
    steps = [_lattice(facts, finest)]
    spacings = [finest]
    while len(spacings) < 2 or LARGEST * _half_px(facts) > FARTHEST * spacings[-1]:
        spacings.append(2 * spacings[-1])
        steps.append(_coarser(facts, spacings[-1]))
    before: str | None = None
    for spacing in reversed(spacings):
        name = "lateral_colour" if spacing == finest else f"lateral_colour.{spacing}"
        steps += _round(facts, spacing, name, before)
        before = name
    return Prepared(dataclasses.replace(facts, has_lateral_colour=True), tuple(steps))


def _half_px(facts: Facts) -> float:
    """Pixels from the middle of the frame to its corner: the unit of radius."""
    return math.hypot(facts.rows, facts.cols) / 2


def _planes(spacing: int) -> tuple[str, str, str]:
    """Names of the three planes of a lattice."""
    red, green, blue = (f"lateral_{colour}_{spacing}" for colour in NAMES)
    return red, green, blue


def _shape(facts: Facts, spacing: int) -> tuple[int, int]:
    return facts.rows // spacing, facts.cols // spacing


def _offsets(facts: Facts) -> dict[int, list[tuple[int, int]]]:
    """Rows and columns of the sites of each colour in a quad, or of its blocks in a period of a quad-Bayer mosaic."""
    assert facts.cfa is not None
    side = facts.cfa.period // 2
    found: dict[int, list[tuple[int, int]]] = {RED: [], GREEN: [], BLUE: []}
    for row in (0, 1):
        for col in (0, 1):
            found[facts.cfa.colour(side * row, side * col)].append((side * row, side * col))
    return found


def _lattice(facts: Facts, spacing: int) -> Step:
    """The finest lattice, from the picture."""
    constants: dict[str, PerPlane | float] = {"gain": 2.0**-facts.exposure_ev}
    body: Callable[..., object] = square
    reads = PLANES[facts.state]
    if facts.cfa is not None:
        body, reads = (blocks if facts.cfa.is_quad else pair), ("mosaic",) * 3
        sites = [places * (2 // len(places)) for _, places in sorted(_offsets(facts).items())]
        for n, which in enumerate("ab"):
            constants[f"row_{which}"] = PerPlane(float(places[n][0]) for places in sites)
            constants[f"col_{which}"] = PerPlane(float(places[n][1]) for places in sites)
    name, shape = "lateral_colour.lattice", _shape(facts, spacing)
    return Step(name, Access.GATHER, body, reads, _planes(spacing), constants, shape=shape)


def _coarser(facts: Facts, spacing: int) -> Step:
    """A lattice from the one of half its spacing."""
    rows, cols = _shape(facts, spacing // 2)
    reads, writes = _planes(spacing // 2), _planes(spacing)
    constants: Constants = {"rows": rows, "cols": cols}
    name = f"lateral_colour.lattice_{spacing}"
    return Step(name, Access.GATHER, halved, reads, writes, constants, shape=_shape(facts, spacing))


def _round(facts: Facts, spacing: int, name: str, before: str | None) -> list[Step]:
    """The steps that measure on one lattice, after the round ``before``."""
    shape = _shape(facts, spacing)
    centre: dict[str, float] = {
        "centre_row": (facts.optical_centre[0] - (spacing - 1) / 2) / spacing,
        "centre_col": (facts.optical_centre[1] - (spacing - 1) / 2) / spacing,
        "per_square": (spacing / _half_px(facts)) ** 2,
    }
    off = [(0.0, 0.0)] * 3
    if facts.cfa is not None:
        unit = facts.cfa.period // 2
        off = []
        for _, places in sorted(_offsets(facts).items()):
            row, col = (sum(at) / len(places) - unit / 2 for at in zip(*places, strict=True))
            off.append((row / spacing, col / spacing))

    def found(results: Results) -> dict[str, float]:
        return results[before] if before else neutral()

    def undone(results: Results) -> Constants:
        now = found(results)
        return {
            **centre,
            "growth": PerPlane((now["red_scale"] - 1, 0.0, now["blue_scale"] - 1)),
            "bend": PerPlane((now["red_k"], 0.0, now["blue_k"])),
            "off_row": PerPlane(row for row, _ in off),
            "off_col": PerPlane(col for _, col in off),
        }

    def known(results: Results) -> Constants:
        now = found(results)
        growth = {f"{colour}_growth": now[f"{colour}_scale"] - 1 for colour in ("red", "blue")}
        return {**centre, **growth, **{f"{colour}_bend": now[f"{colour}_k"] for colour in ("red", "blue")}}

    def late(constants: Callable[[Results], Constants]) -> Constants | Callable[[Results], Constants]:
        return constants if before else constants({})

    def step(part: str, access: Access, body: Callable[..., object], reads: tuple[str, ...], *writes: str) -> Step:
        return Step(f"lateral_colour.{part}_{spacing}", access, body, reads, writes, shape=shape)

    planes = red, green, blue = ("lateral_red", "lateral_green", "lateral_blue")
    sums = tuple(f"lateral_{pair}" for pair in ("gg", "gd", "dd", "rg", "rd", "rr", "bg", "bd", "bb"))
    votes = ("lateral_red_vote", "lateral_blue_vote")
    around = partial(dataclasses.replace, radius=2)
    slope = ("lateral_slope", green, red, blue)
    return [
        dataclasses.replace(step("undone", Access.WARP, displaced, _planes(spacing), *planes), constants=late(undone)),
        *(around(step(f"band_{plane}", Access.STENCIL, band, (plane,), plane)) for plane in planes),
        around(step("slope", Access.STENCIL, sloped, (green, red, blue), *slope), constants=centre),
        around(step("sums", Access.STENCIL, summed_across, slope, *sums)),
        around(step("votes", Access.STENCIL, voted, sums, *votes), constants=late(known)),
        dataclasses.replace(
            step("count", Access.REDUCE, counted, votes, name),
            counters=2 * CELLS,
            summary=partial(fitted, half_px=_half_px(facts)),
        ),
    ]


STAGE = Stage("lateral_colour", Parameters, ("mosaic", "linear"), prepare)
