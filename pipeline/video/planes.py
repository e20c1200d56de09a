"""16-bit RGB to the planes of a codec, and the numbers that say which colours they are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from tenbit.kernels._facts import Array

_BAND_ROWS = 32  # rows converted at a time: their float32 stays in the cache (3840 × 2160: 41 ms on one core)
_PEAK = 65535
RGB_MATRIX, LIMITED, FULL = 0, 1, 2
"""Of H.273: the "matrix" of RGB itself. FFmpeg's: code values of 64 … 940 (luma, 10 bits), or all of them."""


class Colours(NamedTuple):
    """What a video says of its colours, as H.273 numbers it; and the weights of red and blue in luma."""

    primaries: int
    transfer: int
    matrix: int
    red: float
    blue: float


# 13 is IEC 61966-2-1, sRGB's own curve. Rec. 2020 is 9-1-9: its curve is BT.709's (H.273 has 14 for it too, which is
# the same and which neither ProRes nor Apple's players know).
COLOURS: Mapping[str, Colours] = MappingProxyType(
    {
        "srgb": Colours(1, 13, 1, 0.2126, 0.0722),
        "display-p3": Colours(12, 13, 1, 0.2126, 0.0722),
        "rec2020": Colours(9, 1, 9, 0.2627, 0.0593),
    }
)
"""By the chain's space; others carry no curve and are no video's."""


def fill(frame: Any, samples: Array, colours: Colours) -> None:
    """Write a picture into a video frame: 10-bit YCbCr of limited range, or RGB as it is.

    Done here because FFmpeg's swscale is up to 3.9 code values of 10 bits off on random patches of 16 bits, accurate
    rounding asked for or not (9.5); this is within half a code, in the same time.

    Parameters
    ----------
    frame : av.VideoFrame
        Of ``gbrp16le``, ``yuv422p10le`` or ``yuv420p10le``, as large as the picture.
    samples : array
        (rows, cols, 3), uint16, encoded for its space; even rows and cols where chroma is halved.
    colours : Colours

    Notes
    -----
    ITU-R BT.709 and BT.2020, table 4 (non-constant luminance). Chroma lies on every second column (H.273's location 0),
    so it is filtered by 1-2-1 across columns; between the rows of a pair for 4:2:0, so they are averaged.
    """
    planes = [_writable(plane) for plane in frame.planes]
    if frame.format.name.startswith("gbr"):
        for plane, channel in zip(planes, (1, 2, 0), strict=True):
            plane[:] = samples[..., channel]
        return
    matrix, offsets = ycc_of(colours)
    rows, cols, _ = samples.shape
    row_step = rows // len(planes[1])
    for top in range(0, rows, _BAND_ROWS):
        band = samples[top : top + _BAND_ROWS]
        # Rounded half up: the store cuts the fraction off.
        luma, *chromas = (matrix @ band.reshape(-1, 3).T.astype(np.float32)).reshape(3, len(band), cols)
        luma += offsets[0]
        np.copyto(planes[0][top : top + len(band)], luma, casting="unsafe")
        for plane, chroma, offset in zip(planes[1:], chromas, offsets[1:], strict=True):
            halved = _halved(chroma, row_step)
            halved += offset
            first = top // row_step
            np.copyto(plane[first : first + len(halved)], halved, casting="unsafe")


def ycc_of(colours: Colours) -> tuple[Array, Array]:
    """16-bit RGB to 10-bit Y, Cb, Cr: (3, 3) and what is added, (3,), with the half that rounds."""
    luma = np.array([colours.red, 1.0 - colours.red - colours.blue, colours.blue])
    blue = (np.array([0.0, 0.0, 1.0]) - luma) / (2.0 * (1.0 - colours.blue))
    red = (np.array([1.0, 0.0, 0.0]) - luma) / (2.0 * (1.0 - colours.red))
    matrix = np.array([876.0 * luma, 896.0 * blue, 896.0 * red]) / _PEAK
    return matrix.astype(np.float32), np.array([64.5, 512.5, 512.5], np.float32)


def _halved(chroma: Array, row_step: int) -> Array:
    """Every second column, of 1-2-1; with a step of 2 the mean of each pair of rows."""
    if row_step == 2:
        chroma = np.float32(0.5) * (chroma[::2] + chroma[1::2])
    halved = np.float32(0.5) * chroma[:, ::2]
    sides = np.float32(0.25) * chroma[:, 1::2]
    halved += sides
    halved[:, 1:] += sides[:, :-1]
    halved[:, 0] += np.float32(0.25) * chroma[:, 0]
    return halved


def _writable(plane: Any) -> Array:
    """A plane's samples, (rows, cols) of uint16, without what pads its rows."""
    found: Array = np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[:, : plane.width]
    return found
