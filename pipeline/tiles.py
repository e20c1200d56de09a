"""A frame that does not fit a card, in tiles of rows: the same picture bit for bit, and the same counts.

A tile takes as many rows of its neighbours along as its passes look beyond their own pixel, one after the other. What
the kernels make of the rows at a tile's inner edges is wrong, and left behind; at the frame's true edges they mirror as
always. Where constants follow from counters, the passes up to there run over all tiles first, and again afterwards.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenbit.kernels._cells import is_gathered
from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass, Slot
from tenbit.kernels._stage import ANYWHERE
from tenbit.pipeline.device import Device, DeviceFullError, Done, Pending, Rows, Said
from tenbit.pipeline.device.contract import native, said_once, stretches, summary
from tenbit.pipeline.device.layout import layout

LEAST_ROWS = 64
"""Thinner tiles would be mostly margin."""


@dataclass(frozen=True)
class Tile:
    """Rows ``low`` … ``high`` - 1 of a frame, and with their margin ``first`` … ``end`` - 1."""

    first: int
    low: int
    high: int
    end: int


def tiles(rows: int, deep: int, margin: int, period: int) -> Iterator[Tile]:
    """Tiles of at most ``deep`` rows of their own; all begin in the phase of the CFA.

    Parameters
    ----------
    rows : int
        Of the frame.
    deep : int
    margin : int
        Rows of the neighbours that a tile takes along.
    period : int
        Of the CFA; 1 when there is none. Of cells too: a multiple of both.
    """
    deep = max(period, deep // period * period)
    margin = -(-margin // period) * period
    for low in range(0, rows, deep):
        high = min(low + deep, rows)
        yield Tile(max(0, low - margin), low, high, min(rows, high + margin))


def margin_of(passes: Sequence[Pass]) -> int:
    """Rows beyond its own that a row of the finished picture depends on.

    A quad-Bayer mosaic goes on by whole periods beyond its edge: the last row looks a period back.
    """
    stencils = [(step.radius * work.cell, work.period) for work in passes for step in work.steps if step.radius]
    return sum(radius + (period if period > 2 else 0) for radius, period in stencils)


def why_not(passes: Sequence[Pass], rows: int) -> str | None:
    """Why passes cannot be done in tiles; None when they can."""
    counted = Counter(tally.writes[0] for work in passes for tally in work.tallies)
    if twice := [name for name, times in counted.items() if times > 1]:
        # Earlier passes run over the tiles again once a later one has counted: they would see its result.
        return f"{twice[0]} is measured twice on the way, so it cannot be done in tiles"
    for work in passes:
        for step in work.steps:
            if step.access in ANYWHERE and not is_gathered(step):
                return f"{step.name} looks anywhere in the frame, so it cannot be done in tiles"
        if not work.cell or work.shape[0] != max(1, rows // work.cell):
            return "the frame changes its size on the way, so it cannot be done in tiles"
    return None


def through_tiles(
    device: Device,
    passes: Sequence[Pass],
    planes: Mapping[str, Array],
    wanted: Sequence[str],
    *,
    period: int,
    said: Said | None = None,
) -> Done:
    """The passes on a frame, tile by tile; two tiles are on their way at a time.

    Parameters
    ----------
    device : Device
        One that takes `Rows`.
    passes, planes, wanted, said
        See `Device.begin`.
    period : int
        Of the frame's CFA; 1 when there is none.

    Raises
    ------
    DeviceFullError
        If the passes cannot be done in tiles, or even the smallest tiles do not fit.
    """
    rows = next(iter(planes.values())).shape[0]
    if reason := why_not(passes, rows):
        raise DeviceFullError(reason)
    free, deep, margin = device.free_bytes(), rows // 2, margin_of(passes)
    whole = math.lcm(period, *(work.cell for work in passes))
    while True:
        parts = list(tiles(rows, deep, margin, whole))
        most = max(parts, key=lambda tile: tile.end - tile.first)
        if free is None or 2 * _nbytes(passes, planes, most) <= free:
            try:
                done = _each(device, passes, planes, wanted, parts, said)
                said_once(device, said, "tiles", f"done in tiles of {deep} rows: the frame does not fit {device.name}")
                return done
            except DeviceFullError:
                said_once(
                    device, said, "smaller", f"{device.name} has less memory than it said: smaller tiles are tried"
                )
        if deep <= LEAST_ROWS:
            raise DeviceFullError(f"not even tiles of {deep} rows fit into the memory of {device.name}")
        deep = max(LEAST_ROWS, deep // 2)


def _each(
    device: Device,
    passes: Sequence[Pass],
    planes: Mapping[str, Array],
    wanted: Sequence[str],
    parts: Sequence[Tile],
    said: Said | None,
) -> Done:
    """Every tile through the passes, once per stretch of them."""
    rows = parts[-1].high
    results: dict[str, Any] = {}
    counters: dict[str, Array] = {}
    pictures: dict[str, Array] = {}
    cells = {slot.name: work.cell for work in passes for slot in work.outs}
    groups = stretches(passes, {})
    for number, group in enumerate(groups):
        so_far = [work for earlier in groups[: number + 1] for work in earlier]
        is_last = group is groups[-1]
        tallies = [tally for work in group for tally in work.tallies]
        for tile, done in _overlapped(device, so_far, planes, wanted if is_last else (), parts, results, said):
            for tally in tallies:
                name = tally.writes[0]
                counters[name] = counters.get(name, 0) + done.counters[name]
            for name, array in done.arrays.items():
                cell = cells.get(name, 1)
                high = max(1, rows // cell)
                if name not in pictures:
                    pictures[name] = np.empty((high, *array.shape[1:]), array.dtype)
                first, low, end = tile.first // cell, tile.low // cell, high if tile.high == rows else tile.high // cell
                pictures[name][low:end] = array[low - first : end - first]
        results |= {tally.writes[0]: summary(tally, counters[tally.writes[0]]) for tally in tallies}
    return Done(pictures, counters, results)


def _overlapped(
    device: Device,
    passes: Sequence[Pass],
    planes: Mapping[str, Array],
    wanted: Sequence[str],
    parts: Sequence[Tile],
    known: Mapping[str, Any],
    said: Said | None,
) -> Iterator[tuple[Tile, Done]]:
    """Tiles and what became of them; each is begun before the one in front of it is finished."""
    waiting: tuple[Tile, Pending] | None = None
    for tile in parts:
        cut = {name: plane[tile.first : tile.end] for name, plane in planes.items()}
        shown = Rows(tile.first, tile.low - tile.first, tile.high - tile.first)
        pending = device.begin(_shortened(passes, tile), cut, wanted, known=known, rows=shown, said=said)
        if waiting is not None:
            yield waiting[0], waiting[1].finish()
        waiting = tile, pending
    if waiting is not None:
        yield waiting[0], waiting[1].finish()


def _shortened(passes: Sequence[Pass], tile: Tile) -> list[Pass]:
    """Passes as they are done to a tile."""
    rows = tile.end - tile.first
    return [dataclasses.replace(work, shape=(max(1, rows // work.cell), work.shape[1])) for work in passes]


def _nbytes(passes: Sequence[Pass], planes: Mapping[str, Array], tile: Tile) -> int:
    """Device memory that a tile needs."""
    shapes = {name: (tile.end - tile.first, *plane.shape[1:]) for name, plane in planes.items()}
    ins = [Slot(name, shapes[name], native(plane[:1]).dtype.str) for name, plane in planes.items()]
    return layout(_shortened(passes, tile), ins).nbytes
