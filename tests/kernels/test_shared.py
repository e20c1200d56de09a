"""Tiles in shared memory: as large as what is read of them, together where they are not needed at the same time."""

import pytest
from made_up.chains import Chain

from tenbit.kernels import _shared
from tenbit.kernels._facts import Cfa
from tenbit.kernels._legs import legs_of
from tenbit.kernels._shared import BLOCKS, blocks_of, fits, loop_of, shared_bytes

LONG = ("gain", "edge", "spread", "guide", "farther", "edge", "spread", "spread", "guide", "near", "edge", "guide")


def passes(names, cfa="RGGB", rows=64, cols=96):
    fused, _ = Chain(tuple(names), Cfa(cfa), "float32", None).plans(rows, cols, 1)
    return fused.cuda_passes


def test_a_tile_is_as_large_as_what_is_read_of_it():
    # edge looks 1 pixel around the mosaic; spread 2 around the edge; ease at its own pixel of the mosaic.
    (work,) = passes(["edge", "spread", "ease"])
    blocks = blocks_of(work)
    assert (blocks.threads, blocks.span) == ((16, 16), 2)
    mosaic, edge = blocks.tiles[0, "mosaic"], blocks.tiles[1, "edge"]
    assert (mosaic.rows, mosaic.cols, mosaic.around) == (32 + 2 * 3, 32 + 2 * 3, 3)
    assert (edge.rows, edge.cols, edge.around) == (32 + 2 * 2, 32 + 2 * 2, 2)
    assert shared_bytes(work) == 4 * (38 * 38 + 36 * 36)


def test_a_body_by_site_is_done_by_whole_periods():
    (work,) = passes(["near", "sited", "near"])
    # near looks 1 pixel around, sited 2: what it makes is made for 2 pixels around, not 1.
    assert [leg.pixels for leg in legs_of(work)] == [5, 4, 2, 0]
    by_site = legs_of(work)[2]
    loop = loop_of(by_site, blocks_of(work), work.period)
    assert by_site.is_by_site and by_site.pixels == 2 and (loop.unit, loop.high, loop.wide) == (2, 10, 34)


@pytest.mark.parametrize("names", [LONG, ("edge", "spread", "guide", "ease"), ("gain",)])
@pytest.mark.parametrize("cfa", ["RGGB", "QRGGB"])
def test_what_is_needed_at_the_same_time_lies_apart(names, cfa):
    for work in passes(names, cfa):
        legs, blocks = legs_of(work), blocks_of(work)
        for index in range(len(legs)):
            there = [
                tile for (maker, plane), tile in blocks.tiles.items() if maker <= index <= legs[maker].keeps[plane].last
            ]
            floats = [number for tile in there for number in range(tile.first, tile.end)]
            assert len(floats) == len(set(floats)) and max(floats, default=-1) < blocks.floats


def test_a_place_is_used_again():
    (work,) = passes(LONG)
    tiles = blocks_of(work).tiles.values()
    assert len(tiles) == 11
    assert blocks_of(work).floats < 0.5 * sum(tile.rows * tile.cols for tile in tiles)
    assert fits(work)


def test_where_legs_look_far_a_block_is_square():
    (near,), (far,) = passes(["near"]), passes(LONG)
    assert (blocks_of(near).threads, blocks_of(far).threads) == BLOCKS


def test_a_pass_that_fits_no_block_is_refused(monkeypatch):
    (work,) = passes(["edge", "spread", "ease"])
    monkeypatch.setattr(_shared, "SHARED_BYTES", shared_bytes(work) // 2)
    assert not fits(work)


def test_every_pixel_of_a_leg_is_done():
    for work in passes(LONG):
        for leg in legs_of(work):
            for threads in BLOCKS:
                blocks = _shared._laid(work, threads)
                loop = loop_of(leg, blocks, work.period)
                assert (loop.high * loop.unit, loop.wide * loop.unit) == tuple(
                    2 * side + 2 * leg.pixels for side in threads
                )
                assert loop.turns * blocks.count >= loop.high * loop.wide
