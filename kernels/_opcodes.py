"""DNG opcodes of lists 1 and 2 as steps: tables, polynomials, deltas and factors per row or column, gain maps.

Written from the specification (Adobe, DNG 1.6, chapter 7). Areas and pitches are no branches of a body but values of
the arrays that it reads by row and by column: outside of an area they are those that change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import LINEARIZATION, Array, Facts, Opcode, Triple
from tenbit.kernels._stage import PLANES, Access, Step

LINES = ("DeltaPerRow", "DeltaPerColumn", "ScalePerRow", "ScalePerColumn")
TABLES = ("MapTable", LINEARIZATION)
POINTWISE = (*TABLES, "MapPolynomial", *LINES, "GainMap")
# Coefficients of the two bodies of a polynomial; real ones are of third degree.
FEW, MANY = 4, 9
# What a stored value may be at most; also the unit of tables and deltas in list 2, whose samples are 0 … 1.
CODES = 65535.0
UNBOUNDED = 3e38


@dataclass(frozen=True)
class Scale:
    """What the numbers of an opcode mean for samples.

    Parameters
    ----------
    full : float
        What a polynomial takes as 1: 1 for samples of 0 … 1, the largest code for a polynomial of codes.
    codes : float
        Samples times this are in the unit of tables and deltas.
    low, high : float
        Results are cut off here.
    """

    full: float
    codes: float
    low: float
    high: float


STORED = Scale(CODES, 1.0, 0.0, CODES)
"""List 1, whole numbers: all opcodes are of codes, even a polynomial (as Adobe's own reader does it)."""
STORED_FLOATS = Scale(1.0, 1.0, -UNBOUNDED, UNBOUNDED)
"""List 1 of a file that stores floats."""
SIGNAL = Scale(1.0, CODES, -1.0, 1.0)
"""List 2: 0 is black, 1 is white and the sensor's end."""


def tabled(value, k, row, col):
    """A value through a table; between two entries it is interpolated, below 0 the table is continued as it began."""
    place = min(abs(value) * k.codes, k.last)
    index = int(place)
    entry = fma(place - f32(index), k.table[index + 1] - k.table[index], k.table[index])
    mapped = (entry if value >= 0.0 else 2.0 * k.table[0] - entry) * k.unit
    return min(max(mapped, k.low), k.high) if k.rows[row] * k.cols[col] > 0.5 else value


def polynomial_of_few(value, k, row, col):
    """A value through a polynomial of third degree; below 0 it is continued about its value at 0."""
    x = min(abs(value) * k.inverse, 1.0)
    sum_ = fma(fma(k.c3, x, k.c2), x, k.c1) * x
    y = (k.c0 + (sum_ if value >= 0.0 else -sum_)) * k.full
    return min(max(y, k.low), k.high) if k.rows[row] * k.cols[col] > 0.5 else value


def polynomial_of_many(value, k, row, col):
    """As `polynomial_of_few`, of eighth degree."""
    x = min(abs(value) * k.inverse, 1.0)
    upper = fma(fma(fma(fma(k.c8, x, k.c7), x, k.c6), x, k.c5), x, k.c4)
    sum_ = fma(fma(fma(upper, x, k.c3), x, k.c2), x, k.c1) * x
    y = (k.c0 + (sum_ if value >= 0.0 else -sum_)) * k.full
    return min(max(y, k.low), k.high) if k.rows[row] * k.cols[col] > 0.5 else value


def shifted(value, k, row, col):
    """A value and the delta of its row or column; one of the two arrays holds deltas, the other 0 and 1."""
    part = k.rows[row] * k.cols[col]
    return min(max(value + part, k.low), k.high) if part != 0.0 else value


def scaled(value, k, row, col):
    """A value times the factor of its row or column; one array holds factors less 1, the other 0 and 1."""
    part = k.rows[row] * k.cols[col]
    return min(max(fma(value, part, value), k.low), k.high) if part != 0.0 else value


def gained(value, k, row, col):
    """A value times the gain of its place: between two rows of maps that were interpolated along their rows."""
    at = k.index[row]
    upper = k.gains[at, col]
    gain = fma(k.part[row], k.gains[at + 1, col] - upper, upper)
    return min(max(value * gain, k.low), k.high) if gain != 1.0 else value


def steps_of(opcodes: Sequence[Opcode], facts: Facts, scale: Scale, name: str) -> tuple[Step, ...]:
    """POINT steps of `POINTWISE` opcodes, in their order; gain maps that may be done together are.

    Parameters
    ----------
    opcodes : sequence of Opcode
        Areas and maps in pixels of the frame.
    facts : Facts
        Of the frame that they meet.
    scale : Scale
    name : str
        The stage's.
    """
    steps: list[Step] = []
    left = list(opcodes)
    while left:
        opcode = left.pop(0)
        maps = [opcode]
        while opcode.name == "GainMap" and left and left[0].name == "GainMap" and _are_one(maps, left[0], facts):
            maps.append(left.pop(0))
        for number, plane in enumerate(PLANES[facts.state]):
            if number in _planes(opcode):
                steps += _step(maps, facts, scale, plane=plane, number=number, name=name)
    return tuple(steps)


def _step(
    opcodes: Sequence[Opcode], facts: Facts, scale: Scale, *, plane: str, number: int, name: str
) -> tuple[Step, ...]:
    """The step of one opcode, or of gain maps that are one, on one plane; none when it changes nothing."""
    opcode = opcodes[0]
    p = opcode.parameters
    rows, cols = _within(opcode, facts)
    if not (rows.any() and cols.any()):
        return ()
    constants: dict[str, Any] = {"low": scale.low, "high": scale.high}
    if opcode.name == "GainMap":
        body, more = gained, _gains(opcodes, facts, number)
    elif opcode.name in LINES:
        body, more = _lines(opcode, rows, cols, scale)
    elif opcode.name in TABLES:
        table = np.append(p["Table"], p["Table"][-1]).astype(np.float32)
        body, more = tabled, {"table": table, "last": float(len(table) - 2)}
        more |= {"codes": scale.codes, "unit": 1.0 / scale.codes, "rows": rows, "cols": cols}
    else:
        terms = [float(c) * scale.full ** (n - 1) for n, c in enumerate(p["Coefficients"])]
        while len(terms) > 1 and terms[-1] == 0.0:
            terms.pop()
        if terms == [0.0, 1.0]:
            return ()
        count = FEW if len(terms) <= FEW else MANY
        body = polynomial_of_few if count == FEW else polynomial_of_many
        more = {f"c{n}": terms[n] if n < len(terms) else 0.0 for n in range(count)}
        more |= {"full": scale.full, "inverse": 1.0 / scale.full, "rows": rows, "cols": cols}
    return (Step(f"{name}.{opcode.name}", Access.POINT, body, (plane,), (plane,), constants | more),)


def _planes(opcode: Opcode) -> range:
    first, count = opcode.parameters["Plane"], opcode.parameters["Planes"]
    return range(first, first + count)


def _within(opcode: Opcode, facts: Facts) -> tuple[Array, Array]:
    """1 for each row, and for each column, that an opcode's area and pitch meet; float32."""
    p = opcode.parameters
    sides = []
    for count, first, end, pitch in (
        (facts.rows, p["Top"], p["Bottom"], p["RowPitch"]),
        (facts.cols, p["Left"], p["Right"], p["ColPitch"]),
    ):
        at = np.arange(count)
        sides.append(((at >= first) & (at < end) & ((at - first) % pitch == 0)).astype(np.float32))
    return sides[0], sides[1]


def _lines(opcode: Opcode, rows: Array, cols: Array, scale: Scale) -> tuple[Any, dict[str, Any]]:
    """The body and the arrays of deltas or factors per row or column."""
    p = opcode.parameters
    is_delta, is_by_row = opcode.name.startswith("Delta"), opcode.name.endswith("Row")
    values = p["Values"].astype(np.float64)
    values = values / scale.codes if is_delta else values - 1.0
    along, first, pitch = (rows, p["Top"], p["RowPitch"]) if is_by_row else (cols, p["Left"], p["ColPitch"])
    spread = np.zeros(len(along), np.float32)
    (met,) = along.nonzero()
    numbers = (met - first) // pitch
    spread[met[numbers < len(values)]] = values[numbers[numbers < len(values)]]
    arrays = {"rows": spread, "cols": cols} if is_by_row else {"rows": rows, "cols": spread}
    return shifted if is_delta else scaled, arrays


def _are_one(maps: Sequence[Opcode], more: Opcode, facts: Facts) -> bool:
    """Whether a gain map has the rows of points and the planes of others, and no pixel of theirs."""
    keys = ("Plane", "Planes", "MapSpacingV", "MapOriginV", "MapPlanes")
    if any(more.parameters[key] != maps[0].parameters[key] for key in keys):
        return False
    if len(more.parameters["Gains"]) != len(maps[0].parameters["Gains"]):
        return False
    rows, cols = _within(more, facts)
    others = [_within(other, facts) for other in maps]
    return not any((rows * r).any() and (cols * c).any() for r, c in others)


def _gains(opcodes: Sequence[Opcode], facts: Facts, plane: int) -> dict[str, Any]:
    """Gain maps interpolated to every column, a block of rows for each set of maps that rows of the frame meet.

    A row reads rows ``index`` and ``index + 1`` of ``gains``, and is ``part`` of the way to the second. Points lie at
    ``origin + n · spacing`` of a frame whose sides are 1, pixels at their centres; beyond the outermost, their gain.
    """
    grid = opcodes[0].parameters
    points = len(grid["Gains"])
    place = ((np.arange(facts.rows) + 0.5) / facts.rows - grid["MapOriginV"]) / grid["MapSpacingV"]
    place = np.clip(place, 0, points - 1)
    index, part = place.astype(np.int32), (place % 1.0).astype(np.float32)
    met = [_within(opcode, facts) for opcode in opcodes]
    kinds, kind_of = np.unique(np.stack([rows for rows, _ in met]), axis=1, return_inverse=True)
    blocks = []
    for kind in kinds.T:
        # A last row twice: the row behind the last is read, with a part of 0.
        block = np.ones((points + 1, facts.cols), np.float32)
        for opcode, (_, cols), is_met in zip(opcodes, met, kind, strict=True):
            if is_met:
                wide = _wide(opcode, facts.cols, plane)
                block[:points, cols > 0] = wide[:, cols > 0]
        block[points] = block[points - 1]
        blocks.append(block)
    index += ((points + 1) * kind_of.reshape(-1)).astype(np.int32)
    return {"index": index, "part": part, "gains": np.concatenate(blocks)}


def _wide(opcode: Opcode, cols: int, plane: int) -> Array:
    """(points, cols) gains of one plane, each row of points interpolated to the frame's columns."""
    p = opcode.parameters
    gains = p["Gains"][..., min(plane - p["Plane"], p["MapPlanes"] - 1)].astype(np.float64)
    place = ((np.arange(cols) + 0.5) / cols - p["MapOriginH"]) / p["MapSpacingH"]
    place = np.clip(place, 0, gains.shape[1] - 1)
    low = place.astype(int)
    high = np.minimum(low + 1, gains.shape[1] - 1)
    return np.asarray(gains[:, low] + (place - low) * (gains[:, high] - gains[:, low]))


def mean_gains(opcodes: Sequence[Opcode], facts: Facts) -> Triple:
    """What gain maps multiply red, green and blue by, on average over their points."""
    period = facts.cfa.period if facts.cfa else 1
    by_colour: list[list[float]] = [[], [], []]
    for site in range(period**2):
        for plane in range(facts.planes):
            gain = 1.0
            for opcode in opcodes:
                rows, cols = _within(opcode, facts)
                if opcode.name == "GainMap" and plane in _planes(opcode):
                    is_met = rows[site // period :: period].any() and cols[site % period :: period].any()
                    gain *= float(opcode.parameters["Gains"].mean()) if is_met else 1.0
            by_colour[facts.cfa.sites[site] if facts.cfa else plane].append(gain)
    red, green, blue = (sum(gains) / len(gains) for gains in by_colour)
    return red, green, blue
