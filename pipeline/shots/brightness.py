"""How bright a raw frame is, place by place, at a glance."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import GREEN, Array
from tenbit.kernels._source import PACKINGS
from tenbit.pipeline.config import Chain
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.raw.packed import unpack_raw10, unpack_raw12

DOWN, ACROSS = 16, 24
# Samples of a green site along each side of a place: 64 of them leave a thousandth of noise in a median over places.
_SAMPLES = 8
# A place of which more is full says nothing of its light; nor does one that is darker than two counts above black.
_MOST_CLIPPED, _CLIPPED = 0.02, 0.98
_LEAST_COUNTS = 2.0
_UNPACK = {"raw10": unpack_raw10, "raw12": unpack_raw12}


def places_of(frame: Frame, chain: Chain) -> Array:
    """Binary logarithm of the mean green signal in a grid of places, NaN where it is clipped or lost in black.

    Parameters
    ----------
    frame : Frame
        Packed or not; a mosaic, or three planes of linear light.
    chain : Chain
        Whose black_level says which levels count.

    Returns
    -------
    array
        (`DOWN` · `ACROSS`,), float32. A frame of few pixels has fewer places; the rest is NaN.
    """
    facts = frame.facts
    black, white = _levels(frame, chain)
    period = facts.cfa.period if facts.cfa else 1
    down, across = min(DOWN, facts.rows // (2 * period)), min(ACROSS, facts.cols // (2 * period))
    out = np.full((DOWN, ACROSS), np.nan, np.float32)
    if min(down, across) < 1:
        return out.reshape(-1)
    # Whole periods, as many as are looked at, evenly over the frame.
    first_rows, high = _spread(facts.rows // period, down)
    first_cols, wide = _spread(facts.cols // period, across)
    rows = (first_rows[:, None] * period + np.arange(period)).reshape(-1)
    stored = frame.samples[rows]
    samples = stored if frame.packing is None else _UNPACK[frame.packing](_groups(stored, frame.packing))
    if facts.cfa is None:
        sites = [(rows, first_cols, samples[:, first_cols, GREEN], black[GREEN], white[GREEN])]
    else:
        greens = [site for site, colour in enumerate(facts.cfa.sites) if colour == GREEN]
        sites = []
        for site in greens:
            row, col = divmod(site, period)
            cols = first_cols * period + col
            sites.append((rows[row::period], cols, samples[row::period][:, cols], black[site], white[site]))
    total, clipped = np.zeros((down, across), np.float32), np.zeros((down, across), np.float32)
    for at_rows, at_cols, counts, low, top in sites:
        signal = counts.astype(np.float32) - np.float32(low)
        if facts.black_rows is not None:
            signal -= facts.black_rows[at_rows, None].astype(np.float32)
        if facts.black_cols is not None:
            signal -= facts.black_cols[at_cols].astype(np.float32)
        blocks = (signal / np.float32(top - low)).reshape(down, high, across, wide)
        total += blocks.mean(axis=(1, 3))
        clipped += (blocks >= _CLIPPED).mean(axis=(1, 3))
    mean = total / len(sites)
    span = max(top - low for _, _, _, low, top in sites)
    # Floats between 0 and 1 have no counts: as if there were ten bits.
    is_seen = (mean > _LEAST_COUNTS / (span if span > 1 else 1023)) & (clipped / len(sites) <= _MOST_CLIPPED)
    out[:down, :across][is_seen] = np.log2(mean[is_seen])
    return out.reshape(-1)


def _spread(count: int, places: int) -> tuple[Array, int]:
    """Which of ``count`` periods are looked at, the same number in every place, and that number."""
    each = min(_SAMPLES, count // places)
    return np.arange(places * each) * count // (places * each), each


def _groups(stored: Array, packing: str) -> Array:
    """Rows without the bytes that only fill them up."""
    group, _ = PACKINGS[packing]
    return stored[:, : stored.shape[1] // (group + 1) * (group + 1)]


def _levels(frame: Frame, chain: Chain) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Black and white per site, as the chain's black_level would have them."""
    facts = frame.facts
    black, white = facts.black, facts.white
    for link in chain.links:
        asked = link.parameters
        if link.stage.name == "black_level":
            if asked.source == "masked" and facts.masked_black is not None:
                black = facts.masked_black
            if asked.black_counts is not None:
                black = (asked.black_counts,) * len(black)
            if asked.white_counts is not None:
                white = (asked.white_counts,) * len(white)
    return black, white
