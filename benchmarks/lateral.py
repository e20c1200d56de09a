"""Lateral colour measured from simulated frames: true and found displacements at the corner, and what is left.

    python benchmarks/lateral.py [--quick]

Frames of the simulator's still life by lenses with known lateral colour; no other data. ``left`` is the largest error
of a colour's radius anywhere in the frame, in pixels; ``±`` what the stage itself says of the corner's.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import tenbit
from tenbit.pipeline.sample import LensModel, make

NEUTRAL = "even"
BARREL = "even k=-0.06,0.01,0 red_scale=1.0015 blue_scale=0.9985"
STRAIGHT = "even red_scale=0.998 blue_scale=1.0012"
STRONG = "even red_scale=1.0025 blue_scale=0.998"
FRAMES = (
    (864, 1152, "RGGB", 100, NEUTRAL),
    (864, 1152, "GRBG", 100, BARREL),
    (864, 1152, "RGGB", 400, STRAIGHT),
    (864, 1152, "BGGR", 1600, BARREL),
    (1296, 1728, "QRGGB", 100, BARREL),
    (1728, 2304, "GBRG", 100, STRONG),
    (1728, 2304, "RGGB", 400, STRAIGHT),
    (1728, 2304, "RGGB", 1600, NEUTRAL),
    (1728, 2304, "QRGGB", 400, STRONG),
    (3072, 4096, "RGGB", 100, BARREL),
    (3072, 4096, "RGGB", 1600, STRONG),
    (3072, 4096, "QRGGB", 400, STRAIGHT),
)
CHAIN = ["black_level", "white_balance", "lateral_colour"]


def left_px(found: dict[str, float], lens: LensModel, half_px: float) -> list[float]:
    """Largest error of the radius of red and of blue."""
    radius = np.linspace(0, 1, 21)
    growths = (found[f"{c}_scale"] + found[f"{c}_k"] * radius**2 - getattr(lens, f"{c}_scale") for c in ("red", "blue"))
    return [float(np.abs(growth * radius).max()) * half_px for growth in growths]


def main() -> None:
    """Print the table; the exit status says whether every frame is within 0.15 px."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="frames of 1 MP only")
    parser.add_argument("--seeds", type=int, default=1, help="scenes and noises per row")
    given = parser.parse_args()
    every: list[float] = []
    print(  # noqa: T201
        f"{'frame':>12} {'cfa':>5} {'iso':>4} {'true red, blue px':>18} {'found':>14} {'left':>12} {'±':>12} {'ms':>5}"
    )
    for rows, cols, cfa, iso, text in FRAMES:
        if given.quick and rows > 1000:
            continue
        for seed in range(1, given.seeds + 1):
            lens, half_px = LensModel.parse(text), math.hypot(rows, cols) / 2
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "a.dng"
                make(path, rows=rows, cols=cols, cfa=cfa, iso=iso, lens=lens, seed=seed, truth=False)
                frame = tenbit.read(path)
            began = time.perf_counter()
            found = tenbit.run(frame, CHAIN, device="cpu").results["lateral_colour"]
            elapsed_ms = 1000 * (time.perf_counter() - began)
            true = [(scale - 1) * half_px for scale in (lens.red_scale, lens.blue_scale)]
            left = left_px(found, lens, half_px)
            every += left
            print(  # noqa: T201
                f"{rows:>5} x {cols:<4} {cfa:>5} {iso:>4} {true[0]:>9.2f} {true[1]:>8.2f} "
                f"{found['red_corner_px']:>7.2f}{found['blue_corner_px']:>7.2f} {left[0]:>6.3f}{left[1]:>6.3f} "
                f"{found['red_error_px']:>6.3f}{found['blue_error_px']:>6.3f} {elapsed_ms:>5.0f}",
                flush=True,
            )
    print(f"left: root mean square {np.sqrt(np.mean(np.square(every))):.3f} px, most {max(every):.3f} px")  # noqa: T201
    sys.exit(max(every) > 0.15)


if __name__ == "__main__":
    main()
