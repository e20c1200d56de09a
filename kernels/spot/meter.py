"""What is measured at a place: on the host, of few pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenbit.kernels import _spaces
from tenbit.kernels._facts import LINEARIZATION, Array, Facts, Triple
from tenbit.kernels._luma import shares
from tenbit.kernels._overlay import Seen
from tenbit.kernels._raw_counts import CHANNELS, channels_of

# Of a larger place so many pixels along each side are looked at, evenly spread.
_MOST = 64
# A rectangle of the mosaic with fewer samples is read whole.
_READ_WHOLE = 2**20
# Centre-weighted: this part of the weight lies in a circle of this diameter, over the picture's shorter side.
CENTRE_WEIGHT, CENTRE_SIZE = 0.75, 0.5
_LAB_LEAST = (6 / 29) ** 3


@dataclass(frozen=True)
class Place:
    """A rectangle of the picture, in whole pixels.

    Parameters
    ----------
    name : str
    top, left, rows, cols : int
    is_point, is_weighted : bool
    """

    name: str
    top: int
    left: int
    rows: int
    cols: int
    is_point: bool = False
    is_weighted: bool = False


@dataclass(frozen=True)
class Spot:
    """What was measured at one place.

    Parameters
    ----------
    place : Place
    raw : mapping or None
        By channel, R, G1, G2, B: (EV below saturation, part of the samples that are clipped), the EV None at or below
        black. None where the file has no mosaic with levels.
    lab : Triple or None
        CIE Lab of the picture, D50; None for a picture of no known space.
    luma : float
        Of the picture's code values, 0 … 1.
    """

    place: Place
    raw: Mapping[str, tuple[float | None, float]] | None
    lab: Triple | None
    luma: float

    @property
    def ev(self) -> float | None:
        """Of the channel that is nearest to saturation."""
        known = [ev for ev, _ in (self.raw or {}).values() if ev is not None]
        return max(known, default=None)

    @property
    def clipped(self) -> float:
        """The largest part of clipped samples of any channel."""
        return max((part for _, part in (self.raw or {}).values()), default=0.0)

    def as_record(self) -> dict[str, Any]:
        """The same as numbers, lists and dicts, fit for JSON."""
        raw = None if self.raw is None else {n: {"ev": ev, "clipped": part} for n, (ev, part) in self.raw.items()}
        p = self.place
        return {
            "pixels": {"top": p.top, "left": p.left, "rows": p.rows, "cols": p.cols},
            "ev": self.ev,
            "raw": raw,
            "lab": None if self.lab is None else list(self.lab),
            "luma": self.luma,
        }


def measured(seen: Seen, *, places: tuple[Place, ...]) -> dict[str, Spot]:
    """The result ``spot``: a `Spot` per name."""
    return {place.name: spot_at(place, seen) for place in places}


def spot_at(place: Place, seen: Seen) -> Spot:
    """One place of what is seen.

    A place of more than 64 pixels along a side is measured at 64 of them, evenly spread.
    """
    rows = _spread(place.top, place.rows)
    cols = _spread(place.left, place.cols)
    weights = np.full((len(rows), len(cols)), 1.0 / (len(rows) * len(cols)))
    if place.is_weighted:
        weights = centre_weights(rows, cols, (place.rows, place.cols))
    # What is no number is black, as it is when whole code values are stored.
    codes = np.nan_to_num(seen.picture[np.ix_(rows, cols)].astype(np.float64) / seen.peak, nan=0, posinf=1, neginf=0)
    space = seen.facts.space
    red, green, blue = shares(space).values()
    luma = float((weights * (codes @ np.array([red, green, blue]))).sum())
    lab = None
    if space != "camera":
        lab = lab_of(np.einsum("rc,rck->k", weights, _spaces.decode(space, codes)), space)
    return Spot(place, _raw_at(rows, cols, weights, seen), lab, luma)


def _spread(first: int, count: int) -> Array:
    """Up to 64 whole places of so many, evenly spread."""
    some = min(count, _MOST)
    return first + np.floor((np.arange(some) + 0.5) * count / some).astype(np.intp)


def centre_weights(rows: Array, cols: Array, shape: tuple[int, int]) -> Array:
    """Weights of pixels that add up to 1: three quarters in the circle about the middle, the rest outside it."""
    down, right = rows - (shape[0] - 1) / 2, cols - (shape[1] - 1) / 2
    is_inside = np.hypot(down[:, None], right[None]) <= CENTRE_SIZE / 2 * min(shape)
    inside = int(is_inside.sum())
    if inside in (0, is_inside.size):
        return np.full(is_inside.shape, 1.0 / is_inside.size)
    return np.where(is_inside, CENTRE_WEIGHT / inside, (1 - CENTRE_WEIGHT) / (is_inside.size - inside))


def lab_of(light: Array, space: str) -> Triple:
    """CIE 1976 L*a*b* (CIE 15) of linear RGB of a space, D50: 100, 0, 0 is its white."""
    to_d50 = _spaces.adaptation(_spaces.xyz_of(_spaces.D65_XY), _spaces.D50_XYZ)
    ratios = to_d50 @ _spaces.rgb_to_xyz(space) @ light / _spaces.D50_XYZ
    x, y, z = np.where(ratios > _LAB_LEAST, np.cbrt(ratios), ratios / (3 * (6 / 29) ** 2) + 4 / 29).tolist()
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _raw_at(rows: Array, cols: Array, weights: Array, seen: Seen) -> dict[str, tuple[float | None, float]] | None:
    """By channel EV below saturation, and the part that is clipped, of the CFA periods that pixels came from."""
    came = seen.came
    if seen.raw is None or came.cfa is None or any(opcode.name == LINEARIZATION for opcode in came.opcodes):
        return None
    period = came.cfa.period
    row, col = seen.facts.came_from(*np.meshgrid(rows.astype(np.float64), cols.astype(np.float64), indexing="ij"))
    high, wide = came.rows // period, came.cols // period
    down = np.clip(np.floor((row + 0.5) / period), 0, high - 1).astype(np.intp)
    right = np.clip(np.floor((col + 0.5) / period), 0, wide - 1).astype(np.intp)
    # Pixels that came from the same period count together.
    places, which = np.unique((down * wide + right).ravel(), return_inverse=True)
    shares_of = np.bincount(which.ravel(), weights.ravel())
    down, right = places // wide, places % wide
    counts = _periods(seen.raw, down, right, period)
    black = _levels(came.black, came, down, right)
    white = np.array(came.white)
    signal = (counts - black) / (white - black)
    clipped = counts >= white
    found: dict[str, tuple[float | None, float]] = {}
    channels = np.array(channels_of(came.cfa))
    for n, name in enumerate(CHANNELS):
        own = channels == n
        mean = float((shares_of * signal[:, own].mean(axis=1)).sum())
        part = float((shares_of * clipped[:, own].mean(axis=1)).sum())
        found[name] = (math.log2(mean) if mean > 0 else None, part)
    return found


def _periods(raw: Callable[[int, int, int, int], Array], down: Array, right: Array, period: int) -> Array:
    """Counts of so many periods of the mosaic, (periods, sites), float64."""
    top, left = int(down.min()), int(right.min())
    rows, cols = int(down.max()) - top + 1, int(right.max()) - left + 1
    if rows * cols * period**2 <= _READ_WHOLE:
        whole = np.asarray(raw(top * period, left * period, rows * period, cols * period), np.float64)
        blocks = whole.reshape(rows, period, cols, period).swapaxes(1, 2).reshape(rows, cols, -1)
        return np.asarray(blocks[down - top, right - left])
    each = [raw(int(d) * period, int(r) * period, period, period).ravel() for d, r in zip(down, right, strict=True)]
    return np.array(each, np.float64)


def _levels(black: tuple[float, ...], came: Facts, down: Array, right: Array) -> Array:
    """Black of each sample of so many periods, (periods, sites)."""
    assert came.cfa is not None
    period = came.cfa.period
    levels = np.broadcast_to(np.array(black), (len(down), period**2)).reshape(-1, period, period).copy()
    inside = np.arange(period)
    if came.black_rows is not None:
        levels += came.black_rows[down[:, None] * period + inside][:, :, None]
    if came.black_cols is not None:
        levels += came.black_cols[right[:, None] * period + inside][:, None, :]
    return levels.reshape(len(down), -1)
