"""Framelines: what other lenses would see, and lines to compose by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from tenbit.kernels._draw import COLOURS, Colour, colour_of
from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import Canvas, Layer, Meter, Overlay, Seen, opacity_param
from tenbit.kernels._stage import Prepared, Stage, param
from tenbit.kernels.errors import StageError
from tenbit.kernels.framelines import lines
from tenbit.kernels.framelines.fields import Framelines, Rect, fields_of, paired

ASPECTS = (0.1, 10.0)


@dataclass(frozen=True)
class Parameters:
    """Draw framelines over the picture: what longer lenses would see, aspect masks, guides, safe areas, the level.

    The frame of a focal length f, in the picture of a lens F, is F/f of its width and height. The lens is the one that
    `--lens`, the file or its folder name; its focal length is the catalogue's, else EXIF's.
    """

    focal: Literal["auto", "none"] | tuple[float, ...] = param(
        "auto",
        "Focal lengths whose frames are drawn. auto: of the pairs of an M body (28/90, 35/135, 50/75, 24/35) the other "
        "of the mounted lens, or the first pair that is longer; none; or a list of them.",
        unit="mm",
        low=1,
        high=2000,
    )
    mounted_mm: float | None = param(
        None, "Focal length of the lens that was on; by default what is known of it.", unit="mm", low=1, high=2000
    )
    aspect: str = param("none", "Width to height, as 2.39:1, 16:9, 1:1, 4:5: what is outside is darkened.")
    mask: float = param(0.6, "How dark it is outside the aspect ratio; 1, at full opacity, is black.", low=0, high=1)
    guides: str = param("none", f"{', '.join(lines.GUIDES)}; several joined by +, as thirds+centre.")
    safe: Literal["none", "action", "title", "both"] = param(
        "none", "Safe areas of SMPTE ST 2046-1: action, 93 % of height and width, and title, 90 %."
    )
    roll_deg: float | None = param(
        None, "Roll of the camera, clockwise: draws where the horizon lies.", unit="degrees", low=-90, high=90
    )
    colour: Colour = param("white", "Of the lines: a name or #RRGGBB.")
    width: float = param(1.5, "Of the lines.", unit="px at 1080 rows", low=0.5, high=10)
    opacity: float = opacity_param()


def aspect_of(text: str) -> float | None:
    """Width over height of ``2.39:1``, ``16:9``, ``4:5``; None for ``none``.

    Raises
    ------
    StageError
        If it is not two numbers above 0, or one side is more than ten times the other.
    """
    if text == "none":
        return None
    wide, _, high = text.partition(":")
    try:
        ratio = float(wide) / float(high)
    except (ValueError, ZeroDivisionError):
        ratio = 0.0
    if not ASPECTS[0] <= ratio <= ASPECTS[1]:
        raise StageError(f"framelines: aspect {text!r} is not two numbers like 16:9, from 1:10 to 10:1")
    return ratio


def guides_of(text: str) -> tuple[str, ...]:
    """The guides that are named.

    Raises
    ------
    StageError
        If one of them is none.
    """
    if text == "none":
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split("+")))
    for name in names:
        if name not in lines.GUIDES:
            raise StageError(f"framelines: there are no guides {name!r}; there are {', '.join(lines.GUIDES)}")
    return names


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Nothing in the passes; afterwards the frames are worked out, and all is drawn.

    The result ``framelines`` is `tenbit.kernels.framelines.fields.Framelines`.

    Raises
    ------
    StageError
        For an aspect ratio, guides or a colour that there are not.
    """
    aspect_of(parameters.aspect), guides_of(parameters.guides), colour_of(parameters.colour, "framelines.colour")
    return Prepared(facts, overlay=partial(_overlay, parameters), notes=_notes(parameters, facts))


def _notes(p: Parameters, facts: Facts) -> tuple[str, ...]:
    mounted = p.mounted_mm or facts.focal_mm
    if mounted is None and isinstance(p.focal, tuple):
        return ("the focal length of the lens is not known: no frames are drawn; mounted_mm gives it",)
    if p.focal == "auto" and mounted is not None and not paired(mounted):
        return (f"an M body has no frame inside that of {mounted:g} mm",)
    return ()


def _overlay(p: Parameters, finished: Facts) -> Overlay:
    mounted = p.mounted_mm or finished.focal_mm
    focals = p.focal if isinstance(p.focal, tuple) else paired(mounted) if mounted and p.focal == "auto" else ()

    def measure(seen: Seen) -> Framelines:
        return fields_of(mounted, focals, seen.came, seen.facts)

    layers = (Layer("framelines", partial(_draw, p), opacity=p.opacity),) if p.opacity > 0 else ()
    return Overlay((Meter("framelines", measure),), layers=layers)


def _draw(p: Parameters, canvas: Canvas, seen: Seen) -> None:
    found: Framelines = seen.results["framelines"]
    colour, ratio = colour_of(p.colour), aspect_of(p.aspect)
    area = Rect(0, 0, canvas.rows, canvas.cols)
    if ratio is not None:
        area = area.of_aspect(ratio).snapped()
        lines.outside(canvas, area, p.mask)
    thin = 0.7 * p.width
    for name in guides_of(p.guides):
        lines.guide(canvas, area, name, colour, p.width if name == "centre" else thin)
    for name in lines.SAFE:
        if p.safe in (name, "both"):
            lines.safe_area(canvas, area, name, colour, thin)
    for one in found.fields:
        if one.is_inside:
            lines.frame(canvas, one.rect, f"{one.focal_mm:g} mm", colour, p.width)
    if p.roll_deg is not None:
        lines.level(canvas, area, p.roll_deg, (COLOURS["green"], COLOURS["yellow"]), p.width)


STAGE = Stage("framelines", Parameters, ("display",), prepare)
