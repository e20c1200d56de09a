"""A mosaic as means of small blocks for each site of a Bayer period, which slow changes of light are measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import LINEARIZATION, Array
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Frame

MOST_BLOCKS = 64
"""Along the longer side: enough for what a lens does, few enough to fit in milliseconds."""
CLIPPED = 0.98
# A pixel that stands out of its block by so many standard deviations is dust, a defect or a cosmic ray.
_OUTLIER_SIGMA = 4.0
_NEAR, _FAR = 1, 6


@dataclass(frozen=True, eq=False)
class Blocks:
    """Means of blocks of a mosaic.

    Parameters
    ----------
    means : array
        (4, down, across) float64, the signal of each Bayer site, row by row: 0 is black, 1 is white.
    rough : array
        (4, down, across) float64: standard deviation of the pixels in a block, outliers left out.
    down, across : array
        (down,) and (across,): centres of the blocks from the middle of the picture, half diagonals.
    offset : array
        (4, 2): (down, right) of each site's pixels from those centres, half diagonals.
    clipped : array
        (4,): share of the site's pixels that are at `CLIPPED` or above.
    pixels : int
        Of one site in a block.
    texture : float
        Standard deviation of what is neither noise of single pixels nor a slow change, over the signal.
    cfa : str
        Colours of the sites, four letters.
    """

    means: Array
    rough: Array
    down: Array
    across: Array
    offset: Array
    clipped: Array
    pixels: int
    texture: float
    cfa: str

    @property
    def noise(self) -> float:
        """Standard deviation that noise leaves in the mean of a green block's two sites, over the signal."""
        first, second = self.greens
        usual = np.median((self.rough[first] + self.rough[second]) / (self.means[first] + self.means[second] + 1e-9))
        return float(usual / (2 * self.pixels) ** 0.5)

    @property
    def greens(self) -> tuple[int, int]:
        first, second = (site for site, letter in enumerate(self.cfa) if letter == "G")
        return first, second

    def points(self, site: int | None = None) -> tuple[Array, Array]:
        """(down, across) grids of where blocks lie, of a site or of all: half diagonals, positive down and right."""
        v, u = np.meshgrid(self.down, self.across, indexing="ij")
        return (v, u) if site is None else (v + self.offset[site, 0], u + self.offset[site, 1])


def blocks_of(frame: Frame) -> Blocks:
    """Means of the blocks of a frame, black taken off, known defects and outliers left out.

    Raises
    ------
    ReadError
        If the frame has no mosaic, is linearised by its opcodes, or is too small.

    Notes
    -----
    Pixels further than 4 standard deviations (by the median deviation) from their block's median are left out. Of a
    quad-Bayer mosaic the four pixels of one colour count as one site.
    """
    facts = frame.facts
    if facts.cfa is None:
        raise ReadError("demosaiced already: its sites are not to be seen")
    if any(opcode.name == LINEARIZATION for opcode in facts.opcodes):
        raise ReadError("its samples are made linear by opcodes, which are not applied here")
    period, inner = facts.cfa.period, facts.cfa.period // 2
    high, wide = facts.rows // period, facts.cols // period
    size = max(-(-max(high, wide) // MOST_BLOCKS), 4 // inner)
    down, across = high // size, wide // size
    if min(down, across) < 8:
        raise ReadError(f"{facts.rows} x {facts.cols} pixels are too few")
    top, left = (high - down * size) // 2 * period, (wide - across * size) // 2 * period
    signal = _signal(frame)[top : top + down * size * period, left : left + across * size * period]
    # Bayer row and column first, then the block, then the period and the pixel in it.
    parts = signal.reshape(down, size, 2, inner, across, size, 2, inner).transpose(2, 6, 0, 4, 1, 3, 5, 7)
    means, rough, clipped = np.empty((4, down, across)), np.empty((4, down, across)), np.empty(4)
    # A site at a time: each is copied.
    for site in range(4):
        pixels = parts[site // 2, site % 2].reshape(down, across, -1)
        means[site], rough[site] = _typical(pixels, 1.0 / (facts.white[0] - facts.black[0]))
        clipped[site] = (pixels >= CLIPPED).mean()
    greens = [site for site in range(4) if facts.cfa.name[-4:][site] == "G"]
    half = np.hypot(facts.rows, facts.cols) / 2
    middle = (size * period - 1) / 2
    centres = [
        (first + middle + size * period * np.arange(count) - (whole - 1) / 2) / half
        for first, count, whole in ((top, down, facts.rows), (left, across, facts.cols))
    ]
    of_site = inner / 2 / half
    return Blocks(
        means,
        rough,
        centres[0],
        centres[1],
        np.array([[(2 * (site // 2) - 1) * of_site, (2 * (site % 2) - 1) * of_site] for site in range(4)]),
        clipped,
        (size * inner) ** 2,
        _texture(signal, period, greens[0], means[greens[0]]),
        facts.cfa.name[-4:],
    )


def _signal(frame: Frame) -> Array:
    """(rows, cols) float32: 0 at black, 1 at white, defects that are known as NaN."""
    facts = frame.facts
    assert facts.cfa is not None
    period = facts.cfa.period
    out = frame.samples.astype(np.float32)
    if facts.black_rows is not None:
        out -= facts.black_rows[:, None]
    if facts.black_cols is not None:
        out -= facts.black_cols[None, :]
    for site in range(period**2):
        at = (slice(site // period, None, period), slice(site % period, None, period))
        out[at] = (out[at] - np.float32(facts.black[site])) / np.float32(facts.white[site] - facts.black[site])
    if facts.defects is not None and len(facts.defects):
        out[tuple(np.asarray(facts.defects).T)] = np.nan
    return out


def _typical(pixels: Array, count: float) -> tuple[Array, Array]:
    """Mean and standard deviation along the last axis without outliers and NaN; one count at least is no outlier.

    Where nothing is left, 0.
    """
    pixels = np.where(np.isnan(pixels).all(axis=-1, keepdims=True), np.float32(0), pixels)
    middle = np.nanmedian(pixels, axis=-1, keepdims=True)
    spread = 1.4826 * np.nanmedian(np.abs(pixels - middle), axis=-1, keepdims=True)
    is_usual = np.abs(pixels - middle) <= _OUTLIER_SIGMA * np.maximum(spread, count)
    number = np.maximum(is_usual.sum(axis=-1), 1)
    kept = np.where(is_usual, pixels, 0.0)
    means = kept.sum(axis=-1, dtype=np.float64) / number
    deviation = np.where(is_usual, pixels - means[..., None], 0.0)
    return means, np.sqrt(np.square(deviation).sum(axis=-1) / number)


def _texture(signal: Array, period: int, site: int, means: Array) -> float:
    """What pixels some way apart differ by beyond what neighbours do, over the signal.

    Second differences, which a slope does not enter: noise makes them alike at every distance, texture does not.
    """
    inner = period // 2
    row, col = inner * (site // 2), inner * (site % 2)
    plane = signal[row::period, col::period]
    found = []
    for step in (_NEAR, _FAR):
        bend = plane[:, : -2 * step] + plane[:, 2 * step :] - 2 * plane[:, step:-step]
        found.append(1.4826 * float(np.nanmedian(np.abs(bend))) / 6**0.5)
    # Noise alone makes these two unlike by some percent in a small frame.
    excess = found[1] ** 2 - found[0] ** 2 if found[1] ** 2 > 1.3 * found[0] ** 2 else 0.0
    return float(excess**0.5 / max(float(np.median(means)), 1e-6))
