"""Samples of a mosaic counted, code by code and channel by channel, and the noise that they are to be judged by.

Steps that several monitors may ask for; they are done once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from tenbit.kernels import _noise
from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import BLUE, GREEN, LINEARIZATION, RED, Array, Cfa, Facts
from tenbit.kernels._stage import Access, Constant, Constants, PerSite, Results, Step
from tenbit.kernels.errors import StageError

CHANNELS = ("R", "G1", "G2", "B")
"""Of a CFA: G1 is the green beside red in its row, G2 the green beside blue."""
NOISE = "raw_noise"
# Where samples are signal already, codes are told again on 16 bits: with room for noise below black.
SIGNAL_BLACK, SIGNAL_WHITE = 4096, 65535
_MOST_CODES = 65536
# Noise is measured on about so many rows, in bands: where two meet, windows are lost. Of 12.5 MP that takes 13 ms of a
# core instead of 26 (EPYC); half as many rows, 7 ms, and read noise is off by up to 1.4 EV, not 0.4.
_NOISE_ROWS, _BAND = 512, 32


@dataclass(frozen=True, eq=False)
class RawCounts:
    """How many samples have each code, by channel.

    Parameters
    ----------
    counts : array
        (4, codes), int64: R, G1, G2, B. What lies beyond the codes is in the first and the last.
    black, white : mapping
        Levels of each channel, in codes.
    is_exact : bool
        Whether codes are the sensor's own. Behind black_level, and of floats up to 1, they are told again: black is
        4096, white 65535.
    """

    counts: Array
    black: Mapping[str, float]
    white: Mapping[str, float]
    is_exact: bool = True

    def __getitem__(self, channel: str) -> Array:
        """Counts of ``R``, ``G1``, ``G2`` or ``B``: (codes,), int64."""
        return np.asarray(self.counts[CHANNELS.index(channel)])

    @property
    def samples(self) -> dict[str, int]:
        """How many there are of each channel."""
        return dict(zip(CHANNELS, self.counts.sum(axis=1).tolist(), strict=True))

    @property
    def clipped(self) -> dict[str, float]:
        """Part of each channel's samples at its white level or above."""
        return {name: self.part(name, self.white[name], math.inf) for name in CHANNELS}

    def part(self, channel: str, low: float, high: float) -> float:
        """Part of a channel's samples whose codes are at least ``low`` and below ``high``."""
        counts = self[channel]
        first, last = (math.ceil(min(max(code, 0.0), float(len(counts)))) for code in (low, high))
        return int(counts[first:last].sum()) / max(int(counts.sum()), 1)

    def level_above(self, channel: str, part: float) -> int:
        """The highest code that more than a part of the channel's samples reach."""
        counts = self[channel]
        reaching = counts[::-1].cumsum()[::-1]
        return int(np.flatnonzero(reaching > part * counts.sum())[-1])

    def level_below(self, channel: str, part: float) -> int:
        """The lowest code that more than a part of the channel's samples do not exceed."""
        counts = self[channel]
        return int((counts.cumsum() > part * counts.sum()).argmax())

    def signal(self, channel: str, code: float) -> float:
        """A code as signal: 0 at black, 1 at white."""
        return (code - self.black[channel]) / (self.white[channel] - self.black[channel])

    def as_record(self) -> dict[str, Any]:
        """What a report says of them, fit for JSON; the counts themselves are too many for it."""
        ends = {name: np.flatnonzero(self[name]) for name in CHANNELS}
        return {
            "codes": self.counts.shape[1],
            "is_exact": self.is_exact,
            "samples": self.samples,
            "black": dict(self.black),
            "white": dict(self.white),
            "lowest": {name: int(at[0]) for name, at in ends.items()},
            "highest": {name: int(at[-1]) for name, at in ends.items()},
            "clipped": self.clipped,
        }


def channels_of(cfa: Cfa) -> tuple[int, ...]:
    """Which of `CHANNELS` each site of a period is, row by row."""
    period, block = cfa.period, 2 if cfa.is_quad else 1
    found = []
    for row in range(period):
        has_red = RED in {cfa.colour(row, col) for col in range(0, 2 * block, block)}
        for col in range(period):
            greens = 1 if has_red else 2
            found.append({RED: 0, GREEN: greens, BLUE: 3}[cfa.colour(row, col)])
    return tuple(found)


def counted(mosaic, k):
    """The counter of one sample: of its code, the nearest, among those of its channel."""
    code = fma(mosaic, k.scale, k.shift)
    inside = code if code > 0.0 else 0.0  # what is no number counts as 0
    return int(min(inside, k.top) + k.first)


def require_raw(stage: str, facts: Facts) -> None:
    """For a ``prepare`` that judges samples as the sensor gave them.

    Raises
    ------
    StageError
        If they are balanced already, or codes of a table that has not been applied.
    """
    if facts.is_balanced or facts.gains != (1.0, 1.0, 1.0):
        raise StageError(f"{stage}: white balance has multiplied the samples; put it before white_balance")
    require_table(stage, facts)


def require_table(stage: str, facts: Facts) -> None:
    """For a ``prepare`` that compares samples with the levels of their frame.

    Raises
    ------
    StageError
        If they are codes of a table that has not been applied: levels are of what it makes of them.
    """
    if any(opcode.name == LINEARIZATION for opcode in facts.opcodes):
        raise StageError(f"{stage}: samples are codes until opcode list 1 has been applied; put linearise before it")


def _are_codes(facts: Facts) -> bool:
    """Whether samples are whole numbers: neither signal, nor floats up to 1 that still have their black."""
    return not facts.is_signal and max(facts.white) > 1


def counts_name(facts: Facts) -> str:
    """The result of `raw_counting`: one chain may count the sensor's codes, and behind black_level signal."""
    return "raw_counts_signal" if facts.is_signal else "raw_counts"


def raw_counting(facts: Facts) -> Step:
    """The step that counts the samples of a mosaic; its result, of the name `counts_name`, is a `RawCounts`.

    There are as many codes as the bits of the white level can say, so that counters are few where bits are.
    """
    assert facts.cfa is not None
    channels = channels_of(facts.cfa)
    scale: Constant = 1.0
    shift: Constant = 0.5
    uneven = sum(float(np.mean(more)) for more in (facts.black_rows, facts.black_cols) if more is not None)
    if not _are_codes(facts):
        codes, span = _MOST_CODES, float(SIGNAL_WHITE - SIGNAL_BLACK)
        scale, shift = span, SIGNAL_BLACK + 0.5
        if not facts.is_signal:
            scale = PerSite(span / (high - low - uneven) for low, high in zip(facts.black, facts.white, strict=True))
            shift = PerSite(
                SIGNAL_BLACK + 0.5 - times * (low + uneven) for low, times in zip(facts.black, scale, strict=True)
            )
        black, white = dict.fromkeys(CHANNELS, float(SIGNAL_BLACK)), dict.fromkeys(CHANNELS, float(SIGNAL_WHITE))
    else:
        codes = min(2 ** math.ceil(math.log2(max(facts.white) + 1)), _MOST_CODES)
        black = {name: level + uneven for name, level in _by_channel(channels, facts.black).items()}
        white = _by_channel(channels, facts.white)
    constants: Constants = {
        "scale": scale,
        "shift": shift,
        "top": codes - 0.5,
        "first": PerSite(float(channel * codes) for channel in channels),
    }
    summary = partial(_summary, black=black, white=white, is_exact=_are_codes(facts))
    counters = len(CHANNELS) * codes
    name = counts_name(facts)
    return Step(
        name, Access.REDUCE, counted, ("mosaic",), (name,), constants,
        counters=counters, summary=summary, is_shared=True,
    )  # fmt: skip


def _summary(counters: Array, *, black: Mapping[str, float], white: Mapping[str, float], is_exact: bool) -> RawCounts:
    return RawCounts(counters.reshape(len(CHANNELS), -1), black, white, is_exact)


def _by_channel(channels: tuple[int, ...], levels: tuple[float, ...]) -> dict[str, float]:
    """The mean level of each channel's sites."""
    of = [[level for level, channel in zip(levels, channels, strict=True) if channel == n] for n in range(4)]
    return {name: sum(some) / len(some) for name, some in zip(CHANNELS, of, strict=True)}


def noise_steps(facts: Facts) -> tuple[Step, ...]:
    """Steps after which `raw_noise` knows the noise of the mosaic; none where its file says it.

    They are those of stages that need the noise, under names of their own: a monitor leaves what stages measure alone.
    Of a large frame some bands of rows are looked at, in a small pass before the others: put them first.
    """
    if facts.noise is not None:
        return ()
    # Where black differs from row to row, rows stay in their places.
    every = max(facts.rows // _NOISE_ROWS, 1) if facts.black_rows is None and facts.black_cols is None else 1
    rows = facts.rows // (_BAND * every) * _BAND if every > 1 else facts.rows
    plane, windows = f"{NOISE}_rows", f"{NOISE}_bin"
    few = Step(
        f"{NOISE}.rows", Access.GATHER, banded, ("mosaic",), (plane,), {"every": every, "band": _BAND},
        shape=(rows, facts.cols), is_shared=True,
    )  # fmt: skip
    window, count = _noise.known(replace(facts, measured_noise=None)).steps
    return (
        *((few,) if every > 1 else ()),
        replace(
            window,
            name=f"{NOISE}.windows",
            reads=(plane if every > 1 else "mosaic",),
            writes=(windows,),
            is_shared=True,
        ),
        replace(count, name=NOISE, body=_noise_counter, reads=(windows,), writes=(NOISE,), is_shared=True),
    )


def banded(plane, row, col, k):
    """Bands of rows, one beside the other: the first of every so many. The CFA goes on across their seams."""
    return plane[row // k.band * (k.band * k.every) + row % k.band, col]


def _noise_counter(raw_noise_bin):
    """The counter of one window."""
    return int(raw_noise_bin)


def raw_noise(facts: Facts, results: Results) -> dict[str, tuple[float, float] | None]:
    """By channel the noise at black (one standard deviation) and the signal at which it equals the noise.

    Parts of white. None where it cannot be known: a frame without noise, without flat places to measure it at, or whose
    shadows do not show what is left of it at black.

    Parameters
    ----------
    facts : Facts
        Of the mosaic that was counted.
    results : mapping
        With those of `noise_steps`.
    """
    if facts.noise is not None:
        pairs = facts.noise if len(facts.noise) == 3 else facts.noise[:1] * 3
    else:
        pairs = results[NOISE]
    found = {}
    for name, colour in zip(CHANNELS, (RED, GREEN, GREEN, BLUE), strict=True):
        scale, offset = pairs[colour]
        # Measured noise that is nothing at black was lost beside that of light: it is not the sensor's.
        is_known = facts.noise is not None or offset > _noise.LEAST_OFFSET
        # Codes are whole: a twelfth of one squared is the least that rounding leaves.
        step = 0.0 if not _are_codes(facts) else 1.0 / min(w - b for w, b in zip(facts.white, facts.black, strict=True))
        variance = max(offset, step * step / 12)
        scale = max(scale, 0.0)
        floor = (scale + math.sqrt(scale * scale + 4 * variance)) / 2
        found[name] = (math.sqrt(variance), floor) if is_known and variance > 0 else None
    return found
