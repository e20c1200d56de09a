"""Quad-Bayer binning against a reshape and a mean."""

import numpy as np
import pytest

from tenbit.pipeline.frame import Frame


@pytest.mark.parametrize("cfa", ["QRGGB", "QGBRG"])
@pytest.mark.parametrize("shape", [(8, 12), (10, 7), (13, 70)])
def test_is_the_mean_of_blocks(develop, cfa, shape):
    samples = np.random.default_rng(1).integers(0, 1023, shape).astype(np.uint16)
    black = tuple(range(60, 76))
    out = develop(Frame.from_mosaic(samples, cfa=cfa, black=black, white=1023), ("quad_bayer", {"method": "bin"}))
    rows, cols = shape[0] // 2, shape[1] // 2
    expected = samples[: 2 * rows, : 2 * cols].reshape(rows, 2, cols, 2).mean(axis=(1, 3))
    np.testing.assert_array_equal(out.samples, expected.astype(np.float32))
    assert out.facts.cfa.name == cfa[1:]
    assert out.warnings == (f"quad_bayer: a quad-Bayer mosaic of {shape[1]} x {shape[0]} is binned to {cols} x {rows}",)
    # sites of the first block are 0, 1, 4 and 5 of 16
    assert out.facts.black[0] == (60 + 61 + 64 + 65) / 4


def test_a_bayer_mosaic_stays_bit_for_bit(develop):
    samples = np.random.default_rng(2).random((6, 8), dtype=np.float32)
    out = develop(Frame.from_mosaic(samples), ("quad_bayer", {}))
    assert out.state == "mosaic"
    np.testing.assert_array_equal(out.samples, samples)


def test_levels_and_demosaic_follow(develop, plain):
    samples = np.random.default_rng(3).integers(64, 1023, (16, 20)).astype(np.uint16)
    frame = Frame.from_mosaic(samples, cfa="QBGGR", black=64, white=1023)
    chain = (("quad_bayer", {}), ("black_level", {}), ("demosaic", {"method": "malvar"}))
    out = develop(frame, *chain)
    assert out.samples.shape == (8, 10, 3)
    np.testing.assert_array_equal(out.samples, plain(frame, *chain).samples)
    before = develop(frame, ("black_level", {}), ("quad_bayer", {}), ("demosaic", {"method": "malvar"}))
    # float32 rounding of two orders of the same mean
    np.testing.assert_allclose(before.samples, out.samples, atol=3e-6)
