"""The tables of what is shipped, as ``docs/lenses.md`` holds them."""

from __future__ import annotations

from collections.abc import Sequence

from tenbit.pipeline.lenses import catalogue
from tenbit.pipeline.lenses.profile import Measurement
from tenbit.pipeline.lenses.show import DEFECT_NAMES

_KINDS = ("distortion", "lateral_colour", "vignetting")


def markdown() -> str:
    """What may be applied, by design; what is shown but never applied, and why; and the rest."""
    profiles: dict[str, list[Measurement]] = {}
    for path, profile in catalogue.shipped_profiles():
        profiles.setdefault(path.stem, []).extend(profile.measurements)
    lenses: dict[str, list[str]] = {}
    for entry in catalogue.entries():
        lenses.setdefault(entry.design or entry.slug, []).append(entry.slug)
    known, withheld = [], []
    for design, slugs in lenses.items():
        told = ", ".join(f"`{slug}`" for slug in slugs)
        found = sorted(profiles.get(design, []), key=lambda m: catalogue.BEST_FIRST.index(m.provenance))
        cells = [_cell(found, kind) for kind in _KINDS]
        if any(cells):
            known.append((told, *(cell or "-" for cell in cells)))
        for m in found:
            if m.withheld:
                what = ", ".join(DEFECT_NAMES[catalogue.DEFECTS[kind]] for kind in _KINDS if getattr(m, kind))
                whence = "traced design" if m.provenance == "P3" else (m.sensor or m.source).split(" (")[0]
                withheld.append((told, m.provenance, what, whence, m.withheld))
    rest = [f"`{slug}`" for design, slugs in lenses.items() if design not in profiles for slug in slugs]
    return "\n".join(
        [
            *_table(("lens", *(DEFECT_NAMES[catalogue.DEFECTS[kind]] for kind in _KINDS)), known),
            "",
            "Shown by `tenbit lenses show`, and never applied:",
            "",
            *_table(("lens", "how known", "what", "by", "why not"), withheld),
            "",
            f"Of the other {len(rest)} lenses nothing is published that we know of: {', '.join(rest)}.",
            "",
        ]
    )


def _cell(found: Sequence[Measurement], kind: str) -> str:
    """How a defect is known, as far as it is; a maker's figures where there is nothing else."""
    for m in found:
        entries = getattr(m, kind)
        if entries and not m.withheld:
            numbers = [entry.f_number for entry in entries if entry.f_number]
            at = f", f/{min(numbers):g} to f/{max(numbers):g}" if numbers else ""
            return f"{m.provenance} to {m.valid_mm:g} mm{at}"
    quantity = {"distortion": "distortion_max_pct", "vignetting": "corner_ev"}.get(kind)
    return "P2" if any(limit.quantity == quantity for m in found for limit in m.limits) else ""


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(columns)} |",
        "|" + "---|" * len(columns),
        *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows),
    ]
