"""Fit the directional filters of quad-Bayer interpolation: prints the numbers of ``kernels/quad_bayer/taps.py``.

    python benchmarks/fit_quad.py PHOTO.CRW ...

The photographs are developed, made a third as large (so that they are sharp, and free of what their own mosaic did)
and encoded as sRGB. A line of a quad-Bayer mosaic is two samples of red or blue, two of green, and so on: for each of
the four places in it the filter is found that comes closest, in the least-squares sense, to green less the other colour
at its middle. On green its taps sum to 1, on the other colour to -1: a flat colour is met exactly. A line read
backwards is a line again, so two filters are enough; rows and columns of all files, red and blue, share them.

The numbers of ``taps.py`` come from the four Canon raws of github.com/drewnoakes/digicam_corpus (CC0).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import tenbit
from tenbit.kernels._spaces import encode

REACH = 7
SHRINK = 3
OFFSETS = np.arange(-REACH, REACH + 1)
# Of the trace of the normal equations: keeps taps that hardly matter small.
DAMPING = 1e-7
CHAIN = [
    "black_level",
    "white_balance",
    {"demosaic": {"method": "malvar"}},
    {"colour": {"space": "srgb"}},
    {"crop": {"to": "file"}},
]
Plane = NDArray[np.float64]


def sharp(path: Path) -> Plane:
    """A photograph a third as large, sRGB code values of 0 … 1, (rows, cols, 3)."""
    light = tenbit.run(tenbit.read(path), CHAIN, device="cpu").samples.astype(np.float64)
    rows, cols = (size // SHRINK for size in light.shape[:2])
    light = light[: rows * SHRINK, : cols * SHRINK].reshape(rows, SHRINK, cols, SHRINK, 3).mean(axis=(1, 3))
    return np.asarray(encode("srgb", np.clip(light / np.percentile(light, 99), 0, 1)))


def is_green(phase: int) -> NDArray[np.bool_]:
    """Which samples around one at ``phase`` of colour, colour, green, green are green."""
    return (phase + OFFSETS) % 4 >= 2


def equations(photos: Sequence[Plane], phase: int) -> tuple[Plane, Plane]:
    """Normal equations of one filter; what the two nearest samples weigh follows from the sums of the taps."""
    green, (one, other) = is_green(phase), nearest(phase)
    left, right = np.zeros((2 * REACH - 1,) * 2), np.zeros(2 * REACH - 1)
    for photo in photos:
        for lines in (photo, photo.transpose(1, 0, 2)):
            for colour in (0, 2):
                planes = {True: lines[..., 1], False: lines[..., colour]}

                def at(is_of_green: bool, offset: int, planes: dict[bool, Plane] = planes) -> Plane:
                    plane = planes[is_of_green]
                    return plane[:, REACH + offset : plane.shape[1] - REACH + offset].ravel()

                wanted = (at(True, 0) - at(False, 0)) - (at(True, one) - at(False, other))
                taken = [
                    at(bool(g), o) - at(bool(g), one if g else other)
                    for o, g in zip(OFFSETS, green, strict=True)
                    if o not in (one, other)
                ]
                matrix = np.stack(taken)
                left += matrix @ matrix.T / wanted.size
                right += matrix @ wanted / wanted.size
    return left, right


def nearest(phase: int) -> tuple[int, int]:
    """Offsets of the green sample and of the other one that are nearest."""
    green = is_green(phase)
    return tuple(int(min(OFFSETS[mask], key=abs)) for mask in (green, ~green))


def taps(photos: Sequence[Plane], phase: int) -> Plane:
    """The filter for one place of a line, (15,), five decimals, with exact sums."""
    left, right = equations(photos, phase)
    found = np.linalg.solve(left + DAMPING * np.trace(left) / len(left) * np.eye(len(left)), right)
    one, other = nearest(phase)
    out = np.zeros(len(OFFSETS))
    out[[o not in (one, other) for o in OFFSETS]] = np.round(found, 5)
    green = is_green(phase)
    out[REACH + one] = 1 - out[green].sum()
    out[REACH + other] = -1 - out[~green].sum()
    return np.round(out, 5)


def main(paths: Sequence[str]) -> None:
    photos = [sharp(Path(path)) for path in paths]
    for name, phase in (("AT_COLOUR", 0), ("AT_GREEN", 2)):
        sys.stdout.write(f"{name} = ({', '.join(f'{tap:.5f}' for tap in taps(photos, phase))})\n")


if __name__ == "__main__":
    main(sys.argv[1:])
