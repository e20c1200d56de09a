"""JPEG streams inside raw files: the header is read and checked before a decoder sees the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import ReadError, UnsupportedError

LOSSLESS = 3
_SOF = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_SOS, _EOI = 0xDA, 0xD9


@dataclass(frozen=True)
class JpegHeader:
    """What a JPEG stream says of itself before its data.

    Parameters
    ----------
    process : int
        Number of its start-of-frame marker: 0 baseline, 1 extended, 2 progressive, 3 lossless.
    precision : int
        Bits per sample.
    rows, cols, components : int
    is_subsampled : bool
        A component has fewer samples than another.
    predictor : int
        Of a lossless stream, 1 … 7.
    """

    process: int
    precision: int
    rows: int
    cols: int
    components: int
    is_subsampled: bool
    predictor: int

    @property
    def samples(self) -> int:
        return self.rows * self.cols * self.components


def read_header(data: bytes, what: str) -> JpegHeader:
    """The header of the JPEG stream ``data``.

    Parameters
    ----------
    data : bytes
    what : str
        Where the stream is, for messages (``tile 3``).

    Raises
    ------
    ReadError
        If there is no frame header before the data, or it contradicts itself.
    """
    if data[:2] != b"\xff\xd8":
        raise ReadError(f"{what}: no JPEG data (it begins with {data[:2].hex(' ') or 'nothing'})")
    at, frame = 2, None
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ReadError(f"{what}: broken JPEG header at byte {at}")
        marker = data[at + 1]
        if marker in (0xFF, 0x01):
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _EOI:
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if length < 2 or len(body) != length - 2:
            break
        if marker in _SOF:
            if len(body) < 6 or len(body) < 6 + 3 * body[5]:
                break
            frame = (marker - 0xC0, body)
        elif marker == _SOS:
            if frame is None or len(body) < 4 or len(body) < 4 + 2 * body[0]:
                break
            return _header(*frame, predictor=body[1 + 2 * body[0]], what=what)
        at += 2 + length
    raise ReadError(f"{what}: the JPEG header is broken or ends early")


def _header(process: int, body: bytes, *, predictor: int, what: str) -> JpegHeader:
    precision, components = body[0], body[5]
    rows, cols = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    if not (rows and cols and 1 <= components <= 4):
        raise ReadError(f"{what}: a JPEG of {rows} × {cols} samples and {components} components")
    factors = {body[7 + 3 * i] for i in range(components)}
    if process == LOSSLESS and not (2 <= precision <= 16 and 1 <= predictor <= 7):
        raise ReadError(f"{what}: a lossless JPEG of {precision} bits and predictor {predictor}")
    return JpegHeader(process, precision, rows, cols, components, len(factors) > 1, predictor)


def decode_lossless(data: bytes, header: JpegHeader, what: str) -> Array:
    """Samples of a lossless JPEG stream (ITU-T T.81, annex H), one row after the other.

    Returns
    -------
    array
        (rows · cols · components,), uint8 or uint16, components interleaved: a raw file folds its rows into the
        stream's shape as it likes (2 components of half the width, or two rows in one).

    Raises
    ------
    ReadError
        If the stream is too short for its size, or broken.

    Notes
    -----
    libjpeg-turbo, not liblj92: of 4000 streams with random bytes changed, liblj92 (in imagecodecs 2026.3.6) brought
    the process down, libjpeg-turbo 3.1 refused or decoded all of them.
    """
    # Every Huffman code has at least one bit: fewer bits than samples cannot be a whole stream.
    if len(data) * 8 < header.samples:
        raise ReadError(f"{what}: {len(data)} bytes are too few for {header.samples} samples")
    if header.is_subsampled:
        raise UnsupportedError(f"{what}: a lossless JPEG with subsampled components")
    space = "rgb" if header.components == 3 else "unknown"
    return _decode(data, header, space, what).reshape(-1)


def decode_lossy(data: bytes, header: JpegHeader, what: str) -> Array:
    """Samples of a baseline or progressive 8-bit JPEG, (rows, cols, components) uint8, three components as RGB.

    Raises
    ------
    ReadError
        If the stream is broken.
    """
    # Even an empty block of 8 × 8 samples takes two bits, and colour may be sampled at a quarter.
    if len(data) * 8 * 32 * 4 < header.samples:
        raise ReadError(f"{what}: {len(data)} bytes are too few for {header.samples} samples")
    return _decode(data, header, None, what).reshape(header.rows, header.cols, header.components)


def _decode(data: bytes, header: JpegHeader, space: str | None, what: str) -> Array:
    import imagecodecs

    try:
        samples = np.asarray(imagecodecs.jpeg8_decode(data, colorspace=space, outcolorspace=space))
    except (imagecodecs.Jpeg8Error, ValueError, MemoryError) as fault:
        raise ReadError(f"{what}: broken JPEG data ({fault})") from None
    if samples.size != header.samples:
        raise ReadError(f"{what}: the JPEG data has {samples.size} samples, its header says {header.samples}")
    return samples
