"""Profiles and experiments that were never measured, with figures as they are."""

from __future__ import annotations

import dataclasses
import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from tenbit.pipeline.profile.page import write_page
from tenbit.pipeline.profile.page.points import Points
from tenbit.pipeline.profile.parts import Ceilings, First, PassProfile, Share, Timing
from tenbit.pipeline.profile.record import Profile

STANDARD = (
    (("raw_counts",), "reduce", 2.4, 0.0, 6.0, ()),
    (
        ("file_corrections", "black_level", "defect_pixels.found", "defect_pixels", "white_balance",
         "highlights.clipped", "highlights", "demosaic.greens", "demosaic.directions", "demosaic.red_blue", "demosaic",
         "denoise.luma", "denoise", "exposure", "colour", "tone", "tone.encode", "sharpen.blurred", "sharpen",
         "histogram", "waveform", "quantise"),
        "stencil 9 + reduce", 2.0, 3.0, 410.0,
        (("load and store", 4.1, 0), ("black_level", -0.4, 2), ("white_balance", 0.2, 1), ("highlights", 3.0, 21),
         ("demosaic", 31.5, 205), ("denoise", 22.0, 120), ("colour", 2.6, 15), ("tone", 6.3, 30), ("sharpen", 5.1, 16)),
    ),
    (("lens",), "warp", 12.0, 12.0, 95.0, ()),
)  # fmt: skip
"""Of each pass: steps, access, bytes read and written a pixel, operations a pixel, shares (name, ms, operations)."""


def runs(median: float, spread: float = 0.02, *, seed: int = 0, count: int = 9) -> tuple[tuple[float, ...], ...]:
    rng = random.Random(seed)
    return (tuple(median + spread * abs(median) * rng.uniform(-1, 1) for _ in range(count)),)


def profile(name: str = "standard", *, megapixels: float = 12.58, pace: float = 1.0, **more: Any) -> Profile:
    """A profile of a chain of three passes; ``pace`` is how much faster than real."""
    rows = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    cols = rows * 4 // 3
    pixels, passes = rows * cols, []
    for n, (steps, access, read, written, operations, shares) in enumerate(STANDARD):
        seconds = pixels * (0.05 + operations / 60) * 1e-9 / pace
        wall = runs(seconds, seed=n)
        per_ms = seconds / 75
        estimates = tuple(
            Share(of, Timing(runs(ms * per_ms, 0.1 if ms > 0 else 1.5, seed=n + m)), ops * pixels)
            for m, (of, ms, ops) in enumerate(shares)
        )
        passes.append(
            PassProfile(steps, access, rows, cols, read * pixels, written * pixels, operations * pixels,
                        Timing(wall, runs(seconds * 1.9, seed=n)), estimates)
        )  # fmt: skip
    overlay = Timing(runs(0.0021 / pace, seed=7))
    inside = [one.timing for one in passes] + [overlay]
    whole = tuple(sum(part.wall_s[0][n] for part in inside) + 0.0013 for n in range(9))
    made = Profile(
        name=name, chain={"name": name, "chain": ["black_level", {"demosaic": {"method": "adaptive"}}]},
        frame={"name": f"{megapixels:g}mp", "rows": rows, "cols": cols, "state": "mosaic", "cfa": "RGGB",
               "stored": "uint16", "bits": 8, "is_fused": True},
        device="AMD EPYC 9B14", target="cpu", threads=2,
        machine={"cpu": "AMD EPYC 9B14", "cores": 2, "cores_usable": 2, "memory_gib": 23.4, "system": "Linux x86_64",
                 "load": [0.31, 0.4, 0.52]},
        versions={"tenbit": "0.1.0", "python": "3.11.2", "numba": "0.68.0", "numpy": "2.4.0"}, commit="0123456789ab+",
        checked="equal to its reference to the last bit", ceilings=Ceilings(21.4e9, 148e9), planned_bytes=pixels * 17,
        peak_bytes=pixels * 17 + 190_000_000, first=First(9.4, 11, 7.9, 2, 0.06),
        frame_timing=Timing((whole,), runs(1.9 * whole[0])), plan_timing=Timing(runs(0.0041)),
        host_timing=Timing(((0.0013,) * 9,)), passes=tuple(passes),
        overlay_timing=overlay, schedule={"scratch_bytes": 786432, "bands": 8},
        notes=("pass 3: the spread is too wide to conclude",),
    )  # fmt: skip
    return dataclasses.replace(made, **more)


METHODS = {"bilinear": (0.012, 27.5), "malvar": (0.017, 31.0), "gradient": (0.021, 30.5), "ratio": (0.045, 34.5),
           "adaptive": (0.06, 36.0)}  # fmt: skip
PARAMETERS = ("chain", "device", "frame", "cfa", "bits", "packed", "iso", "threads", "fuse")


def rows(
    methods: dict[str, tuple[float, float]] | None = None,
    sizes: tuple[tuple[str, int, int], ...] = (("3mp", 1504, 2000), ("50mp", 6144, 8192)),
    isos: tuple[float, ...] = (100.0, 1600.0),
    *,
    has_quality: bool = True,
) -> list[dict[str, Any]]:
    """Points as the table of an experiment holds them; one of them failed."""
    rng, found = random.Random(1), []
    tried = itertools.product((methods or METHODS).items(), sizes, isos, (1, 2))
    for order, ((method, (seconds, decibels)), (frame, high, wide), iso, threads) in enumerate(tried):
        megapixels = high * wide / 1e6
        median = seconds * megapixels / 12.58 * (0.55 if threads == 2 else 1) * rng.uniform(0.97, 1.03) + 0.0002
        width = rng.choice((0.01, 0.02, 0.03, 0.08))
        quality = decibels - (6 if iso > 1000 else 0) + rng.uniform(-0.2, 0.2)
        measured = {
            "status": "done", "error": None, "notes": None, "rounds": 5, "median_s": median,
            "low_s": median * (1 - width), "high_s": median * (1 + width), "is_conclusive": 2 * width <= 0.1,
            "cpu_s": median * threads * 0.97, "mp_per_s": megapixels / median, "ratio": None, "first_s": median + 0.4,
            "rows": high, "cols": wide, "megapixels": megapixels, "passes": 1, "planned_bytes": high * wide * 5,
            "psnr_srgb_db": quality if has_quality else None, "delta_e": 60 / quality if has_quality else None,
            "experiment": "methods", "machine": "AMD EPYC",
            "tenbit": "0.1.0", "commit": "0123456789ab",
        }  # fmt: skip
        if order == 3:
            empty = dict.fromkeys(
                ("median_s", "low_s", "high_s", "is_conclusive", "mp_per_s", "psnr_srgb_db", "ssim", "delta_e")
            )
            measured |= {"status": "failed", "error": "demosaic: <b>no</b> such method", **empty}
        which = dict(zip(PARAMETERS, ("fast", "cpu", frame, "RGGB", 10, False, iso, threads, True), strict=True))
        found.append({"point": f"{order:012x}", **which, "demosaic.method": method, **measured})
    return found


@pytest.fixture
def make_profile() -> Any:
    return profile


@pytest.fixture
def make_rows() -> Any:
    return rows


HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\"'&é\udcff"


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of three profiles and two experiments, some with names that nobody should have."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    card = profile(HOSTILE, target="cuda", device=HOSTILE, copies_timing=Timing(runs(0.0029)), checked=HOSTILE)
    methods = {HOSTILE + name if name == "malvar" else name: figures for name, figures in METHODS.items()}
    plain = rows(sizes=(("12mp", 3072, 4096),), has_quality=False)
    tried = [Points("methods", rows(methods)), Points(HOSTILE, plain)]
    write_page(path, HOSTILE, [profile(), profile(megapixels=50.3), card], tried)
    return path
