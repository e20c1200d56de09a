"""CornerFix profiles (.cpf): colour shading of one lens on one camera, to a map of gains.

The file tells, for each site of a Bayer period, the light that is left as a polynomial of the radius, over its value
in the middle. Green stands for itself; red and blue are told relative to it.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.lenses.imports.imported import Imported, Wishes
from tenbit.pipeline.lenses.texts import text_of

POINTS = (25, 33)
_LARGEST_BYTES = 1 << 20
_EVEN = range(7)
_KINDS = {**dict.fromkeys(range(7, 17), "full polynomials"), **dict.fromkeys(range(17, 22), "powers of cosines")}
_SEGMENTS = re.compile("(top|bottom)(right|left|vertical)|(left|right)hori", re.IGNORECASE)
_CFA: Literal["RGGB"] = "RGGB"
_MOST_TERMS = 8
# Of the light in the middle; what is outside tells of another unit of the radius, or of no shading.
_LEAST_LIGHT, _MOST_LIGHT = 1 / 64, 2.0


def read_cpf(path: Path, wishes: Wishes) -> Imported:
    """A profile with one map of gains.

    Parameters
    ----------
    path : Path
    wishes : Wishes
        ``sensor_mm`` of the camera, which has to be told; ``unit_mm``, the radius that counts as 1, else the sensor's
        corner; ``f_number`` and ``focus_m`` of the shot that the file was made from.

    Raises
    ------
    ReadError
        If it is no such file, is broken, or of an equation or of segments that are not read.
    RequestError
        Without the sensor's size.
    """
    from tenbit.pipeline.lenses.profile import FlatMap, Measurement, Profile

    terms, told = _parsed(path)
    if wishes.sensor_mm is None:
        raise RequestError(f"{path}: a .cpf does not tell the sensor's size; give --sensor, such as 36x24")
    height_mm, width_mm = wishes.sensor_mm
    corner_mm = math.hypot(height_mm, width_mm) / 2
    unit_mm = wishes.unit_mm or corner_mm
    down, across = (np.linspace(-side / 2, side / 2, n) for side, n in zip(wishes.sensor_mm, POINTS, strict=True))
    radius = np.hypot(down[:, None], across[None, :]) / unit_mm
    light = [_even(terms[site], radius) for site in range(4)]
    for site in (0, 3):
        light[site] = light[site] * (light[1] + light[2]) / 2
    for site, of in enumerate(light):
        if of.min() <= _LEAST_LIGHT or of.max() >= _MOST_LIGHT:
            raise ReadError(
                f"{path}: colour {site}: {of.min():.3g} … {of.max():.3g} of the light of the middle is left; "
                f"{unit_mm:g} mm may not be the radius that counts as 1: give --unit-mm"
            )
    flat = FlatMap(
        cfa=_CFA,
        height_mm=height_mm,
        width_mm=width_mm,
        points=POINTS,
        gains=" ".join(f"{gain:.5f}" for of in light for gain in (1 / of).ravel()),
        f_number=wishes.f_number,
        focus_m=wishes.focus_m,
        focal_mm=wishes.focal_mm,
    )
    measurement = Measurement(
        provenance="P0",
        source=f"CornerFix profile {path.name}",
        licence=told.get("licence"),
        note=f"red and blue taken as relative to green, sites as {_CFA}",
        valid_mm=round(corner_mm, 4),
        flat=(flat,),
    )
    name = told.get("description") or path.stem
    corners = ", ".join(f"{c} {of[0, 0]:.2f}" for c, of in zip(("red", "green", "green", "blue"), light, strict=True))
    left_out = (
        [] if wishes.unit_mm else [f"the radius that counts as 1 is not told: taken as the corner, {unit_mm:.4g} mm"]
    )
    return Imported(
        Profile(name=name, lenses=wishes.lenses, measurements=(measurement,)),
        (f"map of {POINTS[0]} x {POINTS[1]} gains; light left in the corner: {corners}",),
        (*left_out, f"that red and blue are relative to green and the sites {_CFA} was inferred: look at a flat frame"),
    )


def _even(terms: Sequence[float], radius: Array) -> Array:
    """p0 + p1 r² + p2 r⁴ …, over p0."""
    return np.asarray(np.polynomial.polynomial.polyval(radius * radius, np.array(terms) / terms[0]))


def _parsed(path: Path) -> tuple[dict[int, tuple[float, ...]], dict[str, str]]:
    """Terms by colour, and texts by keyword."""
    terms: dict[int, tuple[float, ...]] = {}
    texts: dict[str, list[str]] = {}
    lines = text_of(path, most_bytes=_LARGEST_BYTES, kind="CornerFix profile").splitlines()
    if not any(line.split()[:1] == ["profile_version"] for line in lines):
        raise ReadError(f"{path}: no CornerFix profile: no profile_version in it")
    for number, line in enumerate(lines, 1):
        place = f"{path}:{number}"
        try:
            words = shlex.split(line)
        except ValueError:
            raise ReadError(f"{place}: a quotation mark without its other") from None
        if not words:
            continue
        if _SEGMENTS.search(line) and words[0] in ("color", "colour", "segment", "equation"):
            raise ReadError(f"{place}: a profile of several segments, which are not read; make one of a single segment")
        if words[0] == "profile_version" and words[1:] != ["1"]:
            raise ReadError(f"{place}: profile_version {' '.join(words[1:]) or '(none)'}, 1 is read")
        if words[0] in ("color", "colour"):
            colour, found = _of_colour(words, place)
            if colour in terms:
                raise ReadError(f"{place}: colour {colour} a second time: several segments are not read")
            terms[colour] = found
        elif len(words) > 1:
            texts.setdefault(words[0], []).append(" ".join(words[1:]))
    missing = [str(colour) for colour in range(4) if colour not in terms]
    if missing:
        raise ReadError(f"{path}: no equation of colour {', '.join(missing)}")
    return terms, {key: " ".join(" ".join(found).split()) for key, found in texts.items()}


def _of_colour(words: Sequence[str], place: str) -> tuple[int, tuple[float, ...]]:
    """A colour's number and terms."""
    if len(words) < 5 or words[2] != "equation" or words[1] not in ("0", "1", "2", "3") or not words[3].isdecimal():
        raise ReadError(f"{place}: 'color 0 … 3 equation 0 … 6' and its terms belong there")
    equation = int(words[3])
    if equation not in _EVEN:
        raise ReadError(
            f"{place}: equation {equation} ({_KINDS.get(equation, 'not known')}); 0 … 6 (even polynomials) are read"
        )
    try:
        terms = tuple(float(word) for word in words[4:])
    except ValueError:
        raise ReadError(f"{place}: {' '.join(words[4:])[:40]!r} are no numbers") from None
    if not all(map(math.isfinite, terms)) or terms[0] == 0 or len(terms) > _MOST_TERMS:
        raise ReadError(f"{place}: 1 … {_MOST_TERMS} finite terms belong there, the first of them not 0")
    return int(words[1]), terms
