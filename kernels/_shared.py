"""Where the tiles of a pass lie in the shared memory of a CUDA block, and how large its blocks are. Pure: no device.

A plane that a leg keeps is needed until the last leg that reads it; then others use its place. No more barriers than
the one behind each leg are needed for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tenbit.kernels._legs import Kept, Leg, legs_of
from tenbit.kernels._pass import Pass
from tenbit.kernels._stage import Step

# Threads of a block, as (rows, cols): 32 wide so that a warp reads one row segment, and for legs that look far a
# square, around which less is done again (12 stencils that look 17 pixels far: 25.2 pixels done per pixel, or 23.5).
BLOCKS = ((8, 32), (16, 16))
# Shared memory of a block: what every card gives without being asked for more. At 32 KiB half of the threads of an
# sm_75 are resident, at 48 KiB a quarter (of an sm_90 half at both); but where a pass is split for that, what its legs
# know is written and read once more: 12 stencils in two passes take 40 bytes a pixel of it, in three 64, beside the 16
# of mosaic and picture.
SHARED_BYTES = 48 * 1024


@dataclass(frozen=True)
class Tile:
    """A plane of one leg in shared memory.

    Parameters
    ----------
    first : int
        Number of its first float.
    rows, cols : int
        Pixels, with those around what the block owns.
    around : int
        Pixels of it above, below and beside what the block owns.
    """

    first: int
    rows: int
    cols: int
    around: int

    @property
    def end(self) -> int:
        return self.first + self.rows * self.cols


@dataclass(frozen=True)
class Blocks:
    """How blocks do a pass.

    Parameters
    ----------
    threads : tuple of int
        (rows, cols) of a block.
    span : int
        Pixels of a tile along one side per thread.
    tiles : dict
        Number of a leg and plane, to where it lies.
    floats : int
        Of all tiles.
    """

    threads: tuple[int, int]
    span: int
    tiles: dict[tuple[int, str], Tile]
    floats: int

    @property
    def count(self) -> int:
        """Threads."""
        return self.threads[0] * self.threads[1]


@dataclass(frozen=True)
class Loop:
    """How the threads of a block share out what a leg does.

    Parameters
    ----------
    high, wide : int
        Pixels, or CFA periods where a body differs from site to site.
    unit : int
        Pixels of one of these along one side.
    is_through : bool
        Whether the threads count through rows that are not of their width, one after the other.
    turns : int
        Of each thread.
    """

    high: int
    wide: int
    unit: int
    is_through: bool
    turns: int


@lru_cache(maxsize=256)
def blocks_of(work: Pass) -> Blocks:
    """The blocks for a pass: of those that fit the ones that do least."""
    every = [_laid(work, threads) for threads in BLOCKS]
    fitting = [blocks for blocks in every if _bytes(work, blocks) <= SHARED_BYTES]
    # For a twentieth a warp may read two rows.
    return min(fitting or every, key=lambda blocks: _turns(work, blocks) * (1.0 if blocks is every[0] else 1.05))


def fits(work: Pass) -> bool:
    """Whether a block can hold the tiles of a pass; of cells it makes one by one alone, looking at computed places."""
    return not work.small and shared_bytes(work) <= SHARED_BYTES


def shared_bytes(work: Pass) -> int:
    """Shared memory of a block."""
    return _bytes(work, blocks_of(work))


def has_own(tally: Step) -> bool:
    """Whether a block has counters of its own: thousands would leave no room for other blocks."""
    return 4 * tally.counters <= 8 * 1024


def loop_of(leg: Leg, blocks: Blocks, period: int) -> Loop:
    """The loop of a leg: thread by thread over its rectangle, or through it where that saves a tenth of the turns."""
    unit = period if leg.is_by_site else 1
    high, wide = ((blocks.span * side + 2 * leg.pixels) // unit for side in blocks.threads)
    apart = -(-high // blocks.threads[0]) * -(-wide // blocks.threads[1])
    through = -(-high * wide // blocks.count)
    is_through = 10 * through <= 9 * apart
    return Loop(high, wide, unit, is_through, through if is_through else apart)


def _bytes(work: Pass, blocks: Blocks) -> int:
    return 4 * (blocks.floats + sum(tally.counters for tally in work.tallies if has_own(tally)))


def _turns(work: Pass, blocks: Blocks) -> float:
    """Pixels that a thread does for each that it owns, over all legs."""
    loops = [loop_of(leg, blocks, work.period) for leg in legs_of(work)]
    return sum(loop.turns * loop.unit**2 for loop in loops) / blocks.span**2


def _laid(work: Pass, threads: tuple[int, int]) -> Blocks:
    """Tiles, each in the first gap among those that are needed at the same time."""
    legs = legs_of(work)
    span = work.period if len(legs) > 1 or legs[0].is_by_site else 1
    there: list[tuple[int, str, Kept, Tile]] = []
    for index, leg in enumerate(legs):
        for plane, kept in leg.keeps.items():
            rows, cols = (span * side + 2 * kept.pixels for side in threads)
            first = 0
            for other in sorted((tile for *_, one, tile in there if one.last >= index), key=lambda tile: tile.first):
                if first + rows * cols <= other.first:
                    break
                first = max(first, other.end)
            there.append((index, plane, kept, Tile(first, rows, cols, kept.pixels)))
    tiles = {(index, plane): tile for index, plane, _, tile in there}
    return Blocks(threads, span, tiles, max((tile.end for tile in tiles.values()), default=0))
