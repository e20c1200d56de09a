"""What demosaic interpolates: samples, their roots, or roots that even out the noise."""

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import convolve

from tenbit.kernels._encode import encoding, shift_of
from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame


def mosaic(**facts):
    samples = np.random.default_rng(7).random((8, 10), dtype=np.float32)
    frame = Frame.from_mosaic(1.5 * samples - 0.02, cfa="GRBG")
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))


def bilinear_of_roots(frame, shift):
    """Normalised convolution of each colour's roots with a tent, squared."""
    rows, cols = frame.samples.shape
    roots = np.sqrt(np.maximum(frame.samples.astype(float) + shift, 0))
    colour = np.array([[frame.facts.cfa.colour(r, c) for c in range(cols)] for r in range(rows)])
    tent = np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    out = np.empty((rows, cols, 3))
    for c in range(3):
        seen = np.pad(colour == c, 2, mode="reflect").astype(float)
        mean = convolve(np.pad(roots, 2, mode="reflect") * seen, tent) / convolve(seen, tent)
        out[..., c] = np.where(colour == c, roots, mean[2:-2, 2:-2])
    return out**2 - shift


@pytest.mark.parametrize(
    ("encode", "noise", "shift"),
    [
        ("sqrt", None, 0.01),
        # offset / scale + 3/8 scale of green, and three standard deviations of black of blue
        ("vst", ((1e-3, 4e-6), (1e-3, 1e-5), (1e-3, 4e-6)), 0.01 + 0.000375),
        ("vst", ((1e-2, 1e-8), (1e-2, 1e-8), (1e-2, 4e-6)), 0.006),
        ("vst", ((1e-6, 1e-9),), 0.002),
        ("vst", ((1e-6, 1e-4),), 0.05),
    ],
)
def test_equals_squares_of_roots(develop, encode, noise, shift):
    frame = mosaic(noise=noise)
    out = develop(frame, ("demosaic", {"method": "bilinear", "encode": encode}))
    # roots and squares of float32 about 1; samples above 1 stay above 1
    np.testing.assert_allclose(out.samples, bilinear_of_roots(frame, shift), atol=2e-6)
    assert out.samples.max() > 1.3


def test_auto_encodes_what_linear_filters_do_not():
    light = mosaic().facts
    known = mosaic(noise=((1e-3, 1e-6),)).facts
    counts = Frame.from_mosaic(np.zeros((4, 4), np.uint16), black=64, white=1023).facts
    assert [step.name for step in encoding("demosaic", "auto", light).before] == ["demosaic.encode"]
    assert encoding("demosaic", "auto", light).before[0].resolved({}) == {"shift": 0.01}
    assert encoding("demosaic", "auto", known).before[0].resolved({}) == {"shift": shift_of(((1e-3, 1e-6),))}
    assert encoding("demosaic", "auto", counts).before == ()


def test_vst_measures_noise_that_nobody_tells():
    what = encoding("demosaic", "vst", mosaic().facts)
    assert what.facts.measured_noise == (1.0, 1.0, 1.0)
    assert any("estimated" in note for note in what.notes)
    assert what.before[-1].resolved({"noise": ((1e-3, 1e-6),) * 3}) == {"shift": pytest.approx(0.003)}


@pytest.mark.parametrize("encode", ["sqrt", "vst"])
def test_counts_are_refused(develop, encode):
    frame = Frame.from_mosaic(np.zeros((4, 4), np.uint16), black=64, white=1023)
    with pytest.raises(StageError, match=f"demosaic: encode {encode}: the samples are counts.*put black_level before"):
        develop(frame, ("demosaic", {"method": "malvar", "encode": encode}))
