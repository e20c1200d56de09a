"""A lens of the catalogue: what identifies it, and which optical design it has."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tenbit.pipeline.lenses.profile import Positive

FRAME_SELECTORS = {1: "28/90", 2: "24/35", 3: "50/75"}
"""The camera's frame lines that a lens brings up, by the bits that a file holds beside the code; 0: chosen by hand."""


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Code(_Block):
    """A 6-bit code on the mount, with the frame selector that tells apart what shares it."""

    code: Annotated[int, Field(ge=0, le=63)]
    frame_selector: Annotated[int, Field(ge=0, le=3)] | None = None
    """None: any, or not known; 0: a lens without a code, chosen in the camera's menu."""
    focal_mm: Positive | None = None
    """Which of a lens's several focal lengths it is set to."""
    note: str | None = None


class Lens(_Block):
    """A lens file. Its name without ``.yaml`` is the slug; several lenses may share a design, and so its profile."""

    name: str
    focal_mm: tuple[Positive, ...]
    """As engraved; more than one of a lens that is set to one of them."""
    focal_real_mm: Positive | None = None
    max_aperture: Positive | None = None
    codes: tuple[Code, ...] = ()
    design: str | None = None
    exif_names: tuple[str, ...] = ()
    """Names that were seen in files."""
    exif_names_assumed: tuple[str, ...] = ()
    """Names by the pattern of those; none has been seen."""
    order_numbers: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    elements: int | None = None
    groups: int | None = None
    asph: bool = False
    apo: bool = False
    entrance_pupil_mm: Positive | None = None
    """From the vertex of the first surface."""
    source: str
    note: str | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Lens:
        if self.year_from and self.year_to and self.year_from > self.year_to:
            raise ValueError("year_to: before year_from")
        if (self.elements or 0) < (self.groups or 0):
            raise ValueError("groups: more than elements")
        for code in self.codes:
            if code.focal_mm is not None and code.focal_mm not in self.focal_mm:
                raise ValueError(f"codes: {code.focal_mm:g} mm is not among focal_mm")
        return self


def as_plain(lens: Lens) -> dict[str, Any]:
    """The same as dicts, lists and numbers, without what says nothing."""
    return lens.model_dump(mode="python", exclude_defaults=True)
