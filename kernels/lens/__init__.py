"""Lens: distortion and lateral colour undone in one resample."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from tenbit.kernels._facts import GREEN, Array, Facts, Triple
from tenbit.kernels._optics import Correction
from tenbit.kernels._stage import PLANES, Access, Constants, PerPlane, Prepared, Results, Stage, Step, Taps, param
from tenbit.kernels.errors import StageError
from tenbit.kernels.lens import fit, sources
from tenbit.kernels.lens.bodies import displaced, displaced_evenly, displaced_freely
from tenbit.kernels.lens.candidates import half_diagonal, measured
from tenbit.kernels.lens.path import Path, filling_scale, law_of
from tenbit.kernels.lens.sources import Choice

# How far measured ratios of radii may be from 1, when they have to be reckoned with before they are known.
_FARTHEST_APART = {"red_scale": 0.99, "red_k": 0.0, "blue_scale": 1.01, "blue_k": 0.0}


@dataclass(frozen=True)
class Parameters:
    """Undo the lens's distortion and lateral colour in one resample.

    Of each defect the first of these decides: the numbers given here, the warp in the file's third opcode list, the
    lens's profile, for lateral colour the frame itself. With nothing known nothing is changed.

    Radii of the numbers are counted in half diagonals of the frame: 1 at the corner. Where the correction looks beyond
    the frame it repeats the outermost pixels; ``autoscale`` zooms until it no longer does. Put ``lens`` before
    ``crop``, which changes the diagonal.
    """

    profile: str = param(
        "auto",
        "auto: the profile of the lens that the frame names; a lens's slug or name, or a profile's path: that one; "
        "none: no profile.",
    )
    opcodes: Literal["auto", "none"] = param("auto", "auto: the file's warp, if it has one; none: left out.")
    distortion: Triple | None = param(
        None, "k1, k2, k3 of Rd = Ru (1 + k1 Ru² + k2 Ru⁴ + k3 Ru⁶): ideal to distorted.", low=-2, high=2
    )
    centre: tuple[float, float] = param(
        (0.0, 0.0), "Of these numbers: how far down and right of the middle the axis is.", low=-0.25, high=0.25
    )
    lateral: Literal["auto", "measured", "given", "none"] = param(
        "auto",
        "Lateral colour. auto: the first that is known of the four numbers here, the file's warp, the profile, and "
        "what lateral_colour has measured from the frame; measured, given: that one alone; none: left as it is.",
    )
    red_scale: float = param(1.0, "Distorted radius of red over that of green, near the axis.", low=0.9, high=1.1)
    red_k: float = param(
        0.0, "What Rd² of green adds to that: red's radius is red_scale Rd + red_k Rd³.", low=-0.1, high=0.1
    )
    blue_scale: float = param(1.0, "Distorted radius of blue over that of green, near the axis.", low=0.9, high=1.1)
    blue_k: float = param(0.0, "What Rd² of green adds to that.", low=-0.1, high=0.1)
    scale: float = param(1.0, "Zoom about the optical axis; above 1 shows less.", low=0.25, high=4.0)
    autoscale: bool = param(
        False, "Zoom further, in or out, until the frame is just filled and shows as much as it can."
    )
    resample: Taps = param(
        "bicubic", "bicubic: Catmull-Rom, 4 × 4 pixels; lanczos3: 6 × 6, sharper, at two thirds of the speed."
    )
    anti_ringing: bool = param(True, "No halos beside edges.")


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The one step that resamples, or none when nothing is to be corrected.

    Raises
    ------
    StageError
        As `sources.choose`, or if the distortion folds the picture.
    """
    p, choice = parameters, sources.choose(parameters, facts)
    path, reach = choice.path, choice.path.reach_px(facts)
    after = dataclasses.replace(facts, has_lateral_colour=False, opcodes=choice.opcodes)
    if p.scale == 1.0 and not choice.is_measured and path.is_straight(reach):
        return Prepared(_recorded(after, choice, path, scale=1.0), notes=tuple(choice.notes))
    far = _with_measured(path, facts, _FARTHEST_APART) if choice.is_measured else path
    scale = _scale(p, far, facts)
    _refuse_folds(far, facts, scale)
    is_plain = not choice.is_measured and fit.is_plain(path, reach / scale)
    is_free = not is_plain and fit.needs_freedom(path, reach / scale)

    def known(results: Results) -> Constants:
        now = _with_measured(path, facts, results["lateral_colour"]) if choice.is_measured else path
        zoom = _scale(p, now, facts)
        return fit.plain_constants(now, zoom) if is_plain else fit.constants(now, facts, zoom, is_free=is_free)

    # The zoom of `autoscale` as of green alone, when the other colours are still to be measured.
    green = _scale(p, dataclasses.replace(path, lateral=None), facts) if choice.is_measured else scale
    after = dataclasses.replace(after, moves=(*facts.moves, partial(came_from, path=path, scale=green)))
    planes = PLANES[facts.state]
    step = Step(
        "lens",
        Access.WARP,
        displaced if is_plain else displaced_freely if is_free else displaced_evenly,
        planes,
        planes,
        constants=known if choice.is_measured else _shared(known({})),
        taps=p.resample,
        is_clamped=p.anti_ringing,
    )
    return Prepared(_recorded(after, choice, path, scale=scale), (step,), notes=tuple(choice.notes))


def came_from(rows: Array, cols: Array, *, path: Path, scale: float) -> tuple[Array, Array]:
    """Where green of pixels comes from: see `Facts.moves`."""
    row_0, col_0 = path.centre
    down, right = path.landed(GREEN, (rows - row_0) / scale, (cols - col_0) / scale)
    return row_0 + down, col_0 + right


def _shared(constants: Constants) -> Constants:
    """Constants as one number each where all planes have the same: they then move together, at 1.4 times the rate."""
    if any(isinstance(value, PerPlane) and len(set(value)) > 1 for value in constants.values()):
        return constants
    return {name: value[0] if isinstance(value, PerPlane) else value for name, value in constants.items()}


def _scale(p: Parameters, path: Path, facts: Facts) -> float:
    """The zoom."""
    is_filled = p.autoscale and not path.is_straight(path.reach_px(facts))
    return p.scale * (filling_scale(path, facts) if is_filled else 1.0)


def _refuse_folds(path: Path, facts: Facts, scale: float) -> None:
    """A `StageError` where no picture can be made as far out as a pixel looks."""
    reach = path.reach_px(facts) / scale
    if (turn := path.turning_px(reach)) < reach:
        raise StageError(
            f"lens: distortion and lateral colour turn back at radius {turn / half_diagonal(facts):.3f}, inside the "
            "picture (1 is the corner); smaller numbers are needed"
        )


def _with_measured(path: Path, facts: Facts, found: Mapping[str, Any]) -> Path:
    return dataclasses.replace(path, lateral=measured(facts, path.pixel_mm, found))


def _recorded(facts: Facts, choice: Choice, path: Path, *, scale: float) -> Facts:
    """Facts that say what was done, with figures, and what was not."""
    corner, pixel_mm = path.reach_px(facts), facts.pixel_mm
    records: list[Correction] = []
    for defect, winner in choice.winners.items():
        figures: dict[str, float | str] = {}
        if defect == "distortion" and path.warp is not None:
            away = float(path.ratio(GREEN, corner)) - 1
            law = law_of(path.warp, GREEN)
            figures = {"model": law.model, "corner_pct": round(100 * away, 4), "corner_px": round(away * corner, 2)}
            figures["scale"] = round(scale, 6)
        elif defect == "lateral_colour" and not choice.is_measured:
            green = float(path.ratio(GREEN, corner))
            for name, colour in (("red", 0), ("blue", 2)):
                figures[f"{name}_corner_px"] = round((float(path.ratio(colour, corner)) - green) * corner, 3)
        valid = winner.origin.valid_mm
        reach_mm = corner * pixel_mm if pixel_mm is not None else None
        is_held = reach_mm is not None and valid < reach_mm / scale
        records.append(
            Correction(
                defect,
                winner.source,
                winner.origin.provenance,
                reason=f"beyond {valid:.3g} mm held" if is_held else "",
                valid_mm=valid if valid < float("inf") else None,
                reach_mm=None if reach_mm is None else round(reach_mm, 3),
                figures=tuple(figures.items()),
            )
        )
    return dataclasses.replace(facts, corrections=(*facts.corrections, *records, *choice.left_out))


STAGE = Stage("lens", Parameters, ("linear",), prepare)
