"""DNG files, read straight: a Frame from the main picture and everything that its tags say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tenbit.kernels._facts import Array, Cfa, Facts, Opcode
from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.raw.covered import Rectangle
from tenbit.pipeline.raw.dng_tags import Tags, read_colour, read_corrections, read_exif, read_neutral, read_noise
from tenbit.pipeline.raw.layout import Layout, read_layout
from tenbit.pipeline.raw.levels import Levels, read_levels, subtract_pattern
from tenbit.pipeline.raw.opcode_places import linearization, placed, waits_for_list_1
from tenbit.pipeline.raw.opcodes import apply_map_polynomials, read_opcodes
from tenbit.pipeline.raw.plausible import not_square
from tenbit.pipeline.raw.segments import read_samples
from tenbit.pipeline.raw.tiff import Directory, Tiff

DNG_VERSION = 50706
_CFA, _LINEAR_RAW = 32803, 34892
_OPCODE_LISTS = {51008: 1, 51009: 2, 51022: 3}


def is_dng(tiff: Tiff) -> bool:
    """Whether a TIFF says that it is a DNG."""
    return any(DNG_VERSION in directory for directory in tiff.directories)


def read_dng(path: Path, *, max_pixels: int) -> Frame:
    """The main picture of a DNG, cut to its active area.

    Parameters
    ----------
    path : Path
    max_pixels : int
        Larger pictures are refused before anything is allocated.

    Returns
    -------
    Frame
        ``mosaic`` for a CFA; ``linear`` for three planes, for which the MapPolynomial opcodes that open list 2 have
        been applied (they belong to the coding of lossy DNGs) and are no longer in ``facts.opcodes``. All other opcodes
        are kept, parsed and not applied, their places in pixels of the frame. The LinearizationTable has been applied,
        unless opcode list 1 has to look at the stored codes first: then it is that list's last entry.

    Raises
    ------
    ReadError
        If the file is broken or cut off.
    UnsupportedError
        For X-Trans, VC-5, JPEG XL, lossy mosaics, monochrome and four-colour pictures.
    """
    with path.open("rb") as stream:
        tiff = Tiff(stream)
        picture = _main_picture(tiff)
        layout = read_layout(picture, max_pixels)
        cfa = _read_cfa(picture, layout)
        table = picture.array(50712)
        codes = read_samples(picture, layout)
        stored = _linearised(codes, table)
        if not np.any(stored):
            raise ReadError("all samples are zero: the file holds no picture")
        active = _active_area(picture, layout)
        if cfa and min(active[2] - active[0], active[3] - active[1]) < cfa.period:
            raise ReadError(f"an active area of {active[3] - active[1]} × {active[2] - active[0]} pixels is no mosaic")
        levels = read_levels(picture, stored, active, cfa=cfa, bits=layout.bits, table=table)
        opcodes = read_opcodes({number: picture.raw(code) for code, number in _OPCODE_LISTS.items()})
        is_float = codes.dtype.kind == "f"
        opcodes = placed(opcodes, active, (layout.rows, layout.cols), is_mosaic=cfa is not None, is_float=is_float)
        if cfa and stored is not codes and table is not None and waits_for_list_1(opcodes):
            last = sum(opcode.list == 1 for opcode in opcodes)
            waiting = linearization(table, active[2] - active[0], active[3] - active[1])
            stored, opcodes = codes, (*opcodes[:last], waiting, *opcodes[last:])
        warnings = [] if levels.warning is None else [levels.warning]
        samples = np.ascontiguousarray(stored[active[0] : active[2], active[1] : active[3]])
        samples, levels, opcodes = _coded_by_polynomials(samples, levels, opcodes, cfa=cfa, warnings=warnings)
        if samples.dtype == np.float32 and not np.isfinite(samples).all():
            count = np.count_nonzero(~np.isfinite(samples))
            warnings.append(f"{count} samples are not finite: infinite ones are taken as white, others as 0")
            samples = np.nan_to_num(samples, nan=0.0, posinf=max(levels.white), neginf=0.0)
        facts = _read_facts(tiff, picture, samples, levels, cfa=cfa, opcodes=opcodes, warnings=warnings)
        return Frame(samples, facts, read_exif(tiff), path, "dng", tuple(warnings))


def _main_picture(tiff: Tiff) -> Directory:
    found = []
    for directory in tiff.directories:
        photometric, kind = directory.integer(262, -1), directory.integer(254, 0)
        if photometric in (_CFA, _LINEAR_RAW):
            if kind == 0:
                return directory
            found.append(f"{directory.name} of NewSubfileType {kind}")
    if tiff.problem:
        raise ReadError(f"no main raw picture before this DNG breaks off: {tiff.problem}")
    raise ReadError(f"no main raw picture in this DNG (found: {', '.join(found) or 'no raw picture at all'})")


@dataclass(frozen=True)
class _Pattern:
    rows: int
    cols: int
    colours: tuple[int, ...]

    def at(self, row: int, col: int) -> int:
        return self.colours[row % self.rows * self.cols + col % self.cols]


def _read_cfa(picture: Directory, layout: Layout) -> Cfa | None:
    """The pattern from the active area's first pixel (where DNG begins it); None for three planes.

    Raises
    ------
    UnsupportedError
        For every pattern but Bayer and quad-Bayer.
    """
    if picture.integer(262, -1) == _LINEAR_RAW:
        if layout.planes == 1:
            raise UnsupportedError("a monochrome DNG (one plane without a CFA)")
        return None
    if layout.planes != 1:
        raise UnsupportedError(f"a CFA picture of {layout.planes} samples per pixel")
    if picture.integer(50711, 1) != 1:
        raise UnsupportedError(f"CFALayout {picture.integer(50711, 1)}: the pixels are not on a rectangular grid")
    size, codes, planes = picture.array(33421), picture.array(33422), picture.array(50710)
    if size is None or codes is None or len(size) != 2 or not len(codes) or len(codes) != int(size[0]) * int(size[1]):
        raise ReadError("CFARepeatPatternDim and CFAPattern are missing or disagree")
    if (planes is not None and planes.tolist() != [0, 1, 2]) or not set(codes.tolist()) <= {0, 1, 2}:
        raise UnsupportedError("a CFA of other colours than red, green and blue")
    pattern = _Pattern(int(size[0]), int(size[1]), tuple(int(code) for code in codes))
    if (pattern.rows, pattern.cols) == (6, 6):
        raise UnsupportedError("an X-Trans CFA (6 × 6): only Bayer and quad-Bayer are developed")
    for prefix, step in (("", 1), ("Q", 2)):
        name = prefix + "".join("RGB"[pattern.at(row, col)] for row in (0, step) for col in (0, step))
        if sorted(name[-4:]) == ["B", "G", "G", "R"] and name[-4:] in ("RGGB", "GRBG", "GBRG", "BGGR"):
            cfa = Cfa(name)
            span = 4 * max(pattern.rows, pattern.cols)
            if all(cfa.colour(row, col) == pattern.at(row, col) for row in range(span) for col in range(span)):
                return cfa
    raise UnsupportedError(f"a CFA of {pattern.rows} × {pattern.cols} that is neither Bayer nor quad-Bayer")


def _linearised(stored: Array, table: Array | None) -> Array:
    """Samples through the LinearizationTable; values beyond it take its last entry. Floats have none."""
    if table is None or not len(table) or stored.dtype.kind == "f":
        return stored
    whole = np.full(1 << (8 * stored.dtype.itemsize), table[-1], np.uint16)
    whole[: len(table)] = table[: len(whole)]
    return whole[stored]


def _active_area(picture: Directory, layout: Layout) -> Rectangle:
    values = picture.numbers(50829, 4)
    if values is None:
        return (0, 0, layout.rows, layout.cols)
    top, left, bottom, right = (int(value) for value in values)
    if not (0 <= top < bottom <= layout.rows and 0 <= left < right <= layout.cols):
        place = f"{top}, {left}, {bottom}, {right}"
        raise ReadError(f"ActiveArea {place} is not inside the picture of {layout.cols} × {layout.rows}")
    return (top, left, bottom, right)


def _coded_by_polynomials(
    samples: Array, levels: Levels, opcodes: Sequence[Opcode], *, cfa: Cfa | None, warnings: list[str]
) -> tuple[Array, Levels, tuple[Opcode, ...]]:
    """Samples after the black pattern and, for three planes, after the polynomials that open opcode list 2."""
    if levels.folded is not None:
        samples = subtract_pattern(samples, levels.folded)
        warnings.append("the black level pattern does not follow the CFA: its deviations were subtracted when reading")
    left = tuple(opcodes)
    second = [opcode.name for opcode in left if opcode.list == 2]
    if cfa is None and second[:1] == ["MapPolynomial"]:
        black, white = np.array(levels.black, np.float32), np.array(levels.white, np.float32)
        linear = samples.astype(np.float32) - black
        for deltas, axis in ((levels.black_rows, 1), (levels.black_cols, 0)):
            if deltas is not None:
                linear -= np.expand_dims(deltas, (axis, 2))
        samples, left = apply_map_polynomials(linear / (white - black), left)
        levels = Levels((0.0,) * 3, (1.0,) * 3)
        applied = len(opcodes) - len(left)
        warnings.append(f"opcode list 2: {applied} MapPolynomial applied when reading, as lossy DNGs need")
    return samples, levels, left


def _read_facts(
    tiff: Tiff,
    picture: Directory,
    samples: Array,
    levels: Levels,
    *,
    cfa: Cfa | None,
    opcodes: tuple[Opcode, ...],
    warnings: list[str],
) -> Facts:
    tags = Tags(picture, tiff.directories[0])
    colour = read_colour(tags)
    scale = tags.numbers(50718, 2)
    if scale is not None and scale[0] != scale[1]:
        warnings.append(not_square(round(samples.shape[0] * scale[1]), round(samples.shape[1] * scale[0])))
    rows, cols = samples.shape[:2]
    orientation = tiff.directories[0].integer(274, 1)
    return Facts(
        state="mosaic" if cfa else "linear",
        rows=rows,
        cols=cols,
        cfa=cfa,
        black=levels.black,
        white=levels.white,
        black_rows=levels.black_rows,
        black_cols=levels.black_cols,
        neutral=read_neutral(tags, colour),
        colour=colour,
        baseline_exposure_ev=tags.number(50730) or 0.0,
        masked_black=levels.covered.black if levels.covered else None,
        masked_rows=levels.covered.rows if levels.covered else None,
        noise=read_noise(tags),
        opcodes=opcodes,
        crop=_crop(picture, rows, cols),
        orientation=orientation if 1 <= orientation <= 8 else 1,
        optical_centre=((rows - 1) / 2, (cols - 1) / 2),
        corrections=read_corrections(tiff.directories[0]),
    )


def _crop(picture: Directory, rows: int, cols: int) -> tuple[int, int, int, int] | None:
    """DefaultCrop inside the active area, to whole pixels; None when absent or empty."""
    origin, size = picture.numbers(50719, 2), picture.numbers(50720, 2)
    if origin is None or size is None:
        return None
    left, top = max(round(origin[0]), 0), max(round(origin[1]), 0)
    right, bottom = min(round(origin[0] + size[0]), cols), min(round(origin[1] + size[1]), rows)
    return (top, left, bottom - top, right - left) if top < bottom and left < right else None
