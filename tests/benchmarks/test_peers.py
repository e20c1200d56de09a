"""The peers of the benchmark make the picture that tenbit makes: what is timed is the same work."""

import numpy as np
import pytest

# Two strips of rows and one left over for each of the peers' schedules, in a few milliseconds.
ROWS, COLS = 200, 256


@pytest.fixture
def exposure(module):
    return module("frames").exposure(ROWS, COLS)


@pytest.fixture
def ours(module, exposure):
    """tenbit's picture: ``ours("linear", "bilinear")``, 8 bits."""
    engine = module("ours")

    def developed(curve, method="malvar"):
        return engine.developed(exposure.frame, engine.fast_chain(curve, method=method), bits=8).samples

    return developed


def mosaic(exposure, packing):
    return exposure.packed if packing == "raw10" else exposure.frame.samples


@pytest.mark.parametrize("look_up", ["opencv", "numpy"])
@pytest.mark.parametrize("packing", ["u16", "raw10"])
def test_opencv_makes_our_bilinear_picture(module, monkeypatch, exposure, ours, packing, look_up):
    opencv = module("peers.opencv")
    monkeypatch.setattr(opencv, "STRIP_PIXELS", 64 * COLS)
    numbers = module("frames").numbers_of(exposure.frame.facts)
    chain = opencv.FastChain(numbers, (ROWS, COLS), packing=packing, look_up=look_up)
    theirs = chain(mosaic(exposure, packing))
    error = np.abs(theirs.astype(int) - ours("linear", "bilinear"))[2:-2, 2:-2]
    # Counts below black are cut off before their demosaic, after ours: in the deepest shadows that shows.
    assert error.max() <= 4
    assert (error > 1).mean() < 1e-3


@pytest.mark.parametrize("curve", ["linear", "filmic"])
@pytest.mark.parametrize("packing", ["u16", "raw10"])
@pytest.mark.parametrize("schedule", ["hand", "Li2018"])
def test_halide_makes_our_picture_to_the_border(module, exposure, ours, packing, curve, schedule):
    halide = module("peers.halide_fast")
    numbers = module("frames").numbers_of(exposure.frame.facts)
    chain = halide.FastChain(numbers, (ROWS, COLS), packing=packing, curve=curve, schedule=schedule)
    theirs = chain(mosaic(exposure, packing))
    # The order of float32 additions differs: a code value tips over where it lies on the edge.
    error = np.abs(theirs.astype(int) - ours(curve))
    assert error.max() <= 1
    assert (error > 0).mean() < 1e-3


def test_opencv_remaps_to_where_our_lens_looks(module):
    frames, engine, lens = module("frames"), module("ours"), module("sections.lens")
    frame = frames.linear(ROWS, COLS)
    picture = engine.developed(frame, [{"lens": lens.LENS}, "black_level"], bits=16).samples
    scales = (lens.RED_SCALE, 1.0, lens.BLUE_SCALE)
    maps = [lens._map((ROWS, COLS), frame.facts.optical_centre, scale) for scale in scales]
    planes = [np.ascontiguousarray(frame.samples[..., n]) for n in range(3)]
    outs = [np.empty_like(plane) for plane in planes]
    theirs = np.dstack(lens._each(planes, maps, outs, lens.cv2.INTER_CUBIC))
    # Another cubic, on noise.
    frames.agreement(picture, theirs, least_db=35)
    shifted = np.roll(theirs, 1, axis=1)
    with pytest.raises(ValueError, match="not the same picture"):
        frames.agreement(picture, shifted, least_db=35)


def test_opencv_counts_what_we_count_and_marks_alike_in_strips(module, monkeypatch):
    engine, frames, monitors = module("ours"), module("frames"), module("peers.opencv_monitors")
    monkeypatch.setattr(monitors, "STRIP_PIXELS", 32 * COLS)
    shown = frames.display(ROWS, COLS)
    results = engine.developed(engine.display_frame(shown), ["histogram", "zebra"], bits=8).results
    np.testing.assert_array_equal(monitors.histogram(shown.samples)[:3], results["histogram"].counts[:3])
    whole, strips = (monitors.Peaking((ROWS, COLS), threshold=40, threads=n)(shown.samples) for n in (0, 2))
    np.testing.assert_array_equal(whole, strips)
    assert (whole != shown.samples).any()
    assert (whole == shown.samples).all(axis=-1).any()
    striped = monitors.Zebra((ROWS, COLS), high=242, low=5, period=8)(shown.samples)
    painted = (striped != shown.samples).any(axis=-1)
    assert 0 < painted.mean() < 0.5
