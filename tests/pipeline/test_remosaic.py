"""From a quad-Bayer dump to a Bayer DNG, through the command's own path."""

import numpy as np
import pytest

import tenbit
from tenbit.pipeline import batch, config, foreseen
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.sample import make

CHAIN = """chain:
  - black_level
  - quad_bayer: {method: remosaic}
output: {format: dng}
"""


@pytest.fixture
def developed(tmp_path):
    """A simulated RAW10 dump, and the DNG that the chain makes of it."""
    make(tmp_path / "a.raw10", rows=64, cols=80, cfa="QGRBG", seed=2, is_noisy=False, truth=False)
    (tmp_path / "remosaic.yaml").write_text(CHAIN, "utf-8")
    chain = foreseen.settled(config.load(tmp_path / "remosaic.yaml"), "dng")
    (outcome,) = batch.develop([Job(tmp_path / "a.raw10", tmp_path / "a.dng")], batch.Order(chain, device="cpu"))
    assert outcome.status == "done", outcome.error
    return tmp_path


def test_the_file_is_a_bayer_mosaic_with_the_colours_of_the_dump(developed):
    dump, dng = tenbit.read(developed / "a.raw10"), tenbit.read(developed / "a.dng")
    assert (dng.facts.cfa.name, dng.samples.shape, dng.samples.dtype) == ("GRBG", (64, 80), np.uint16)
    np.testing.assert_allclose(dng.facts.neutral, dump.facts.neutral, rtol=1e-6)
    np.testing.assert_allclose(np.ravel(dng.facts.colour.color_matrix1), np.ravel(dump.facts.colour.color_matrix1))
    light, source = (tenbit.run(frame, ["black_level"], device="cpu").samples for frame in (dng, dump))
    same = np.array([[dng.facts.cfa.colour(r, c) == dump.facts.cfa.colour(r, c) for c in range(80)] for r in range(64)])
    # half a step of 61439, and what two gains and a square root round
    np.testing.assert_allclose(light[same], source[same], atol=1e-5)


def test_libraw_opens_it(developed):
    rawpy = pytest.importorskip("rawpy")
    with rawpy.imread(str(developed / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image, tenbit.read(developed / "a.dng").samples)
        assert raw.color_desc == b"RGBG"
        rgb = raw.postprocess(use_camera_wb=True, no_auto_bright=True)
    assert rgb.shape == (64, 80, 3)
