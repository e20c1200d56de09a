"""Everything else that LibRaw knows, through rawpy; what it opens into zeros or garbage is refused."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array, CameraColour, Cfa, Facts, Triple, as_matrix
from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.raw import ciff
from tenbit.pipeline.raw.covered import Covered, Rectangle, covered_black
from tenbit.pipeline.raw.dng_tags import read_exif
from tenbit.pipeline.raw.plausible import not_square, roughness
from tenbit.pipeline.raw.tiff import CLASSIC, Tiff

# Compressed raw files of the collection take 1.6 … 8 bits per pixel; an RW2 whose pixels were stripped leaves 0.01.
_LEAST_BITS_PER_PIXEL = 0.3
# A stripped RW2 is 99.8 % zeros; the darkest camera file of the collection has 9 % (a KDC).
_MOST_ZEROS = 0.99
# Roughness (see `plausible`) of camera files is 0.04 … 0.13; noise spread over a tenth of the range is no picture.
_ROUGHEST, _WIDE_SPREAD = 0.8, 0.1
# LibRaw does not tell which margins are covered. Two pixels beside the picture see some light; what is left is black
# when it lies by the black level, and together: real ones are 0.001 of the range off and spread over 0.004 of it.
_LIT_EDGE, _MOST_OFF, _MOST_SPREAD = 2, 0.02, 0.03
# None, CCITT, LZW, deflate, PackBits. A JPEG beside the mosaic may be as large as it is: that is a preview.
_ORDINARY_CODINGS = (1, 2, 3, 4, 5, 8, 32773, 32946)
# LibRaw's flip: 0, 3 = 180°, 5 = 90° anticlockwise, 6 = 90° clockwise.
_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}
_CUT_OFF = ("Unexpected end of file", "Premature end of JPEG")
# How LibRaw's and libjpeg's own lines begin, a file's name before them or not.
_CHATTER = (*_CUT_OFF, "data corrupted", "Corrupt ", "Invalid ", "Bogus ", "Unsupported ", "Unknown ", "Inconsistent ")
_stderr_lock = threading.Lock()


def read_libraw(path: Path, *, max_pixels: int) -> Frame:
    """A frame from any file that LibRaw decodes to a Bayer mosaic or to three planes.

    Parameters
    ----------
    path : Path
    max_pixels : int
        Larger pictures are refused before they are decoded.

    Returns
    -------
    Frame
        The visible area; EXIF from the file's own TIFF directories where it has them, else what LibRaw reports.

    Raises
    ------
    ReadError
        If LibRaw does not know the file, it is cut off, or it opens into zeros or garbage.
    UnsupportedError
        For X-Trans, Foveon and four-colour sensors.
    """
    import rawpy

    with path.open("rb") as stream:
        if stream.read(4) == b"FOVb":
            raise UnsupportedError("a Foveon (X3F) file: only Bayer and quad-Bayer mosaics are developed")
    own_exif, ordinary = _own_facts(path)
    chatter: list[str] = []
    with rawpy.RawPy() as raw:
        try:
            with _quiet(chatter):
                raw.open_file(str(path))
                _check_size(raw.sizes, path.stat().st_size, max_pixels, ordinary)
                raw.unpack()
        except rawpy.LibRawError as fault:
            text = fault.args[0].decode() if fault.args and isinstance(fault.args[0], bytes) else str(fault)
            raise ReadError(f"not a raw file that LibRaw can read ({text.lower()})") from None
        except (MemoryError, ValueError) as fault:
            raise ReadError(f"LibRaw cannot read it ({fault})") from None
        if any(phrase in line for phrase in _CUT_OFF for line in chatter):
            raise ReadError("the file is cut off: LibRaw reached its end while decoding")
        return _frame(raw, path, own_exif, [f"LibRaw: {line}" for line in chatter])


def _own_facts(path: Path) -> tuple[Exif | None, frozenset[tuple[int, int]]]:
    """EXIF of a TIFF-based, CRW or RAF file, and the sizes of its ordinary (RGB, grey, YCbCr) pictures.

    Raises
    ------
    ReadError
        For a TIFF that names no camera: LibRaw would read a plain 16-bit TIFF as a mosaic.
    """
    with path.open("rb") as stream:
        head = stream.read(60)
        if head[6:14] == ciff.SIGNATURE:
            return ciff.read_ciff_exif(head + stream.read()), frozenset()
        if head.startswith(b"FUJIFILMCCD-RAW "):
            return Exif(make="FUJIFILM", model=head[28:60].split(b"\0")[0].decode("ascii", "replace")), frozenset()
        try:
            tiff = Tiff(stream)
            exif = read_exif(tiff)
        except ReadError:
            return None, frozenset()
        # A camera's own container (ORF, RW2: another magic) may call its mosaic grey.
        photometrics = (0, 1, 2, 3, 5, 6, 8) if tiff.magic == CLASSIC else (2, 3, 5, 6, 8)
        ordinary = set()
        for directory in tiff.directories:
            with contextlib.suppress(ReadError):
                if directory.integer(262, -1) in photometrics and directory.integer(259, 1) in _ORDINARY_CODINGS:
                    ordinary.add((directory.integer(257, 0), directory.integer(256, 0)))
        if tiff.magic == CLASSIC and exif.make is None and exif.model is None:
            raise ReadError("an ordinary TIFF picture: it is no DNG and names no camera")
        return exif, frozenset(ordinary)


def _check_size(sizes: Any, file_bytes: int, max_pixels: int, ordinary: frozenset[tuple[int, int]]) -> None:
    rows, cols = int(sizes.raw_height), int(sizes.raw_width)
    if rows < 2 or cols < 2:
        raise ReadError(f"a raw picture of {cols} × {rows} pixels")
    if rows * cols > max_pixels:
        raise ReadError(f"{cols} × {rows} pixels are more than the limit of {max_pixels}")
    if file_bytes * 8 < _LEAST_BITS_PER_PIXEL * rows * cols:
        raise ReadError(f"{file_bytes} bytes cannot hold {cols} × {rows} pixels: the picture was stripped or cut off")
    if (rows, cols) in ordinary:
        raise ReadError("an ordinary TIFF picture, not sensor data")


@contextlib.contextmanager
def _quiet(lines: list[str]) -> Iterator[None]:
    """Keep what LibRaw writes to the process's stderr out of the user's sight, and hand it to the caller.

    rawpy 0.28 leaves LibRaw's own data-error callback in place, which writes to file descriptor 2. What other threads
    write meanwhile is passed on afterwards.
    """
    with _stderr_lock, tempfile.TemporaryFile() as sink:
        sys.stderr.flush()
        kept = os.dup(2)
        try:
            os.dup2(sink.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            sink.seek(0)
            for line in sink.read().splitlines(keepends=True):
                text = line.decode("utf-8", "replace").strip()
                if any(phrase in text for phrase in _CHATTER):
                    lines.append(text.rsplit(": ", 1)[-1])
                else:
                    os.write(kept, line)
            os.close(kept)


def _frame(raw: Any, path: Path, own_exif: Exif | None, warnings: list[str]) -> Frame:
    samples = np.array(raw.raw_image_visible)
    letters = raw.color_desc.decode("ascii", "replace")
    if samples.ndim == 3:
        if letters[:3] != "RGB" or raw.num_colors != 3:
            raise UnsupportedError(f"a picture of the colours {letters}, not red, green and blue")
        cfa, sites, samples = None, [0, 1, 2], np.ascontiguousarray(samples[..., :3])
    else:
        cfa, sites = _cfa(raw, letters)
    black, white = _levels(raw, sites)
    _check_plausible(samples, cfa, max(white) - min(black))
    if (aspect := raw.sizes.pixel_aspect) not in (0.0, 1.0):
        high, wide = samples.shape[0] / min(aspect, 1.0), samples.shape[1] * max(aspect, 1.0)
        warnings.append(not_square(round(high), round(wide)))
    matrix = np.asarray(raw.rgb_xyz_matrix)[:3]
    colour = CameraColour(color_matrix1=as_matrix(matrix), illuminant1=21) if matrix.any() else CameraColour()
    rows, cols = samples.shape[:2]
    covered = _covered(raw, cfa, black, white, shape=(rows, cols)) if cfa else None
    facts = Facts(
        state="mosaic" if cfa else "linear",
        rows=rows,
        cols=cols,
        cfa=cfa,
        black=black,
        white=white,
        masked_black=covered.black if covered else None,
        masked_rows=covered.rows if covered else None,
        neutral=_neutral(raw.camera_whitebalance),
        colour=colour,
        crop=_crop(raw.sizes, rows, cols),
        orientation=_ORIENTATIONS.get(int(raw.sizes.flip), 1),
        optical_centre=((rows - 1) / 2, (cols - 1) / 2),
    )
    return Frame(samples, facts, _exif(raw, own_exif), path, "libraw", tuple(dict.fromkeys(warnings)))


def _cfa(raw: Any, letters: str) -> tuple[Cfa, list[int]]:
    """The pattern of the visible area and LibRaw's channel number of each site of one period."""
    pattern = raw.raw_pattern
    if pattern is None:
        raise UnsupportedError("a sensor without a colour filter array")
    if pattern.shape != (2, 2):
        kind = "an X-Trans CFA" if pattern.shape == (6, 6) else f"a CFA of {pattern.shape[0]} × {pattern.shape[1]}"
        raise UnsupportedError(f"{kind}: only Bayer and quad-Bayer are developed")
    sites = [int(site) for site in pattern.reshape(-1)]
    name = "".join(letters[site] for site in sites)
    try:
        return Cfa(name), sites
    except ValueError:
        raise UnsupportedError(f"a CFA of the colours {name}: only Bayer and quad-Bayer are developed") from None


def _levels(raw: Any, sites: list[int]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    blacks, whites, most = list(raw.black_level_per_channel), raw.camera_white_level_per_channel, raw.white_level
    # The camera's own saturation levels, unless they are of another scale than the samples.
    is_usable = whites is not None and all(most / 2 <= level <= most for level in whites)
    white = [float(level) for level in whites] if is_usable else [float(most)] * 4
    black = tuple(float(blacks[site]) for site in sites)
    if any(white[site] <= blacks[site] for site in sites):
        raise ReadError(f"white level {white} is not above black level {blacks}")
    return black, tuple(white[site] for site in sites)


def _covered(
    raw: Any, cfa: Cfa, black: tuple[float, ...], white: tuple[float, ...], *, shape: tuple[int, int]
) -> Covered | None:
    """Black of the margins around the visible area of a shape, as far as what they hold is black."""
    stored = raw.raw_image
    top, left = int(raw.sizes.top_margin), int(raw.sizes.left_margin)
    bottom, right = top + shape[0], left + shape[1]
    rows, cols = stored.shape
    edge = _LIT_EDGE
    areas = [(0, 0, top - edge, cols), (bottom + edge, 0, rows, cols)]
    areas += [(top, 0, bottom, left - edge), (top, right + edge, bottom, cols)]
    level, span = sum(black) / len(black), max(white) - min(black)

    def is_black(area: Rectangle) -> bool:
        if area[2] <= area[0] or area[3] <= area[1]:
            return False
        low, middle, high = np.percentile(stored[area[0] : area[2], area[1] : area[3]], (1, 50, 99))
        return bool(abs(middle - level) < _MOST_OFF * span and high - low < _MOST_SPREAD * span)

    found = [area for area in areas if is_black(area)]
    return covered_black(stored, found, (top, left, bottom, right), cfa) if found else None


def _check_plausible(samples: Array, cfa: Cfa | None, span: float) -> None:
    zeros = 1 - np.count_nonzero(samples) / samples.size
    if zeros > _MOST_ZEROS or samples.min() == samples.max():
        raise ReadError(f"LibRaw opens it into nothing: {zeros:.1%} of the samples are zero, the picture was stripped")
    if cfa is None:
        return
    rough = roughness(samples, cfa.period)
    if max(rough) > _ROUGHEST and samples.std() > _WIDE_SPREAD * span:
        raise ReadError(f"LibRaw opens it into noise (roughness {max(rough):.2f}; pictures have less than 0.3)")


def _neutral(multipliers: list[float]) -> Triple | None:
    """AsShotNeutral from LibRaw's as-shot multipliers, green at 1; None without white balance."""
    red, green, blue = (float(value) for value in multipliers[:3])
    second_green = float(multipliers[3])
    if min(red, green, blue) <= 0:
        return None
    green = (green + second_green) / 2 if second_green > 0 else green
    return (green / red, 1.0, green / blue)


def _crop(sizes: Any, rows: int, cols: int) -> tuple[int, int, int, int] | None:
    """The maker's crop inside the visible area; None when LibRaw knows none."""
    top, left = int(sizes.crop_top_margin) - int(sizes.top_margin), int(sizes.crop_left_margin) - int(sizes.left_margin)
    high, wide = int(sizes.crop_height), int(sizes.crop_width)
    if high <= 0 or wide <= 0 or top < 0 or left < 0 or top + high > rows or left + wide > cols:
        return None
    return (top, left, high, wide)


def _exif(raw: Any, own_exif: Exif | None) -> Exif:
    """The file's own EXIF, completed by what LibRaw found in maker notes and other containers."""
    other, lens = raw.other, raw.lens
    taken = other.timestamp
    found: dict[str, Any] = {
        "exposure_s": other.shutter_speed if other.shutter_speed > 0 else None,
        "f_number": round(other.aperture, 2) if other.aperture > 0 else None,
        "iso": round(other.iso_speed) if other.iso_speed > 0 else None,
        "focal_mm": round(other.focal_length, 3) if other.focal_length > 0 else None,
        "lens_model": lens.model or None,
        "lens_make": lens.make or None,
        "artist": other.artist or None,
        "taken": f"{taken:%Y:%m:%d %H:%M:%S}" if taken is not None and taken.year > 1970 else None,
    }
    exif = own_exif or Exif()
    return replace(exif, **{name: value for name, value in found.items() if getattr(exif, name) is None})
