"""Flat fields: maps of gains per CFA site against bilinear interpolation in millimetres."""

import dataclasses

import numpy as np
import pytest
from opcode_samples import area, gain_map

from tenbit.kernels._facts import Opcode
from tenbit.kernels._optics import Correction, Flat, Optics, Origin
from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame

PIXEL_MM = 0.1
MAPS = 1 + np.random.default_rng(1).random((4, 4, 5)).astype(np.float32)


def flat(gains=MAPS, *, cfa="RGGB", height_mm=1.2, width_mm=1.6):
    return Flat(np.asarray(gains, np.float32), cfa, height_mm, width_mm, Origin("profile mine", "P0"))


def mosaic(shape=(12, 16), value=0.2, cfa="RGGB", given=None, **facts):
    frame = Frame.from_mosaic(np.full(shape, value, np.float32), cfa=cfa)
    optics = Optics(flat=given or flat())
    return dataclasses.replace(
        frame, facts=dataclasses.replace(frame.facts, **({"optics": optics, "pixel_mm": PIXEL_MM} | facts))
    )


def name_of(cfa, row, col):
    """Red, blue, the green beside red or the green beside blue, spelled out."""
    blocks = 2 if cfa.startswith("Q") else 1
    letters = cfa[-4:]
    row, col = row // blocks % 2, col // blocks % 2
    here, beside = letters[2 * row + col], letters[2 * row + 1 - col]
    return here if here != "G" else f"G beside {beside}"


def expected(frame, given):
    """Gains at the pixels' centres, in mm from the middle of frame and map."""
    rows, cols = frame.samples.shape
    down = (np.arange(rows) - (rows - 1) / 2) * PIXEL_MM
    right = (np.arange(cols) - (cols - 1) / 2) * PIXEL_MM
    points = given.gains.shape[1:]
    at_rows = np.linspace(-given.height_mm / 2, given.height_mm / 2, points[0])
    at_cols = np.linspace(-given.width_mm / 2, given.width_mm / 2, points[1])
    whole = {}
    for site in range(4):
        across = np.array([np.interp(right, at_cols, line) for line in given.gains[site].astype(np.float64)])
        whole[name_of(given.cfa, *divmod(site, 2))] = np.array(
            [np.interp(down, at_rows, column) for column in across.T]
        ).T
    name = frame.facts.cfa.name
    return np.array([[whole[name_of(name, row, col)][row, col] for col in range(cols)] for row in range(rows)])


@pytest.mark.parametrize("cfa", ["RGGB", "GRBG", "GBRG", "BGGR", "QRGGB", "QGBRG"])
@pytest.mark.parametrize("shape", [(12, 16), (11, 15)])
def test_every_site_gets_its_own_gain(develop, cfa, shape):
    frame = mosaic(shape, cfa=cfa)
    out = develop(frame, ("flat_field", {}))
    np.testing.assert_allclose(out.samples, 0.2 * expected(frame, flat()), rtol=2e-6)


@pytest.mark.parametrize("cfa", ["GRBG", "BGGR"])
def test_sites_are_matched_by_their_colours(develop, cfa):
    """The map's letters begin at another site than the frame's."""
    given = flat(cfa=cfa)
    frame = mosaic(given=given)
    np.testing.assert_allclose(develop(frame, ("flat_field", {})).samples, 0.2 * expected(frame, given), rtol=2e-6)


def test_hand_worked_gains(develop):
    """Two points down, 1 and 2, over 0.4 mm: four rows of 0.1 mm lie at 1/8, 3/8, 5/8 and 7/8."""
    given = flat(np.broadcast_to([[[1.0, 1.0], [2.0, 2.0]]], (4, 2, 2)), height_mm=0.4, width_mm=0.4)
    out = develop(mosaic((4, 4), 0.4, given=given), ("flat_field", {}))
    np.testing.assert_allclose(out.samples[:, 1], [0.45, 0.55, 0.65, 0.75], rtol=1e-6)


def test_a_simulated_flat_becomes_flat(develop):
    """Fall-off of one stop, red 10 % darker to the left and blue to the right, from 25 x 33 points."""

    def light(down, right, site):
        fall = 1 - 0.5 * (down**2 + right**2) / (0.6**2 + 0.8**2)
        return fall * (1 + {0: 0.1, 3: -0.1}.get(site, 0.0) * right / 0.8)

    down, right = np.linspace(-0.6, 0.6, 25)[:, None], np.linspace(-0.8, 0.8, 33)
    given = flat([1 / light(down, right, site) for site in range(4)])
    frame = mosaic((12, 16), given=given)
    at_row, at_col = (np.arange(12) - 5.5)[:, None] * PIXEL_MM, (np.arange(16) - 7.5) * PIXEL_MM
    seen = frame.samples.copy()
    for site in range(4):
        row, col = divmod(site, 2)
        seen[row::2, col::2] = 0.4 * light(at_row, at_col, site)[row::2, col::2]
    out = develop(dataclasses.replace(frame, samples=seen), ("flat_field", {}))
    assert np.ptp(seen) > 0.15
    # bilinear between points half a pixel apart
    np.testing.assert_allclose(out.samples, 0.4, rtol=0.004)
    light_said, colour_said = out.facts.corrections
    assert light_said.as_record()["corner_ev"] == pytest.approx(1.0, abs=0.01)
    assert colour_said.as_record() == {
        "defect": "colour_shading",
        "source": "profile mine",
        "provenance": "P0",
        "applied": True,
        "corner_pct": pytest.approx(11.1, abs=0.1),
    }


def test_equals_plain_python(develop, plain):
    frame = mosaic((9, 14), cfa="GBRG")
    frame = dataclasses.replace(frame, samples=np.random.default_rng(2).random((9, 14), np.float32))
    given = flat(height_mm=0.9, width_mm=1.4)
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, optics=Optics(flat=given)))
    np.testing.assert_array_equal(develop(frame, ("flat_field", {})).samples, plain(frame, ("flat_field", {})).samples)


def test_a_frame_of_another_shape_takes_the_middle(develop):
    frame = mosaic((8, 16))
    np.testing.assert_allclose(develop(frame, ("flat_field", {})).samples, 0.2 * expected(frame, flat()), rtol=2e-6)


def test_where_the_light_is_done_the_colours_are_left(develop):
    """The file's own law of fall-off comes first; the map then keeps green as it is on average."""
    gains = np.stack([np.full((2, 2), gain) for gain in (3.0, 2.0, 1.0, 0.75)])
    radial = Opcode(3, "FixVignetteRadial", {"k": (0.4, 0, 0, 0, 0), "CenterY": 0.5, "CenterX": 0.5})
    out = develop(mosaic(given=flat(gains), opcodes=(radial,)), ("flat_field", {}))
    np.testing.assert_allclose(out.samples[:2, :2], 0.2 * np.array([[2.0, 4 / 3], [2 / 3, 0.5]]), rtol=1e-6)
    assert [(said.defect, said.is_applied, said.reason) for said in out.facts.corrections] == [
        ("vignetting", False, "undone by opcode FixVignetteRadial of the file"),
        ("colour_shading", True, ""),
    ]
    after = develop(mosaic(given=flat(gains)), ("vignetting", {"k": (-0.1, 0.0, 0.0)}), ("flat_field", {}))
    assert after.facts.corrections[1].reason == "undone by the chain's numbers"


def test_vignetting_behind_it_leaves_the_light_alone(develop):
    frame = mosaic()
    alone, both = develop(frame, ("flat_field", {})), develop(frame, ("flat_field", {}), ("vignetting", {}))
    np.testing.assert_array_equal(both.samples, alone.samples)


GAIN_MAP_2 = gain_map(2, area(0, 0, 12, 16), [[1.5]])
GAIN_MAP_3 = gain_map(3, area(0, 0, 12, 16), [[1.5]])


@pytest.mark.parametrize(
    ("facts", "options", "reason"),
    [
        ({}, {"profile": "none"}, "profile: none in the chain"),
        ({"pixel_mm": None}, {}, "the sensor's size is not known; give --sensor"),
        ({"pixel_mm": 0.05}, {}, "it is of 1.2 x 1.6 mm, and the picture of 0.6 x 0.8 mm: another sensor"),
        ({"pixel_mm": 0.15}, {}, "it is of 1.2 x 1.6 mm, and the picture of 1.8 x 2.4 mm: another sensor"),
        ({"opcodes": (GAIN_MAP_3,)}, {}, "the file's own opcode GainMap comes first"),
        (
            {"corrections": (Correction("colour_shading", "opcode GainMap of the file"),)},
            {},
            "undone already by opcode",
        ),
    ],
)
def test_a_map_that_cannot_be_used_changes_no_bit(develop, facts, options, reason):
    frame = mosaic(**facts)
    out = develop(frame, ("flat_field", options))
    assert out.samples.tobytes() == frame.samples.tobytes()
    for said in out.facts.corrections[-2:]:
        assert not said.is_applied
        assert said.reason.startswith(reason)


def test_the_files_gain_map_comes_first(develop):
    out = develop(mosaic(opcodes=(GAIN_MAP_2,)), ("file_corrections", {}), ("flat_field", {}))
    np.testing.assert_allclose(out.samples, 0.3, rtol=1e-6)
    assert [said.is_applied for said in out.facts.corrections] == [True, True, False, False]


def test_ones_and_no_map_change_no_bit(develop):
    frame = mosaic(given=flat(np.ones((4, 3, 3))))
    frame = dataclasses.replace(frame, samples=np.random.default_rng(3).random((12, 16), np.float32))
    assert develop(frame, ("flat_field", {})).samples.tobytes() == frame.samples.tobytes()
    withheld = Correction("colour_shading", "profile other", "P0", is_applied=False, reason="of another camera")
    without = mosaic(optics=Optics(withheld=(withheld,)))
    out = develop(without, ("flat_field", {}))
    assert out.samples.tobytes() == without.samples.tobytes()
    assert out.facts.corrections == (withheld,)
    assert develop(mosaic(optics=None), ("flat_field", {})).facts.corrections == ()


def test_noise_follows_the_gains(develop):
    gains = np.stack([np.full((2, 2), gain) for gain in (2.0, 1.5, 1.5, 3.0)])
    out = develop(mosaic(given=flat(gains), noise=((1e-3, 1e-5),)), ("flat_field", {}))
    np.testing.assert_allclose(out.facts.noise, [(2e-3, 4e-5), (1.5e-3, 2.25e-5), (3e-3, 9e-5)])


def test_wrong_places_are_refused(develop):
    counts = Frame.from_mosaic(np.ones((6, 8), np.uint16), black=64, white=1023)
    with pytest.raises(StageError, match=r"flat_field: the samples are counts .* put black_level before it"):
        develop(counts, ("flat_field", {}))
    with pytest.raises(StageError, match="flat_field: its map is of the frame as read; put it before crop"):
        develop(mosaic(moved_by=("crop",)), ("flat_field", {}))
