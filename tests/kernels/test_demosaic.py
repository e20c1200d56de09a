"""Demosaic against an independent reference: whole-array convolution, colour by colour."""

import numpy as np
import pytest
from scipy.ndimage import convolve

from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame

BAYER = ("RGGB", "GRBG", "GBRG", "BGGR")


def masks(frame: Frame) -> np.ndarray:
    rows, cols = frame.samples.shape
    colour = np.array([[frame.facts.cfa.colour(r, c) for c in range(cols)] for r in range(rows)])
    return np.stack([colour == n for n in range(3)])


def bilinear(frame: Frame) -> np.ndarray:
    """Normalised convolution of each colour's samples with a tent: the classical bilinear demosaic."""
    tent = np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    seen = masks(frame).astype(float)
    padded = [np.pad(frame.samples * m, 2, mode="reflect") for m in seen]
    weight = [np.pad(m, 2, mode="reflect") for m in seen]
    out = [convolve(p, tent) / convolve(w, tent) for p, w in zip(padded, weight, strict=True)]
    return np.where(np.moveaxis(seen, 0, -1) > 0, frame.samples[..., None], np.stack(out, axis=-1)[2:-2, 2:-2])


def malvar(frame: Frame) -> np.ndarray:
    """The four 5 × 5 filters of Malvar, He and Cutler (2004), as printed, convolved over the whole mosaic."""
    g_at_rb = np.array([[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]) / 8
    in_row = (
        np.array([[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]]) / 8
    )
    far = (
        np.array([[0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5], [0, 2, 0, 2, 0], [0, 0, -1.5, 0, 0]]) / 8
    )
    padded = np.pad(frame.samples.astype(float), 2, mode="reflect")
    g, row, col, opposite = (convolve(padded, k)[2:-2, 2:-2] for k in (g_at_rb, in_row, in_row.T, far))
    red, green, blue = masks(frame)
    red_rows = red.any(axis=1)[:, None]
    out = np.empty((*frame.samples.shape, 3))
    out[..., 1] = np.where(green, frame.samples, g)
    out[..., 0] = np.where(red, frame.samples, np.where(blue, opposite, np.where(red_rows, row, col)))
    out[..., 2] = np.where(blue, frame.samples, np.where(red, opposite, np.where(red_rows, col, row)))
    return out


@pytest.mark.parametrize("cfa", BAYER)
@pytest.mark.parametrize("shape", [(6, 8), (7, 5), (13, 70)])
@pytest.mark.parametrize(("method", "expected"), [("bilinear", bilinear), ("malvar", malvar)])
def test_equals_convolution(develop, cfa, shape, method, expected):
    samples = np.random.default_rng(1).random(shape, dtype=np.float32)
    frame = Frame.from_mosaic(samples, cfa=cfa)
    out = develop(frame, ("demosaic", {"method": method}))
    # float32 sums of at most 13 terms below 6
    np.testing.assert_allclose(out.samples, expected(frame), atol=2e-6)
    assert out.state == "linear"


def test_hand_worked_red_site(develop):
    samples = np.zeros((6, 6), np.float32)
    samples[2, 2], samples[2, 3], samples[3, 3] = 0.8, 0.4, 0.2
    out = develop(Frame.from_mosaic(samples), ("demosaic", {"method": "malvar"})).samples
    # green: (4·0.8 + 2·0.4) / 8; blue: (6·0.8 + 2·0.2) / 8
    np.testing.assert_allclose(out[2, 2], [0.8, 0.5, 0.65], atol=1e-6)


@pytest.mark.parametrize("method", ["bilinear", "malvar"])
def test_flat_stays_flat(develop, method):
    out = develop(Frame.from_mosaic(np.full((5, 9), 0.25, np.float32)), ("demosaic", {"method": method}))
    np.testing.assert_allclose(out.samples, 0.25, atol=1e-7)


@pytest.mark.parametrize("cfa", BAYER)
def test_equals_plain_python(develop, plain, cfa):
    frame = Frame.from_mosaic(
        np.random.default_rng(2).integers(0, 1023, (9, 11)).astype(np.uint16), cfa=cfa, black=64, white=1023
    )
    chain = (("black_level", {}), ("demosaic", {"method": "malvar"}))
    np.testing.assert_array_equal(develop(frame, *chain).samples, plain(frame, *chain).samples)


def test_quad_bayer_is_refused(develop):
    frame = Frame.from_mosaic(np.zeros((8, 8), np.float32), cfa="QRGGB")
    with pytest.raises(StageError, match=r"quad-Bayer \(QRGGB\)"):
        develop(frame, ("demosaic", {"method": "malvar"}))
