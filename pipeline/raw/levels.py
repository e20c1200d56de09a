"""Black and white levels of a DNG, in the counts of its linearised samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Array, Cfa
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.raw.covered import Covered, Rectangle, covered_black
from tenbit.pipeline.raw.tiff import Directory

# Real patterns are 1 × 1, 2 × 2, 4 × 4 or one full row; a broken file may claim anything.
_MAX_REPEAT = 65536


@dataclass(frozen=True)
class Levels:
    """Levels of one picture.

    Parameters
    ----------
    black, white : tuple of float
        As in `Facts`.
    black_rows, black_cols : array or None
        As in `Facts`; float32.
    covered : Covered or None
        What the masked areas say, where there are any.
    folded : array or None
        What the file's black pattern has beyond one number per site: (repeat rows, repeat cols[, 3]) float32, to be
        subtracted from the samples.
    warning : str or None
    """

    black: tuple[float, ...]
    white: tuple[float, ...]
    black_rows: Array | None = None
    black_cols: Array | None = None
    folded: Array | None = None
    covered: Covered | None = None
    warning: str | None = None


def read_levels(
    directory: Directory, stored: Array, active: Rectangle, *, cfa: Cfa | None, bits: int, table: Array | None
) -> Levels:
    """Levels of the active area.

    Parameters
    ----------
    directory : Directory
    stored : array
        All linearised samples, masked pixels included: black is measured there, and taken without a BlackLevel tag.
    active : tuple of int
        (top, left, bottom, right) of the active area.
    cfa : Cfa or None
        Pattern from the active area's first pixel; None for three planes.
    bits : int
        BitsPerSample, which gives the default white.
    table : array or None
        LinearizationTable, whose largest value is the default white when there is one.

    Raises
    ------
    ReadError
        If the tags contradict themselves or white is not above black.

    Notes
    -----
    DNG 1.6, chapter 5. The pattern, BlackLevelDeltaH and BlackLevelDeltaV begin at the active area's first pixel.
    """
    planes = 1 if cfa else 3
    pattern, warning = _black_pattern(directory, planes), None
    covered = _covered(directory, stored, active, cfa, is_needed=pattern is None) if cfa else None
    if pattern is None and cfa is not None and covered is not None:
        pattern = np.array(covered.black).reshape(cfa.period, cfa.period, 1)
        warning = f"no BlackLevel: black measured in the masked areas, {', '.join(f'{b:.1f}' for b in covered.black)}"
    if pattern is None:
        pattern = np.zeros((1, 1, planes))
    black, folded = _per_site(pattern, cfa)
    rows, cols = active[2] - active[0], active[3] - active[1]
    levels = Levels(
        black,
        _white(directory, len(black), planes, stored.dtype, bits, table),
        _deltas(directory, 50716, rows),
        _deltas(directory, 50715, cols),
        folded,
        covered,
        warning,
    )
    if any(white <= dark for white, dark in zip(levels.white, levels.black, strict=True)):
        raise ReadError(f"white level {levels.white} is not above black level {levels.black}")
    return levels


def _black_pattern(directory: Directory, planes: int) -> Array | None:
    """BlackLevel as (rows, cols, planes), or None when the file does not say."""
    values = directory.array(50714)
    if values is None:
        return None
    repeat = directory.array(50713)
    rows, cols = (1, 1) if repeat is None or len(repeat) != 2 else (int(repeat[0]), int(repeat[1]))
    if rows < 1 or cols < 1 or rows * cols > _MAX_REPEAT:
        raise ReadError(f"BlackLevelRepeatDim {rows} × {cols}")
    if len(values) == 1:
        values = np.repeat(values, rows * cols * planes)
    if len(values) != rows * cols * planes or not np.isfinite(values).all():
        raise ReadError(f"BlackLevel has {len(values)} numbers, {rows} × {cols} × {planes} belong there")
    return values.astype(np.float64).reshape(rows, cols, planes)


def _per_site(pattern: Array, cfa: Cfa | None) -> tuple[tuple[float, ...], Array | None]:
    """One black per CFA site or plane, and the deviations from it where the pattern knows more."""
    period = cfa.period if cfa else 1
    rows, cols = math.lcm(pattern.shape[0], period), math.lcm(pattern.shape[1], period)
    whole = np.tile(pattern, (rows // pattern.shape[0], cols // pattern.shape[1], 1))
    by_site = whole.reshape(rows // period, period, cols // period, period, -1)
    means = by_site.mean(axis=(0, 2))
    deviations = (by_site - means[None, :, None]).reshape(rows, cols, -1)
    black = tuple(float(level) for level in means.reshape(-1))
    if not np.abs(deviations).max() > 1e-6:
        return black, None
    folded = deviations.astype(np.float32)
    return black, folded[..., 0] if cfa else folded


def _covered(directory: Directory, stored: Array, active: Rectangle, cfa: Cfa, *, is_needed: bool) -> Covered | None:
    """What MaskedAreas say; faults of theirs are faults of the file where nothing else tells its black."""
    areas = directory.array(50830)
    if areas is None:
        return None
    if len(areas) % 4:
        if is_needed:
            raise ReadError("MaskedAreas are not rectangles of four numbers")
        return None
    covered = covered_black(stored, areas.reshape(-1, 4).astype(int).tolist(), active, cfa)
    if covered is None and is_needed:
        raise ReadError("MaskedAreas hold no pixel of some colour of the CFA")
    return covered


def _white(
    directory: Directory, count: int, planes: int, dtype: np.dtype[np.generic], bits: int, table: Array | None
) -> tuple[float, ...]:
    default = 1.0 if dtype.kind == "f" else float(table.max()) if table is not None else float(2**bits - 1)
    values = directory.array(50717)
    white = [default] if values is None or not len(values) else [float(value) for value in values]
    if len(white) not in (1, planes) or not np.isfinite(white).all():
        raise ReadError(f"WhiteLevel has {len(white)} numbers, 1 or {planes} belong there")
    return tuple(white) if planes == 3 and len(white) == 3 else (white[0],) * count


def _deltas(directory: Directory, code: int, count: int) -> Array | None:
    values = directory.array(code)
    if values is None:
        return None
    name = {50716: "BlackLevelDeltaV", 50715: "BlackLevelDeltaH"}[code]
    if len(values) != count or not np.isfinite(values).all():
        raise ReadError(f"{name} has {len(values)} numbers, the active area needs {count}")
    return values.astype(np.float32) if np.any(values) else None


def subtract_pattern(samples: Array, folded: Array) -> Array:
    """Samples as float32 with a repeating pattern subtracted; ``samples`` (rows, cols[, 3]) from its first pixel."""
    rows, cols = samples.shape[:2]
    repeats = (-(-rows // folded.shape[0]), -(-cols // folded.shape[1]), *(1,) * (folded.ndim - 2))
    pattern: Array = np.tile(folded, repeats)[:rows, :cols]
    return np.subtract(samples, pattern, dtype=np.float32)
