"""What the benchmark found, for a terminal and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from timing import Section, Timed

from tenbit.pipeline.profile.machine import commit, cpu_name, memory_gib, slug

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("tenbit", "numpy", "numba", "opencv-python-headless", "halide", "rawpy", "imageio", "pillow", "imagecodecs")


def show(section: Section, console: Console) -> None:
    """The section's tables: times, agreement of the pictures, targets, other figures."""
    table = Table(title=section.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    for heading in ("median ms", "quartiles", "MP/s"):
        table.add_column(heading, justify="right")
    for one in section.timed:
        first, third = one.quartiles_s
        rate = f"{one.rate:.0f}" if one.megapixels else ""
        table.add_row(one.name, f"{1e3 * one.median_s:.1f}", f"{1e3 * first:.1f} … {1e3 * third:.1f}", rate)
    console.print(table)
    for name, text in section.checks.items():
        console.print(f"  [dim]checked: {name}: {text}[/dim]", highlight=False, soft_wrap=True)
    for name, figure in section.figures.items():
        console.print(f"  {name}: {figure:.3g}", highlight=False, soft_wrap=True)
    for theirs, mine in section.beside.items():
        by_name = {one.name: one for one in section.timed}
        console.print(f"  {theirs}: its time is {by_name[mine].over(by_name[theirs]):.2f} × {mine}'s", highlight=False)
    for name, command in section.left_out.items():
        console.print(f"  {name}: left out, not installed: {command}", highlight=False, soft_wrap=True)
    for row in section.table:
        console.print("  " + " | ".join(row), highlight=False, soft_wrap=True)
    for target in section.targets:
        verdict = "[green]met[/green]" if target.is_met else "[red]missed[/red]"
        console.print(
            f"  {target.claim}: {target.figure:.3g}, wanted {target.wanted}: {verdict}", highlight=False, soft_wrap=True
        )
    console.print()


def record(sections: Sequence[Section], *, rounds: int, cores: Sequence[int]) -> dict[str, Any]:
    """Everything that was measured, and on what, fit for JSON."""
    return {
        "machine": machine(cores),
        "versions": versions(PACKAGES),
        "commit": commit(),
        "rounds": rounds,
        "sections": {section.name: described(section) for section in sections},
    }


def machine(cores: Sequence[int]) -> dict[str, Any]:
    """What it was measured on."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "cores_used": len(cores),
        "memory_gib": round(memory_gib(), 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load_at_the_end": [round(load, 2) for load in os.getloadavg()],
    }


def versions(packages: Sequence[str]) -> dict[str, str | None]:
    """Of Python and of packages; None for what is not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in packages}}


def save(path: Path, found: dict[str, Any]) -> None:
    """Write a record; the file is complete or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def default_path(what: str = "cpu") -> Path:
    """One file per kind of machine: ``results/cpu-amd-epyc.json``."""
    return ROOT / "benchmarks" / "results" / f"{what}-{slug(cpu_name())}.json"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def described(section: Section) -> dict[str, Any]:
    """A section, fit for JSON."""
    found = {
        "title": section.title,
        "timed": {one.name: _timed(one) for one in section.timed},
        "checked": section.checks,
        "figures": {name: float(f"{figure:.4g}") for name, figure in section.figures.items()},
        "targets": [
            {"claim": t.claim, "figure": float(f"{t.figure:.4g}"), "wanted": t.wanted, "is_met": t.is_met}
            for t in section.targets
        ],
    }
    for name in ("beside", "left_out", "table", "versions"):
        if value := getattr(section, name):
            found[name] = value
    return found


def _timed(one: Timed) -> dict[str, Any]:
    return {
        "median_ms": round(1e3 * one.median_s, 3),
        "quartiles_ms": [round(1e3 * each, 3) for each in one.quartiles_s],
        "megapixels": round(one.megapixels, 4),
        "megapixels_per_s": round(one.rate, 1) if one.megapixels else None,
        "rounds_ms": [round(1e3 * each, 3) for each in one.times_s],
    }
