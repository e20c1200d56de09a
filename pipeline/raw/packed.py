"""Packed sensor dumps: MIPI RAW10 and RAW12, and 16-bit little endian, with padded rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np

from tenbit.kernels._facts import Array, CameraColour, Cfa, Facts, as_matrix
from tenbit.kernels._pass import Packing
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.raw.camera import PACKINGS, Camera, load_camera, row_bytes
from tenbit.pipeline.raw.plausible import roughness

# Sizes that sensors and Android report, for telling which ones fit a file: (cols, rows).
_COMMON = (
    (8192, 6144), (4096, 3072), (1456, 1088), (9248, 6936), (8000, 6000), (4640, 3472), (4624, 3472), (4608, 3456),
    (4608, 2592), (4080, 3072), (4056, 3040), (4032, 3024), (4000, 3000), (3840, 2160), (3280, 2464), (2592, 1944),
    (2304, 1296), (2028, 1520), (1920, 1080), (1640, 1232), (1296, 972), (1280, 720), (1024, 768), (768, 512),
    (640, 480),
)  # fmt: skip
_ALIGNMENTS = (1, 8, 16, 32, 64, 128, 256)
# Dumps read with the right layout have a roughness of 0.02 … 0.2, of the wrong packing 0.6 … 1.3, of the wrong width
# above 0.8 across rows only (see `plausible`; measured on four dumps). Dark, noisy pictures are rough both ways.
_ROUGH = 0.4
# Times the white level: a sample above that tells of a wrong packing or level.
_TOO_HIGH = 1.5
# Of packed samples only some are looked at: a window of so many at the centre, about so many rows, or blocks of rows
# until one is not dark.
_WINDOW, _FEW_ROWS, _BLOCK_ROWS = 1024, 256, 64


def read_packed(
    path: Path, *, camera: str | Path | Mapping[str, Any] | None, max_pixels: int, keep_packed: bool = False
) -> Frame:
    """A mosaic from a dump whose layout a camera file, a sidecar or options tell.

    Parameters
    ----------
    path : Path
    camera : str, Path, mapping or None
        See `load_camera`.
    max_pixels : int
    keep_packed : bool
        MIPI's packings stay as they are in the file.

    Returns
    -------
    Frame
        (rows, cols) uint16, or where it stays packed (rows, stride) uint8; with a warning when neighbouring samples
        differ as they do under a wrong layout.

    Raises
    ------
    ReadError
        If nothing tells the layout, or the file has not the size that the layout needs: then with the layouts that fit.
    """
    size = path.stat().st_size
    known = load_camera(camera, path)
    if known is None:
        raise ReadError(
            f"a sensor dump of {size} bytes that says nothing of itself: name a camera, or write rows, cols, packing, "
            f"cfa, black and white into {path.name}.json ({_fitting(size)})"
        )
    if known.rows * known.cols > max_pixels:
        raise ReadError(f"{known.cols} × {known.rows} pixels are more than the limit of {max_pixels}")
    _check_size(size, known)
    stored = _stored(path, known)
    packing = cast(Packing, known.packing) if keep_packed and known.packing in get_args(Packing) else None
    samples = stored if packing else _samples(stored, known)
    blocks = (_samples(stored[row : row + _BLOCK_ROWS], known) for row in range(0, known.rows, _BLOCK_ROWS))
    if not (any(block.any() for block in blocks) if packing else samples.any()):
        raise ReadError("all samples are zero")
    highest = _highest(stored, known) if packing else int(samples.max())
    warnings = _doubts(_centre(stored, known), highest, known)
    exif = Exif(make=known.make, model=known.model)
    return Frame(samples, _facts(known), exif, path, "packed", tuple(warnings), packing=packing)


def _check_size(size: int, camera: Camera) -> None:
    whole = camera.offset + camera.stride * camera.stored_rows
    # The last row's padding is often not written.
    least = camera.offset + camera.stride * (camera.stored_rows - 1) + camera.row_bytes
    if not least <= size <= whole:
        declared = f"{camera.cols} × {camera.stored_rows} {camera.packing} with rows of {camera.stride} bytes"
        raise ReadError(f"the file has {size} bytes, {declared} are {whole} bytes; {_fitting(size, camera)}")


def _fitting(size: int, camera: Camera | None = None) -> str:
    """The layouts whose size is exactly ``size``, the declared camera's first, as text."""
    found: dict[str, None] = {}
    packings = [camera.packing] if camera else list(PACKINGS)
    sizes = [(camera.cols, camera.rows), *_COMMON] if camera else list(_COMMON)
    if camera and (size - camera.offset) % camera.stride == 0:
        rows = (size - camera.offset) // camera.stride
        found[f"{camera.cols} × {rows} {camera.packing} stride {camera.stride}"] = None
    for packing in packings + [other for other in PACKINGS if other not in packings]:
        for cols, rows in sizes:
            least = row_bytes(cols, packing)
            for stride in dict.fromkeys(-(-least // step) * step for step in _ALIGNMENTS):
                if stride * rows == size:
                    found[f"{cols} × {rows} {packing} stride {stride}"] = None
    return f"that fits {', '.join(list(found)[:6])}" if found else "no common size fits"


def _stored(path: Path, camera: Camera) -> Array:
    """The rows of a dump as they are in the file, (rows, stride) uint8; padding that is not there is zeros."""
    stored = np.empty((camera.rows, camera.stride), np.uint8)
    with path.open("rb") as stream:
        stream.seek(camera.offset)
        count = stream.readinto(stored.reshape(-1).data)
    stored.reshape(-1)[count:] = 0
    return stored


def _samples(stored: Array, camera: Camera, left: int = 0, right: int | None = None) -> Array:
    """Samples (rows, right - left) uint16 of stored rows; ``left`` is a multiple of 4, the longest group."""
    right = camera.cols if right is None else min(right, camera.cols)
    packed = stored[:, row_bytes(left, camera.packing) : row_bytes(right, camera.packing)]
    samples = {"raw10": unpack_raw10, "raw12": unpack_raw12, "u16": unpack_u16}[camera.packing](packed)
    return np.ascontiguousarray(samples[:, : right - left])


def _centre(stored: Array, camera: Camera) -> Array:
    """Samples of a window in the middle that begins with a whole group and a whole period of any CFA."""
    top, left = (max(0, (size - _WINDOW) // 2) // 4 * 4 for size in (camera.rows, camera.cols))
    return _samples(stored[top : top + _WINDOW], camera, left, left + _WINDOW)


def _highest(stored: Array, camera: Camera) -> int:
    """The largest sample of some rows, of all phases of a CFA; 0 where a packing cannot hold one that is in doubt."""
    if camera.white * _TOO_HIGH >= 2 ** PACKINGS[camera.packing] - 1:
        return 0
    return int(_samples(stored[:: max(1, camera.rows // _FEW_ROWS) | 1], camera).max())


def unpack_raw10(packed: Array) -> Array:
    """Samples of MIPI RAW10 rows.

    Parameters
    ----------
    packed : array
        (rows, 5 n) uint8.

    Returns
    -------
    array
        (rows, 4 n) uint16, 0 … 1023.

    Notes
    -----
    MIPI CSI-2, "RAW10"; V4L2 ``pRAA``: bytes 0 … 3 are bits 9 … 2 of four pixels, byte 4 holds their low bits, pixel 0
    in bits 1 … 0.
    """
    groups = packed.reshape(packed.shape[0], -1, 5)
    samples = groups[..., :4].astype(np.uint16) << 2
    samples |= (groups[..., 4:] >> np.array([0, 2, 4, 6], np.uint8)) & 3
    return samples.reshape(packed.shape[0], -1)


def unpack_raw12(packed: Array) -> Array:
    """Samples of MIPI RAW12 rows: (rows, 3 n) uint8 to (rows, 2 n) uint16, 0 … 4095.

    MIPI CSI-2, "RAW12": bytes 0 and 1 are bits 11 … 4 of two pixels, byte 2 holds their low bits, pixel 0 in bits
    3 … 0.
    """
    groups = packed.reshape(packed.shape[0], -1, 3)
    samples = groups[..., :2].astype(np.uint16) << 4
    samples |= (groups[..., 2:] >> np.array([0, 4], np.uint8)) & 15
    return samples.reshape(packed.shape[0], -1)


def unpack_u16(packed: Array) -> Array:
    """Samples of 16-bit little-endian rows: (rows, 2 n) uint8 to (rows, n) uint16."""
    return np.ascontiguousarray(packed).view("<u2").astype(np.uint16)


def _doubts(centre: Array, highest: int, camera: Camera) -> list[str]:
    """Lines about a layout that looks wrong."""
    doubts = []
    across_cols, across_rows = roughness(centre, Cfa(camera.cfa).period)
    if max(across_cols, across_rows) > _ROUGH:
        figures = f"roughness {across_cols:.2f} along rows, {across_rows:.2f} along columns, usually below 0.3"
        guess = "the width or stride" if across_rows > 2 * across_cols else "the packing"
        doubts.append(f"neighbouring samples differ like noise ({figures}): {guess} may be wrong")
    if highest > camera.white * _TOO_HIGH:
        doubts.append(f"the largest sample is {highest}, far above the white level {camera.white:g}")
    return doubts


def _facts(camera: Camera) -> Facts:
    cfa = Cfa(camera.cfa)
    sites = cfa.period**2
    matrix = None if camera.color_matrix is None else as_matrix(camera.color_matrix)
    return Facts(
        state="mosaic",
        rows=camera.rows,
        cols=camera.cols,
        cfa=cfa,
        black=camera.black if isinstance(camera.black, tuple) else (camera.black,) * sites,
        white=(camera.white,) * sites,
        neutral=camera.neutral,
        colour=CameraColour(color_matrix1=matrix, illuminant1=camera.illuminant if matrix else 0),
        orientation=camera.orientation,
        noise=camera.noise,
        defects=None if camera.defects is None else np.array(camera.defects, np.int64).reshape(-1, 2),
        optical_centre=((camera.rows - 1) / 2, (camera.cols - 1) / 2),
        pixel_mm=None if camera.pixel_um is None else camera.pixel_um / 1000,
    )
