"""What the user says of a lens: by options, in the chain, beside the file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.errors import ChainError, RequestError
from tenbit.pipeline.lenses import sensors

if TYPE_CHECKING:
    from tenbit.pipeline.config import Chain

PROFILE_SUFFIXES = (".yaml", ".yml", ".lcp", ".cpf", ".json")
NO_LENS = "none"
_FLAGS = ("auto", "none", "always", "natural")  # a stage's profile that names none
_F_NUMBERS, _DISTANCES_M, _SIDES_MM = (0.5, 128.0), (0.01, math.inf), (0.5, 300.0)


@dataclass(frozen=True)
class Asked:
    """What is said; None for what is not.

    Parameters
    ----------
    lens : str, Path or None
        Slug or name of a lens, a profile's file, or ``none``.
    f_number : float or None
    focus_m : float or None
        Infinity is one.
    sensor_mm : tuple of float or None
        (height, width) of the picture on the sensor.
    places : mapping
        Where each was said, by field: ``--lens``, ``tenbit.yaml:2:12``.
    """

    lens: str | Path | None = None
    f_number: float | None = None
    focus_m: float | None = None
    sensor_mm: tuple[float, float] | None = None
    places: Mapping[str, str] = field(default_factory=dict, compare=False)

    def over(self, other: Asked) -> Asked:
        """The same, completed by what another says."""
        names = [f.name for f in fields(self) if f.name != "places" and getattr(self, f.name) is None]
        return Asked(
            **{f.name: getattr(other if f.name in names else self, f.name) for f in fields(self)[:-1]},
            places={**self.places, **{name: other.places[name] for name in names if name in other.places}},
        )


def asked_for(path: Path | None, options: Asked = Asked(), chain: Chain | None = None) -> Asked:
    """All that is said for one file: options before the chain before the file's sidecars before its folder.

    Parameters
    ----------
    path : Path or None
        The raw file; None for a frame that comes from none.
    options : Asked
    chain : Chain, optional

    Raises
    ------
    ReadError
        If a sidecar or a ``tenbit.yaml`` is broken: every fault with its place.
    """
    from tenbit.pipeline.lenses.beside import asked_beside

    asked = options if chain is None else options.over(of_chain(chain))
    return asked if path is None else asked.over(asked_beside(path))


def of_options(
    lens: str | None = None, f_number: float | None = None, focus: str | None = None, sensor: str | None = None
) -> Asked:
    """What options of the command line say.

    Parameters
    ----------
    lens : str, optional
    f_number : float, optional
    focus : str, optional
        Metres, ``3`` or ``0.7m``, or ``inf``.
    sensor : str, optional
        See `sensor_of`.

    Raises
    ------
    RequestError
        If one cannot be meant.
    """
    known = {"lens": lens, "f_number": f_number, "focus_m": focus, "sensor_mm": sensor}
    places = dict(zip(known, ("--lens", "--f-number", "--focus", "--sensor"), strict=True))
    found: dict[str, Any] = {}
    for name, value in known.items():
        if value is not None:
            try:
                found[name] = CHECKS[name](value, Path())
            except ValueError as fault:
                raise RequestError(f"{places[name]}: {fault}") from None
    return Asked(**found, places={name: places[name] for name in found})


def of_chain(chain: Chain) -> Asked:
    """The lens that a stage of the chain names as its ``profile``.

    Raises
    ------
    ChainError
        If it is the path of a profile that is not there.
    """
    base = chain.source.parent if chain.source else Path()
    for number, link in enumerate(chain.links):
        profile = getattr(link.parameters, "profile", None)
        if isinstance(profile, str) and profile not in _FLAGS:
            way = ("chain", number, link.stage.name, "profile")
            try:
                lens = _lens(profile, base)
            except ValueError as fault:
                raise ChainError([chain.document.fault(way, str(fault))]) from None
            place = chain.document.values.get(way) or f"chain[{number}] {link.stage.name}.profile"
            return Asked(lens=lens, places={"lens": place})
    return Asked()


def sensor_of(text: str) -> tuple[float, float]:
    """Height and width, mm, of ``36x24`` (the longer side is the width), ``1-inch``, ``aps-c`` or ``full-frame``.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    try:
        found = sensors.sensor_of("36x24" if text.lower() == "full-frame" else text.strip())
    except RequestError as fault:
        raise ValueError(str(fault).removeprefix("sensor ")) from None
    shorter, longer = sorted((found.height_mm, found.width_mm))
    return shorter, longer


def _lens(value: Any, base: Path) -> str | Path | None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no lens: a slug, a name, or a profile's path belongs here")
    text = value.strip()
    if not text.lower().endswith(PROFILE_SUFFIXES):
        return None if text.lower() == "auto" else text.lower() if text.lower() == NO_LENS else text
    path = base / Path(text).expanduser()
    if not path.is_file():
        raise ValueError(f"{text!r}: no such profile" + ("" if base == Path() else f" in {base}"))
    return path


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _within(value: float, limits: tuple[float, float], unit: str) -> float:
    if not limits[0] <= value <= limits[1]:
        raise ValueError(f"{value:g} is outside {limits[0]:g}..{limits[1]:g}{f' ({unit})' if unit else ''}")
    return value


def _f_number(value: Any, _base: Path) -> float:
    return _within(_number(value), _F_NUMBERS, "")


def _focus(value: Any, _base: Path) -> float:
    if isinstance(value, str):
        text = value.strip().lower().removesuffix("m").strip()
        try:
            value = math.inf if text in (".inf", "inf", "infinity", "∞") else float(text)
        except ValueError:
            raise ValueError(f"{value!r} is no distance: metres or inf belong here") from None
    return _within(_number(value), _DISTANCES_M, "m")


def _sides(value: Any, _base: Path) -> tuple[float, float]:
    if isinstance(value, str):
        return sensor_of(value)
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{value!r} is no sensor: [height, width] in millimetres belong here")
    height, width = (_within(_number(side), _SIDES_MM, "mm") for side in value)
    return height, width


CHECKS: Mapping[str, Callable[[Any, Path], Any]] = {
    "lens": _lens,
    "f_number": _f_number,
    "focus_m": _focus,
    "sensor_mm": _sides,
}
"""By field: what is said and the folder that paths count from, to the value; ValueError says what belongs there."""
