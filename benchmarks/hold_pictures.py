"""The picture of docs/sequences.md: a shot as it was taken, and with its exposure held.

Run:  python benchmarks/hold_pictures.py docs/pictures/hold.jpg
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tenbit.pipeline import batch
from tenbit.pipeline.config import load
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.sample import make
from tenbit.pipeline.shots.hold import held

ROWS, COLS, FRAMES = 192, 256, 12
CHAIN = ["black_level", "white_balance", {"demosaic": {"method": "bilinear"}}, "colour", "tone"]


def main(out: Path) -> None:
    """Dusk until dawn, a flickering aperture, and one flash; above as taken, then smooth=9, then lock=11."""
    rng = np.random.default_rng(4)
    stops = np.linspace(-2.4, -0.4, FRAMES) + rng.uniform(-0.4, 0.4, FRAMES)
    stops[7] += 2.5
    order = batch.Order(settled(load(CHAIN), "jpeg"), device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        shot = [Job(Path(folder, f"A_{n:04d}.dng"), Path(), n) for n in range(FRAMES)]
        for job, ev in zip(shot, stops, strict=True):
            make(job.source, rows=ROWS, cols=COLS, seed=3, exposure_ev=float(ev), truth=False)
        strips = []
        for exposure in ("each", "smooth=9", "lock=11"):
            frames = [frame for _, frame in batch.frames(held(shot, order, exposure=exposure), order)]
            strip = np.hstack([frame.samples[:, 8:-8] for frame in frames if frame])
            # Half the size: four pixels are one.
            strips.append(strip.reshape(ROWS // 2, 2, -1, 2, 3).mean(axis=(1, 3)).astype(np.uint8))
    gap = np.full((4, strips[0].shape[1], 3), 255, np.uint8)
    Image.fromarray(np.vstack([strips[0], gap, strips[1], gap, strips[2]])).save(out, quality=75)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
