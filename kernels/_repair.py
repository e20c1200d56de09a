"""Defective sites of a mosaic: marked by a value that no sample has, then filled from the samples around them.

A mark is far below every sample, so a step that fills one sees which of its neighbours are to be trusted, without a
second plane. Several sources may mark before one step fills.
"""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import GREEN, Array, Facts
from tenbit.kernels._stage import PLANES, Access, Constant, PerSite, Step

MARK, LEAST = -1e30, -1e29
# Of white less black: two samples that differ by less are as good as equal, so a direction is not chosen by noise.
FLAT = 0.004
# Of two equal pairs, the farther one counts so much, squared.
FAR = 0.7
WORD = 32


def marked(mosaic, k, row, col):
    """The mark at a known site, the sample elsewhere; 32 columns to a word of the mask."""
    return MARK if (k.bits[row, col >> 5] >> (col & 31)) & 1 else mosaic


def marked_constant(mosaic, k):
    """The mark for a sample of the value by which a camera says that a site is defective."""
    return MARK if mosaic == k.constant else mosaic


def filled(m, k):
    """A sample; where there is a mark, what its colour is along the directions that change least.

    Every pair of opposite neighbours of its colour counts by how little they differ, and by how little another colour
    between them does. Green's own diagonal neighbours are nearer. A marked neighbour is so far off that its pair counts
    nothing, of two marked ones their sum tells.
    """
    left, right, top, bottom = m(0, -2), m(0, 2), m(-2, 0), m(2, 0)
    first = m(-1, -1) if k.is_green > 0.5 else m(-2, -2)
    fourth = m(1, 1) if k.is_green > 0.5 else m(2, 2)
    second = m(-1, 1) if k.is_green > 0.5 else m(-2, 2)
    third = m(1, -1) if k.is_green > 0.5 else m(2, -2)
    across = k.side / (abs(left - right) + abs(m(0, -1) - m(0, 1)) + k.flat - min(left + right, 0.0))
    down = k.side / (abs(top - bottom) + abs(m(-1, 0) - m(1, 0)) + k.flat - min(top + bottom, 0.0))
    falling = k.corner / (abs(first - fourth) + abs(m(-1, -1) - m(1, 1)) + k.flat - min(first + fourth, 0.0))
    rising = k.corner / (abs(second - third) + abs(m(-1, 1) - m(1, -1)) + k.flat - min(second + third, 0.0))
    total = (across * across + down * down) + (falling * falling + rising * rising)
    sides = across * across * (left + right) + down * down * (top + bottom)
    corners = falling * falling * (first + fourth) + rising * rising * (second + third)
    # No pair is whole: any neighbour that is.
    beside = left if left > LEAST else (right if right > LEAST else (top if top > LEAST else bottom))
    diagonal = first if first > LEAST else (second if second > LEAST else (third if third > LEAST else fourth))
    lone = beside if beside > LEAST else (diagonal if diagonal > LEAST else k.rest)
    value = m(0, 0)
    return value if value > LEAST else (0.5 * (sides + corners) / total if total > 0.0 else lone)


def filled_in_block(m, k):
    """A sample of a quad-Bayer block; where there is a mark, what the other three of its block say.

    An edge through the block is followed as lossless coding does it (the median edge detector of Weinberger, Seroussi
    and Sapiro, IEEE TIP 9(8), 2000). Where they are marked too, those that are not, and then the block beside it.
    """
    beside = m(0, 1) if k.is_left > 0.5 else m(0, -1)
    below = m(1, 0) if k.is_top > 0.5 else m(-1, 0)
    lower = m(1, 1) if k.is_left > 0.5 else m(1, -1)
    upper = m(-1, 1) if k.is_left > 0.5 else m(-1, -1)
    corner = lower if k.is_top > 0.5 else upper
    far = m(0, -3) if k.is_left > 0.5 else m(0, 3)
    high = m(-3, 0) if k.is_top > 0.5 else m(3, 0)
    edge = min(max(min(beside, below), beside + below - corner), max(beside, below))
    # The larger of two is the one that is no mark.
    lone = max(beside, below)
    pair = 0.5 * (beside + below) if min(beside, below) > LEAST else lone
    block = edge if min(min(beside, below), corner) > LEAST else pair
    inside = block if block > LEAST else corner
    beyond = max(far, high)
    value = m(0, 0)
    return value if value > LEAST else (inside if inside > LEAST else (beyond if beyond > LEAST else k.rest))


def fill(facts: Facts, name: str, *, is_last: bool = True) -> Step:
    """The step that fills marks; those in the middle of a hole stay marked unless it is the last."""
    assert facts.cfa is not None
    span = max(high - low for low, high in zip(facts.black, facts.white, strict=True))
    constants: dict[str, Constant] = {"rest": PerSite(facts.black if is_last else (MARK,) * len(facts.black))}
    planes = PLANES["mosaic"]
    if facts.cfa.is_quad:
        constants |= {"is_left": PerSite(float(n % 2 == 0) for n in range(16))}
        constants |= {"is_top": PerSite(float(n // 4 % 2 == 0) for n in range(16))}
        return Step(name, Access.STENCIL, filled_in_block, planes, planes, constants, radius=3)
    is_green = [colour == GREEN for colour in facts.cfa.sites]
    flat = FLAT * span
    constants |= {"flat": flat, "is_green": PerSite(map(float, is_green))}
    constants |= {"side": PerSite(flat * (FAR if green else 1.0) for green in is_green)}
    constants |= {"corner": PerSite(flat * (1.0 if green else FAR) for green in is_green)}
    return Step(name, Access.STENCIL, filled, planes, planes, constants, radius=2)


def mark_sites(facts: Facts, sites: Array, name: str) -> tuple[Step, ...]:
    """The step that marks known sites, (count, 2) of row and column, and as many as it takes to fill them."""
    inside = sites[((sites >= 0) & (sites < (facts.rows, facts.cols))).all(axis=1)]
    if not len(inside):
        return ()
    is_bad = np.zeros((facts.rows, -(-facts.cols // WORD) * WORD), bool)
    is_bad[inside[:, 0], inside[:, 1]] = True
    packed = np.packbits(is_bad, axis=1, bitorder="little")
    bits = np.ascontiguousarray(packed).view("<u4").astype(np.int64).astype(np.int32)
    planes = PLANES["mosaic"]
    mark = Step(f"{name}.known", Access.POINT, marked, planes, planes, {"bits": bits})
    passes = _passes_to_fill(facts, is_bad[:, : facts.cols])
    return (mark, *(fill(facts, f"{name}.fill", is_last=n == passes - 1) for n in range(passes)))


def mark_constant(facts: Facts, constant: float, name: str) -> tuple[Step, ...]:
    """The step that marks samples of one value, and two that fill them: larger holes keep their black level."""
    planes = PLANES["mosaic"]
    mark = Step(f"{name}.constant", Access.POINT, marked_constant, planes, planes, {"constant": float(constant)})
    return mark, fill(facts, f"{name}.fill", is_last=False), fill(facts, f"{name}.fill")


MOST_PASSES = 3
"""A hole that is wider than so many fills reach keeps its black level in the middle: it is no defect of sites."""


def _passes_to_fill(facts: Facts, is_bad: Array) -> int:
    """How often `fill` has to run until no mark is left: more than once where whole neighbourhoods are marked."""
    rows, cols = is_bad.nonzero()
    hole = is_bad.copy()
    for count in range(1, MOST_PASSES):
        is_reached = np.zeros(len(rows), bool)
        for d_row, d_col in _reach(facts):
            r, c = rows + d_row, cols + d_col
            is_inside = (r >= 0) & (r < facts.rows) & (c >= 0) & (c < facts.cols)
            is_like = _colours(facts, rows, cols) == _colours(facts, r, c)
            is_reached |= is_inside & is_like & ~hole[np.clip(r, 0, facts.rows - 1), np.clip(c, 0, facts.cols - 1)]
        hole[rows[is_reached], cols[is_reached]] = False
        rows, cols = rows[~is_reached], cols[~is_reached]
        if not len(rows):
            return count
    return MOST_PASSES


def _reach(facts: Facts) -> list[tuple[int, int]]:
    """Offsets at which `fill` looks, where the same colour lies."""
    assert facts.cfa is not None
    if facts.cfa.is_quad:
        return [*((r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c), (0, -3), (0, 3), (-3, 0), (3, 0)]
    two = [(r, c) for r in (-2, 0, 2) for c in (-2, 0, 2) if r or c]
    return [*two, (-1, -1), (-1, 1), (1, -1), (1, 1)]


def _colours(facts: Facts, rows: Array, cols: Array) -> Array:
    """The colour of each of many sites."""
    assert facts.cfa is not None
    period = facts.cfa.period
    return np.asarray(np.array(facts.cfa.sites)[(rows % period) * period + cols % period])
