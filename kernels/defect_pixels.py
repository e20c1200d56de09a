"""Defect pixels: sites that are known to be defective, and ones that stand alone in the picture, filled from around.

A hot site and a star look alike to their own colour, whose next samples are two pixels away. Light that came through a
lens is spread over the neighbours of other colours too, a defect is not: that tells them apart.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

from numpy import float32 as f32

from tenbit.kernels._facts import GREEN, Facts
from tenbit.kernels._noise import Profile, known
from tenbit.kernels._opcode_lists import DEFECTS, repaired
from tenbit.kernels._repair import MARK, fill, mark_sites
from tenbit.kernels._stage import PLANES, Access, Constants, PerSite, Prepared, Results, Stage, Step, Told, param
from tenbit.kernels.errors import StageError

# Light of the sharpest lens leaves so much of a point's height beside it at least; see `stands_alone`. Of 900 stars of
# 1.4 pixels' width at half height 0.1 % have less, of those of 1.06 pixels 2 to 3 %.
SPREAD = 0.1
# What a site must stand out by beside noise, in what its own colour varies by around it, and another colour does.
# Dark ones by less: between samples of light and 0 there is less room. Photographs at their sharpest (no lens blurs
# them, 12 bits) have 50 such places in a million; half of the dead sites that show in them are found.
HOT_OVER_OWN, HOT_OVER_OTHERS = 1.0, 1.0
DEAD_OVER_OWN, DEAD_OVER_OTHERS = 0.5, 0.5
NEVER = 1e9


@dataclass(frozen=True)
class Parameters:
    """Fill defective sites of the sensor: those that the file or a list knows, and on demand those that stand alone.

    What stands alone is further from its own colour around it than noise and picture explain, and has spread no light
    onto its neighbours of other colours, as stars and lamps do. Put it before black_level, or behind it.
    """

    listed: bool = param(True, "Fill sites of the file's own list (DNG opcodes 4 and 5), a camera file, or --defects.")
    detect: bool = param(False, "Find and fill sites that stand alone.")
    kind: Literal["both", "hot", "dead"] = param("both", "What is found: too bright, too dark, or both.")
    k_sigma: float = param(5.0, "How many standard deviations of the noise a found site stands out by.", low=2, high=50)


def stands_alone(m, k):
    """The mark where a sample of a Bayer mosaic stands alone, else the sample."""
    value = m(0, 0)
    side_high = max(max(m(0, -2), m(0, 2)), max(m(-2, 0), m(2, 0)))
    side_low = min(min(m(0, -2), m(0, 2)), min(m(-2, 0), m(2, 0)))
    far_high = max(max(m(-2, -2), m(2, 2)), max(m(-2, 2), m(2, -2)))
    far_low = min(min(m(-2, -2), m(2, 2)), min(m(-2, 2), m(2, -2)))
    near_high = max(max(m(-1, -1), m(1, 1)), max(m(-1, 1), m(1, -1)))
    near_low = min(min(m(-1, -1), m(1, 1)), min(m(-1, 1), m(1, -1)))
    high = max(max(side_high, far_high), near_high if k.is_green > 0.5 else side_high)
    low = min(min(side_low, far_low), near_low if k.is_green > 0.5 else side_low)
    # The colour beside it and the one above and below it, on the scale of its own.
    row_high = max(max(m(-2, -1), m(-2, 1)), max(m(2, -1), m(2, 1)))
    row_low = min(min(m(-2, -1), m(-2, 1)), min(m(2, -1), m(2, 1)))
    col_high = max(max(m(-1, -2), m(-1, 2)), max(m(1, -2), m(1, 2)))
    col_low = min(min(m(-1, -2), m(-1, 2)), min(m(1, -2), m(1, 2)))
    beside = 0.25 * ((m(-2, -1) + m(-2, 1)) + (m(2, -1) + m(2, 1)))
    above = 0.25 * ((m(-1, -2) + m(-1, 2)) + (m(1, -2) + m(1, 2)))
    a, b = (m(0, -1) - beside) * k.across, (m(0, 1) - beside) * k.across
    c, d = (m(-1, 0) - above) * k.down, (m(1, 0) - above) * k.down
    others_across = k.across * (max(row_high, max(m(0, -1), m(0, 1))) - min(row_low, min(m(0, -1), m(0, 1))))
    others_down = k.down * (max(col_high, max(m(-1, 0), m(1, 0))) - min(col_low, min(m(-1, 0), m(1, 0))))
    others = max(others_across, others_down)
    # The second of four: one of them may be a defect itself.
    brighter = max(min(max(a, b), max(c, d)), max(min(a, b), min(c, d)))
    darker = -min(max(min(a, b), min(c, d)), min(max(a, b), max(c, d)))
    hot, dead = value - high, low - value
    noise_high = f32(math.sqrt(max(high - k.black, 0.0) * k.scale + k.offset))
    noise_low = f32(math.sqrt(max(low - k.black, 0.0) * k.scale + k.offset))
    hot_by = min(hot - k.hot * noise_high - HOT_OVER_OWN * (high - low), hot - HOT_OVER_OTHERS * others)
    dead_by = min(dead - k.dead * noise_low - DEAD_OVER_OWN * (high - low), dead - DEAD_OVER_OTHERS * others)
    is_hot = min(hot_by, SPREAD * hot - brighter)
    is_dead = min(dead_by, SPREAD * dead - darker)
    return MARK if max(is_hot, is_dead) > 0.0 else value


def stands_alone_in_block(m, k):
    """As `stands_alone` in a quad-Bayer mosaic, where neighbours of its own colour show whether light has spread."""
    value = m(0, 0)
    beside = m(0, 1) if k.is_left > 0.5 else m(0, -1)
    below = m(1, 0) if k.is_top > 0.5 else m(-1, 0)
    lower = m(1, 1) if k.is_left > 0.5 else m(1, -1)
    upper = m(-1, 1) if k.is_left > 0.5 else m(-1, -1)
    corner = lower if k.is_top > 0.5 else upper
    far_across = m(0, -3) if k.is_left > 0.5 else m(0, 3)
    far_down = m(-3, 0) if k.is_top > 0.5 else m(3, 0)
    next_across = m(0, -1) - m(0, -2) if k.is_left > 0.5 else m(0, 1) - m(0, 2)
    next_down = m(-1, 0) - m(-2, 0) if k.is_top > 0.5 else m(1, 0) - m(2, 0)
    high = max(max(max(beside, below), corner), max(far_across, far_down))
    low = min(min(min(beside, below), corner), min(far_across, far_down))
    around = 0.5 * (far_across + far_down)
    a, b = beside - around, below - around
    c, d = next_across * k.across, next_down * k.down
    brighter = max(min(max(a, b), max(c, d)), max(min(a, b), min(c, d)))
    darker = -min(max(min(a, b), min(c, d)), min(max(a, b), max(c, d)))
    hot, dead = value - high, low - value
    noise_high = f32(math.sqrt(max(high - k.black, 0.0) * k.scale + k.offset))
    noise_low = f32(math.sqrt(max(low - k.black, 0.0) * k.scale + k.offset))
    is_hot = min(hot - k.hot * noise_high - HOT_OVER_OWN * (high - low), SPREAD * hot - brighter)
    is_dead = min(dead - k.dead * noise_low - DEAD_OVER_OWN * (high - low), SPREAD * dead - darker)
    return MARK if max(is_hot, is_dead) > 0.0 else value


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that mark and fill what is known, then what stands alone.

    Raises
    ------
    StageError
        If the frame is no longer, or not yet, the one that the file's own list is of.
    """
    steps: list[Step] = []
    notes: list[str] = []
    after = facts
    if parameters.listed:
        # A constant is of stored counts.
        mine = [o for o in facts.opcodes if o.list == 1 and o.name in DEFECTS and not _is_too_late(o.name, facts)]
        here = facts.rows, facts.cols, True
        if any(o.parameters.get("OfFrame", here) != here for o in mine):
            raise StageError(
                "defect_pixels: sites of the file's own list are of another frame than this: put linearise before it, "
                "and quad_bayer behind it"
            )
        steps += repaired(mine, facts, "defect_pixels")
        if facts.defects is not None:
            steps += mark_sites(facts, facts.defects, "defect_pixels")
            notes.append(Told(f"{len(facts.defects)} listed sites are filled"))
        if mine:
            notes.append(Told(f"sites of the file's own list are filled ({', '.join(o.name for o in mine)})"))
        left = tuple(o for o in facts.opcodes if not any(o is m for m in mine))
        after = dataclasses.replace(facts, opcodes=left, defects=None)
    if not parameters.detect:
        return Prepared(after, tuple(steps), notes=tuple(notes))
    noise = known(after)

    def constants(results: Results) -> Constants:
        return _constants(parameters, noise.facts, noise.profile(results))

    is_late = noise.facts.noise is None or noise.facts.gains is None
    assert facts.cfa is not None
    body, radius = (stands_alone_in_block, 3) if facts.cfa.is_quad else (stands_alone, 2)
    planes = PLANES["mosaic"]
    find = Step(
        "defect_pixels.found",
        Access.STENCIL,
        body,
        planes,
        planes,
        constants if is_late else constants({}),
        radius=radius,
    )
    steps += (*noise.steps, find, fill(noise.facts, "defect_pixels.fill"))
    return Prepared(noise.facts, tuple(steps), notes=(*notes, *noise.notes))


def _is_too_late(name: str, facts: Facts) -> bool:
    return name == "FixBadPixelsConstant" and facts.is_signal


def _constants(parameters: Parameters, facts: Facts, profile: Profile) -> Constants:
    """Noise in units of the samples, and what brings a neighbour's colour to the scale of a site's own."""
    assert facts.cfa is not None
    period, sites = facts.cfa.period, facts.cfa.sites
    white = (1.0, 1.0, 1.0) if facts.is_balanced or facts.neutral is None else facts.neutral
    spans = [high - low for low, high in zip(facts.black, facts.white, strict=True)]

    def beside(site: int) -> tuple[float, float]:
        """What other colours next to a site are multiplied by: in its row, in its column."""
        row, col = divmod(site, period)
        left, up = (-1, -1) if period == 2 else (-1 if col % 2 == 0 else 1, -1 if row % 2 == 0 else 1)
        own = white[sites[site]]
        assert facts.cfa is not None
        return own / white[facts.cfa.colour(row, col + left)], own / white[facts.cfa.colour(row + up, col)]

    constants: dict[str, float | PerSite] = {
        "black": PerSite(facts.black),
        "scale": PerSite(profile[c][0] * span for c, span in zip(sites, spans, strict=True)),
        "offset": PerSite(profile[c][1] * span * span for c, span in zip(sites, spans, strict=True)),
        "across": PerSite(beside(site)[0] for site in range(period**2)),
        "down": PerSite(beside(site)[1] for site in range(period**2)),
        "hot": parameters.k_sigma if parameters.kind != "dead" else NEVER,
        "dead": parameters.k_sigma if parameters.kind != "hot" else NEVER,
    }
    if facts.cfa.is_quad:
        constants["is_left"] = PerSite(float(site % 2 == 0) for site in range(16))
        constants["is_top"] = PerSite(float(site // 4 % 2 == 0) for site in range(16))
    else:
        constants["is_green"] = PerSite(float(colour == GREEN) for colour in sites)
    return constants


STAGE = Stage("defect_pixels", Parameters, ("mosaic",), prepare)
