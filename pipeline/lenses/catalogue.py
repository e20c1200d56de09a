"""Which lenses there are, and the profiles that are known of each: the user's own first, then the shipped ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses import index

if TYPE_CHECKING:
    from tenbit.kernels._optics import Defect
    from tenbit.pipeline.lenses.lens import Lens
    from tenbit.pipeline.lenses.profile import Profile, Provenance

_ROOT = Path(__file__).resolve().parents[2] / "configs" / "lenses"
_LENSES = _ROOT / "leica_m"
_PROFILES = (_ROOT / "designs", _ROOT / "lensfun")
DEFECTS: dict[str, Defect] = {
    "distortion": "distortion",
    "lateral_colour": "lateral_colour",
    "vignetting": "vignetting",
    "flat": "colour_shading",
}
"""What each block of a profile undoes."""
_LIMITS: dict[str, Defect] = {"distortion_max_pct": "distortion", "corner_ev": "vignetting"}
BEST_FIRST: tuple[Provenance, ...] = ("P0", "P1", "P3", "P2", "P4")
"""P2 are figures that correct nothing."""


@dataclass(frozen=True)
class Code:
    """As `tenbit.pipeline.lenses.lens.Code`."""

    code: int
    frame_selector: int | None = None
    focal_mm: float | None = None
    note: str | None = None


@dataclass(frozen=True)
class Entry:
    """A lens in a list.

    Parameters
    ----------
    slug, name : str
    focal_mm : tuple of float
        Empty where a profile of the user's says none.
    max_aperture : float or None
        f-number.
    codes : tuple of Code
    exif_names, exif_names_assumed : tuple of str
    design : str or None
    defects : mapping
        Best provenance of what may be applied, by defect; P2 where a maker's figure is all, P4 where nothing is known.
    is_user_made : bool
        Whether a profile of the user's speaks of it.
    """

    slug: str
    name: str
    focal_mm: tuple[float, ...] = ()
    max_aperture: float | None = None
    codes: tuple[Code, ...] = ()
    exif_names: tuple[str, ...] = ()
    exif_names_assumed: tuple[str, ...] = ()
    design: str | None = None
    defects: Mapping[Defect, Provenance] = field(default_factory=dict)
    is_user_made: bool = False

    @property
    def provenance(self) -> Provenance:
        """The best of any defect."""
        return min(self.defects.values(), key=BEST_FIRST.index, default="P4")


def user_folder() -> Path:
    """Where the user's profiles are: ``$TENBIT_LENSES``, else ``tenbit/lenses`` in the user's folder of settings."""
    if explicit := os.environ.get("TENBIT_LENSES"):
        return Path(explicit)
    if base := os.environ.get("XDG_CONFIG_HOME"):
        return Path(base) / "tenbit" / "lenses"
    with suppress(RuntimeError):
        return Path.home() / ".config" / "tenbit" / "lenses"
    return Path("tenbit-lenses")  # a user without a home, as containers have them


def slugs() -> tuple[str, ...]:
    """Of all lenses, as `entries` has them."""
    return tuple(entry.slug for entry in entries())


def entries() -> tuple[Entry, ...]:
    """All lenses: those that profiles of the user's speak of, then the others by focal length, speed and age."""
    return _known().entries


def faults() -> tuple[str, ...]:
    """A line for each profile of the user's that cannot be used: file, line, column, field, what is wrong."""
    return _known().faults


def lens(slug: str) -> Lens:
    """A lens of the catalogue, or what a profile of the user's own says of a lens that is not in it.

    Raises
    ------
    RequestError
        If there is none of that slug.
    """
    from tenbit.pipeline.lenses.lens import Lens

    found = _known()
    if slug in found.lenses:
        return Lens.model_validate(found.lenses[slug])
    if (entry := next((entry for entry in found.entries if entry.slug == slug), None)) is None:
        from tenbit.pipeline.schema import hint

        near = hint(slug, [entry.slug for entry in found.entries])
        raise RequestError(f"{slug!r}: no such lens; {near if near.startswith('did') else 'tenbit lenses lists them'}")
    path = found.profiles[slug][0]
    made = Lens(name=entry.name, focal_mm=entry.focal_mm, exif_names=entry.exif_names, source=str(path))
    return made.model_copy(update={"note": "in no catalogue: known by this profile only"})


def profiles_for(slug: str) -> tuple[tuple[Path, Profile], ...]:
    """File and profile of all that speak of a lens: the user's first, then shipped ones; none for an unknown slug."""
    found = _known()
    return tuple((path, found.profile(path)) for path in found.profiles.get(slug, ()))


def shipped_profiles() -> tuple[tuple[Path, Profile], ...]:
    """File and profile of all that come with tenbit."""
    found = _known()
    return tuple((path, found.profile(path)) for path in _files(_PROFILES))


@dataclass
class _Known:
    """What the files say."""

    entries: tuple[Entry, ...] = ()
    lenses: dict[str, Any] = field(default_factory=dict)
    profiles: dict[str, list[Path]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    plain: dict[Path, Any] = field(default_factory=dict)
    made: dict[Path, Profile] = field(default_factory=dict)

    def profile(self, path: Path) -> Profile:
        from tenbit.pipeline.lenses.profile import Profile

        if path not in self.made:
            self.made[path] = Profile.model_validate(self.plain[path])
        return self.made[path]


_LAST: dict[tuple[Any, ...], _Known] = {}


def _known() -> _Known:
    """What is known now; the shipped files are looked at once per process, the user's each time."""
    folder = user_folder()
    own = tuple((path, index.stamp(path)) for path in _files((folder,), is_deep=True))
    key = (folder, own)
    if (found := _LAST.get(key)) is None:
        found = _gathered(own)
        _LAST.clear()
        _LAST[key] = found
    return found


@cache
def _shipped() -> tuple[tuple[Path, index.Stamp], ...]:
    return tuple((path, index.stamp(path)) for path in _files((_LENSES, *_PROFILES)))


def _files(folders: Iterable[Path], *, is_deep: bool = False) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        with suppress(OSError):
            some = folder.rglob("*.yaml") if is_deep else folder.glob("*.yaml")
            found += sorted(path for path in some if not path.name.startswith("."))
    return found


def _gathered(own: tuple[tuple[Path, index.Stamp], ...]) -> _Known:
    values = index.read((*own, *_shipped()), _LENSES)
    of_user = [path for path, _ in own]
    lenses = {path.stem: values[path][0] for path, _ in _shipped() if path.parent == _LENSES}
    found = _Known(lenses=lenses, plain={path: value for path, (value, _) in values.items() if value is not None})
    found.faults = tuple(values[path][1] for path in of_user if values[path][1])
    for path in [*of_user, *_files(_PROFILES)]:
        if path in found.plain:
            # A profile that names no lens is of the one that its file is called after.
            for slug in found.plain[path].get("lenses") or (path.stem,):
                found.profiles.setdefault(slug, []).append(path)
    listed = []
    for slug in sorted({*lenses, *found.profiles}, key=lambda slug: _rank(slug, lenses.get(slug))):
        paths = found.profiles.get(slug, [])
        of_own = [path for path in paths if path in of_user]
        if slug in lenses or of_own:
            listed.append(_entry(slug, lenses.get(slug), [found.plain[path] for path in paths], is_own=bool(of_own)))
    found.entries = tuple(sorted(listed, key=lambda entry: not entry.is_user_made))
    return found


def _rank(slug: str, plain: Any) -> tuple[Any, ...]:
    known = plain or {}
    year = known.get("year_from") or 9999
    return min(known.get("focal_mm") or (0.0,)), known.get("max_aperture") or 0.0, year, slug


def _entry(slug: str, plain: Any, profiles: list[Any], *, is_own: bool) -> Entry:
    known = plain or {}
    best: dict[Defect, Provenance] = {}

    def offer(defect: Defect, provenance: Provenance) -> None:
        best[defect] = min(best.get(defect, "P4"), provenance, key=BEST_FIRST.index)

    for measurement in (m for profile in profiles for m in profile["measurements"]):
        for limit in measurement.get("limits", ()):
            offer(_LIMITS[limit["quantity"]], "P2")
        for block, defect in DEFECTS.items():
            if measurement.get(block) and not measurement.get("withheld"):
                offer(defect, measurement["provenance"])
    own = [m for profile in profiles for m in profile["measurements"]] if not plain else []
    lengths = tuple(dict.fromkeys(float(m["focal_mm"]) for m in own if m.get("focal_mm")))
    names = [name for profile in profiles for name in profile.get("exif_names", ())] if is_own else []
    return Entry(
        slug=slug,
        name=known.get("name") or profiles[0]["name"],
        focal_mm=tuple(map(float, known.get("focal_mm", lengths))),
        max_aperture=known.get("max_aperture"),
        codes=tuple(Code(**code) for code in known.get("codes", ())),
        exif_names=tuple(dict.fromkeys([*names, *known.get("exif_names", ())])),
        exif_names_assumed=tuple(known.get("exif_names_assumed", ())),
        design=known.get("design"),
        defects={defect: best.get(defect, "P4") for defect in DEFECTS.values()},
        is_user_made=is_own,
    )
