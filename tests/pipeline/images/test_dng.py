"""DNG as we write it: read back by our reader and, where it is there, by LibRaw."""

import dataclasses
import struct

import numpy as np
import pytest

import tenbit
from tenbit.kernels._facts import CFA_NAMES, CameraColour
from tenbit.pipeline import batch, config, foreseen
from tenbit.pipeline.errors import ChainError, WriteError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.images import write
from tenbit.pipeline.images.dng import _rationals
from tenbit.pipeline.jobs import Job

MATRIX = ((1.1, -0.4, -0.1), (-0.3, 1.2, 0.1), (0.0, 0.2, 0.5))


def mosaic(cfa="GRBG", rows=34, cols=46, **facts):
    counts = np.random.default_rng(1).integers(0, 1024, (rows, cols)).astype(np.uint16)
    frame = Frame.from_mosaic(counts, cfa=cfa, black=64, white=1023, neutral=(0.5, 1.0, 0.625), color_matrix=MATRIX)
    exif = Exif(make="tenbit", model="test", iso=400, exposure_s=0.004, f_number=2.0, focal_mm=35.0)
    return dataclasses.replace(frame, exif=exif, facts=dataclasses.replace(frame.facts, **facts))


@pytest.mark.parametrize("cfa", CFA_NAMES)
def test_counts_come_back_bit_for_bit_with_their_facts(tmp_path, cfa):
    frame = mosaic(cfa, crop=(2, 4, 24, 32), orientation=6, noise=((1e-4, 2e-7),), baseline_exposure_ev=0.5)
    tenbit.write(tmp_path / "a.dng", tenbit.run(frame, [], device="cpu"))
    back = tenbit.read(tmp_path / "a.dng")
    np.testing.assert_array_equal(back.samples, frame.samples)
    # What a reader takes from EXIF.
    known = {"optical_centre": back.facts.optical_centre, "focal_mm": frame.exif.focal_mm}
    assert back.facts == dataclasses.replace(frame.facts, **known)
    assert (back.exif, back.reader) == (frame.exif, "dng")


def test_black_that_differs_by_site_row_and_column_comes_back(tmp_path):
    rows, cols = np.arange(34) / 8, np.arange(46) / -4
    frame = mosaic(black=(60.25, 61.0, 62.5, 63.0), black_rows=rows, black_cols=cols)
    tenbit.write(tmp_path / "a.dng", frame)
    back = tenbit.read(tmp_path / "a.dng").facts
    assert back.black == frame.facts.black
    np.testing.assert_allclose(back.black_rows, rows)
    np.testing.assert_allclose(back.black_cols, cols)


def test_libraw_reads_the_counts_and_the_levels(tmp_path):
    rawpy = pytest.importorskip("rawpy")
    frame = mosaic()
    tenbit.write(tmp_path / "a.dng", frame)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image, frame.samples)
        assert (raw.white_level, raw.black_level_per_channel) == (1023, [64] * 4)
        np.testing.assert_allclose(raw.camera_whitebalance[:3], [2.0, 1.0, 1.6], rtol=1e-5)


def test_light_is_stored_above_a_pedestal_and_keeps_its_noise_below_black(tmp_path):
    frame = mosaic()
    light = tenbit.run(frame, ["black_level"], device="cpu")
    assert light.samples.min() < 0
    tenbit.write(tmp_path / "a.dng", light)
    back = tenbit.read(tmp_path / "a.dng")
    assert (back.facts.black, back.facts.white) == ((4096.0,) * 4, (65535.0,) * 4)
    # half a step of 61439
    np.testing.assert_allclose(tenbit.run(back, ["black_level"], device="cpu").samples, light.samples, atol=0.6 / 61439)


def test_white_balance_in_the_samples_is_told_and_changes_no_colour(tmp_path):
    frame = mosaic(colour=CameraColour(color_matrix1=MATRIX, illuminant1=21, analog_balance=(1.0, 1.0, 1.25)))
    frame = dataclasses.replace(frame, samples=np.clip(frame.samples, 100, 400))
    tenbit.write(tmp_path / "a.dng", tenbit.run(frame, ["black_level", "white_balance"], device="cpu"))
    back = tenbit.read(tmp_path / "a.dng")
    assert back.facts.neutral == (1.0, 1.0, 1.0)
    np.testing.assert_allclose(back.facts.colour.analog_balance, (2.0, 1.0, 2.0), rtol=1e-5)
    chain = ["black_level", "white_balance", {"demosaic": {"method": "malvar"}}, "colour"]
    before, after = (tenbit.run(f, chain, device="cpu").samples for f in (frame, back))
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_a_chain_writes_one_by_its_suffix(tmp_path):
    tenbit.write(tmp_path / "a.dng", mosaic())
    chain = foreseen.settled(config.load([]), "dng")
    (outcome,) = batch.develop([Job(tmp_path / "a.dng", tmp_path / "b.dng")], batch.Order(chain, device="cpu"))
    assert outcome.status == "done", outcome.error
    np.testing.assert_array_equal(tenbit.read(tmp_path / "b.dng").samples, mosaic().samples)


def test_what_no_dng_can_hold_is_refused(tmp_path):
    with pytest.raises(ChainError, match=r"output\.format: dng holds a mosaic, and this frame is linear"):
        foreseen.settled(config.load(["black_level", "demosaic"]), "dng")
    with pytest.raises(ChainError, match="a mosaic has one plane, which jpeg cannot hold"):
        foreseen.settled(config.load(["black_level"]), "jpeg")
    with pytest.raises(WriteError, match="a dng holds a mosaic with its facts"):
        write(tmp_path / "a.dng", np.zeros((4, 6), np.float32), space="camera", state="mosaic")
    with pytest.raises(WriteError, match="8 is not possible in dng, allowed: 16"):
        tenbit.write(tmp_path / "a.dng", mosaic(), bits=8)
    assert not list(tmp_path.iterdir())


def test_numbers_that_are_large_and_odd_fit_a_fraction():
    values = [8191.123457, -30000.987654]
    numbers = struct.unpack("<4i", _rationals(50714, values, is_signed=True).payload)
    found = [numbers[0] / numbers[1], numbers[2] / numbers[3]]
    # half of one 71000th of a unit, which is as fine as a fraction with so large a numerator is
    assert np.abs(np.subtract(found, values)).max() < 1e-5
    assert struct.unpack("<2I", _rationals(50714, [-0.5]).payload) == (0, 1)


def test_gains_that_were_measured_are_in_the_file(tmp_path):
    samples = np.tile(np.array([[0.4, 0.5], [0.5, 0.2]], np.float32), (8, 8))
    done = tenbit.run(Frame.from_mosaic(samples), [{"white_balance": {"mode": "grey_world"}}], device="cpu")
    tenbit.write(tmp_path / "a.dng", done)
    again = tenbit.read(tmp_path / "a.dng").facts.colour.analog_balance
    assert again == pytest.approx(done.facts.gains, abs=1e-5)
    # 0.5 over 0.4 and over 0.2, least 1; means are of bins 1/4096 wide
    np.testing.assert_allclose(done.facts.gains, [1.25, 1.0, 2.5], atol=5e-3)
