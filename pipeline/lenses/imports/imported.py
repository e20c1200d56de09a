"""What an importer hands over, and what it may be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Profile


@dataclass(frozen=True)
class Imported:
    """A profile made from a file of another program.

    Parameters
    ----------
    profile : Profile
    found : tuple of str
        What was taken over, a line each.
    left_out : tuple of str
        What was not, and why; and what had to be assumed.
    """

    profile: Profile
    found: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wishes:
    """What the user says beside the file.

    Parameters
    ----------
    lens : str or None
        Slug of the lens that it is for.
    sensor_mm : (height, width) or None
        Of the sensor that it was measured on.
    focal_mm, f_number, focus_m : float or None
        At which it was measured, where the file does not say.
    unit_mm : float or None
        The radius that counts as 1, where the file does not say (``.cpf``).
    aperture_is : {"apex", "f-number"}
        What an ``.lcp``'s ApertureValue is.
    """

    lens: str | None = None
    sensor_mm: tuple[float, float] | None = None
    focal_mm: float | None = None
    f_number: float | None = None
    focus_m: float | None = None
    unit_mm: float | None = None
    aperture_is: Literal["apex", "f-number"] = "apex"

    @property
    def lenses(self) -> tuple[str, ...]:
        return (self.lens,) if self.lens else ()
