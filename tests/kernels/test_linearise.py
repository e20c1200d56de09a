"""Opcode list 1 on stored counts, against the opcodes applied sample by sample as the specification says."""

import dataclasses

import numpy as np
import pytest
from opcode_samples import area, by_the_book, gain_map, lines, polynomial, table, trim

from tenbit.kernels import stage
from tenbit.kernels._facts import Opcode
from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame

WHOLE = area(0, 0, 99, 99)
BAYER = ("RGGB", "GRBG", "GBRG", "BGGR")


def counts(shape=(11, 14), seed=1, *, opcodes=(), cfa="RGGB", **facts):
    samples = np.random.default_rng(seed).integers(0, 1023, shape).astype(np.uint16)
    frame = Frame.from_mosaic(samples, cfa=cfa, black=64, white=1023)
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=tuple(opcodes), **facts))


def defects(points=(), rectangles=()):
    numbers = [np.asarray(n, np.uint32).reshape(-1, width) for n, width in ((points, 2), (rectangles, 4))]
    return Opcode(1, "FixBadPixelsList", {"BayerPhase": 0, "Points": numbers[0], "Rectangles": numbers[1]})


rng = np.random.default_rng(5)
CASES = {
    "table": (table(1, WHOLE, np.sort(rng.integers(0, 4000, 900))),),
    "table of an odd area": (table(1, area(1, 3, 8, 12, pitch=(2, 3)), [7, 5, 900]),),
    "polynomial": (polynomial(1, WHOLE, 3, 0.5, 2e-4, 1e-7),),
    "constant": (polynomial(1, area(2, 1, 5, 30), 77),),
    "polynomial of eighth degree": (polynomial(1, WHOLE, 0, 1, 0, 0, 0, 0, 0, 0, 1e-22),),
    "rows": (lines(1, "DeltaPerRow", area(1, 2, 11, 9, pitch=(3, 2)), [5, -900, 7, 9]),),
    "columns": (lines(1, "ScalePerColumn", area(0, 1, 11, 14, pitch=(1, 4)), [0.5, 2, 0, 1.25]),),
    "both": (
        lines(1, "ScalePerRow", area(-1, 0, 11, 14, pitch=(2, 1)), 1 + rng.random(6) / 9),
        lines(1, "DeltaPerColumn", area(0, 0, 11, 14), rng.random(14) * 9),
    ),
    "gains": (gain_map(1, area(0, 1, 11, 14, pitch=(2, 2)), 1 + rng.random((3, 4))),),
    "order": (
        polynomial(1, WHOLE, 0, 2),
        lines(1, "DeltaPerRow", area(3, 0, 5, 14), [100, -100]),
        table(1, WHOLE, np.arange(1500) // 2),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_specification(develop, case):
    frame = counts(opcodes=CASES[case])
    expected = frame.samples
    for opcode in CASES[case]:
        expected = by_the_book(expected, opcode)
    out = develop(frame, ("linearise", {}))
    # a few float32 operations on counts below 4000
    np.testing.assert_allclose(out.samples, expected, rtol=4e-7, atol=1e-3)
    assert out.facts.opcodes == ()
    assert out.warnings[-1].startswith("linearise: opcode list 1 of the file applied: 1 ")


def test_hand_worked(develop):
    """Row 1 is doubled; then 100 + x / 2 everywhere."""
    opcodes = (lines(1, "ScalePerRow", area(1, 0, 2, 2), [2]), polynomial(1, WHOLE, 100, 0.5))
    frame = Frame.from_mosaic(np.array([[40, 60], [80, 100]], np.uint16), black=16, white=1023)
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=opcodes))
    np.testing.assert_allclose(develop(frame, ("linearise", {})).samples, [[120, 130], [180, 200]], rtol=1e-6)


@pytest.mark.parametrize(
    "opcodes",
    [
        (),
        (polynomial(1, WHOLE, 0, 1),),
        (table(1, WHOLE, np.arange(2000)),),
        (lines(1, "DeltaPerRow", WHOLE, np.zeros(99)), lines(1, "ScalePerColumn", WHOLE, np.ones(99))),
        (gain_map(1, WHOLE, np.ones((3, 3))), trim(1, 0, 0, 11, 14)),
        (table(1, area(11, 0, 20, 14), [0]), defects()),
        (defects([(11, 3), (2, 14)]),),
    ],
    ids=["none", "polynomial", "table", "lines", "gains", "outside", "defects outside"],
)
def test_what_changes_nothing_changes_no_bit(develop, opcodes):
    frame = counts(opcodes=opcodes)
    out = develop(frame, ("linearise", {}))
    np.testing.assert_array_equal(out.samples, frame.samples)
    assert out.facts.opcodes == ()


@pytest.mark.parametrize("cfa", BAYER)
def test_trimming_moves_the_pattern_and_all_that_lies_in_pixels(develop, cfa):
    opcodes = (trim(1, 1, 3, 10, 13), lines(1, "DeltaPerRow", area(0, 0, 9, 10), np.arange(9)))
    more = {"black_rows": np.arange(11.0), "black_cols": np.arange(14.0), "crop": (0, 4, 9, 8)}
    more |= {"black": (60.0, 61.0, 62.0, 63.0), "defects": np.array([[4, 5]])}
    frame = counts(opcodes=opcodes, cfa=cfa, **more)
    out = develop(frame, ("linearise", {}))
    np.testing.assert_array_equal(out.samples, frame.samples[1:10, 3:13] + np.arange(9.0)[:, None])
    facts = out.facts
    assert (facts.rows, facts.cols, facts.crop) == (9, 10, (0, 1, 8, 8))
    assert [facts.cfa.colour(r, c) for r in (0, 1) for c in (0, 1)] == [
        frame.facts.cfa.colour(r + 1, c + 3) for r in (0, 1) for c in (0, 1)
    ]
    assert facts.black == (63.0, 62.0, 61.0, 60.0)
    assert facts.optical_centre == (frame.facts.optical_centre[0] - 1, frame.facts.optical_centre[1] - 3)
    np.testing.assert_array_equal(facts.black_rows, np.arange(1, 10))
    np.testing.assert_array_equal(facts.defects, [[3, 2]])


def test_trimming_of_a_quad_bayer_mosaic(develop):
    frame = counts((16, 16), opcodes=(trim(1, 2, 0, 14, 16),), cfa="QRGGB")
    out = develop(frame, ("linearise", {}))
    np.testing.assert_array_equal(out.samples, frame.samples[2:14])
    assert out.facts.cfa.name == "QGBRG"
    with pytest.raises(StageError, match="TrimBounds of the file: QRGGB: cannot start at row 1"):
        develop(counts((16, 16), opcodes=(trim(1, 1, 0, 14, 16),), cfa="QRGGB"), ("linearise", {}))
    with pytest.raises(StageError, match="leaves nothing of the frame"):
        develop(counts(opcodes=(trim(1, 4, 0, 4, 9),)), ("linearise", {}))


def ramp(cfa, shape=(12, 14)):
    """Counts that rise along both sides, each colour at another level: what fills them exactly is a mean of pairs."""
    pattern = Frame.from_mosaic(np.zeros(shape, np.uint16), cfa=cfa, black=64, white=1023)
    level = np.array([[200 * pattern.facts.cfa.colour(r, c) for c in range(shape[1])] for r in range(shape[0])])
    samples = level + 100 + 4 * np.arange(shape[0])[:, None] + 6 * np.arange(shape[1])
    return dataclasses.replace(pattern, samples=samples.astype(np.uint16))


@pytest.mark.parametrize("cfa", [*BAYER, "QRGGB", "QGBRG"])
def test_defective_sites_are_filled_from_their_colour(develop, plain, cfa):
    frame = ramp(cfa)
    points = [(5, 6), (2, 3), (8, 9)]
    broken = frame.samples.copy()
    broken[tuple(np.transpose(points))] = 1023
    opcodes = (defects(points),)
    facts = dataclasses.replace(frame.facts, opcodes=opcodes)
    frame_with = dataclasses.replace(frame, samples=broken, facts=facts)
    out = develop(frame_with, ("linearise", {}))
    # A Bayer pair lies even about its middle; the corner of a block goes on where its neighbours lead.
    np.testing.assert_allclose(out.samples, frame.samples, rtol=1e-5)
    np.testing.assert_array_equal(out.samples, plain(frame_with, ("linearise", {})).samples)


@pytest.mark.parametrize("cfa", ["RGGB", "QRGGB"])
def test_a_defective_column_corner_and_hole(develop, cfa):
    """Whole columns, the frame's corner and a hole of many sites: nothing of the defects is left, no mark either."""
    frame = ramp(cfa, (16, 20))
    opcode = defects([(0, 0), (15, 19)], [(0, 7, 16, 8), (4, 12, 8, 15)])
    broken = frame.samples.copy()
    broken[:, 7], broken[4:8, 12:15], broken[0, 0], broken[15, 19] = 1023, 0, 1023, 0
    out = develop(
        dataclasses.replace(frame, samples=broken, facts=dataclasses.replace(frame.facts, opcodes=(opcode,))),
        ("linearise", {}),
    )
    is_whole = np.ones(broken.shape, bool)
    is_whole[:, 7], is_whole[4:8, 12:15], is_whole[0, 0], is_whole[15, 19] = False, False, False, False
    np.testing.assert_array_equal(out.samples[is_whole], frame.samples[is_whole])
    assert np.abs(out.samples - frame.samples).max() <= 40


def test_an_edge_is_followed(develop):
    frame = Frame.from_mosaic(np.tile(np.where(np.arange(12) < 6, 200, 900), (12, 1)).astype(np.uint16), white=1023)
    broken = frame.samples.copy()
    broken[5, 5] = broken[6, 6] = 0
    facts = dataclasses.replace(frame.facts, opcodes=(defects([(5, 5), (6, 6)]),))
    out = develop(dataclasses.replace(frame, samples=broken, facts=facts), ("linearise", {})).samples
    np.testing.assert_allclose(out, frame.samples, atol=1.0)


def test_samples_of_one_value_are_defects(develop, plain):
    frame = ramp("GRBG")
    broken = frame.samples.copy()
    broken[3, 4] = broken[7, 7] = 9
    opcode = Opcode(1, "FixBadPixelsConstant", {"Constant": 9, "BayerPhase": 0})
    facts = dataclasses.replace(frame.facts, opcodes=(opcode,))
    broken_frame = dataclasses.replace(frame, samples=broken, facts=facts)
    out = develop(broken_frame, ("linearise", {}))
    np.testing.assert_allclose(out.samples, frame.samples, rtol=1e-5)
    np.testing.assert_array_equal(out.samples, plain(broken_frame, ("linearise", {})).samples)


def test_equals_plain_python(develop, plain):
    opcodes = tuple(opcode for case in CASES.values() for opcode in case)
    frame = counts((7, 9), opcodes=opcodes)
    np.testing.assert_array_equal(develop(frame, ("linearise", {})).samples, plain(frame, ("linearise", {})).samples)


def test_a_file_of_floats_is_not_cut_off(develop):
    samples = np.array([[-0.5, 0.5], [1.5, 3.0]], np.float32)
    opcode = lines(1, "DeltaPerRow", area(0, 0, 2, 2), [1, 1])
    opcode.parameters["IsOfFloats"] = True
    frame = Frame.from_mosaic(samples)
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=(opcode,)))
    np.testing.assert_array_equal(develop(frame, ("linearise", {})).samples, samples + 1)


def test_planes_of_a_linear_file(develop, planes):
    opcode = lines(1, "DeltaPerColumn", area(0, 0, 4, 5, plane=1, planes=2), np.arange(5))
    frame = planes(np.full((4, 5, 3), 100.0), white=(1023.0,) * 3, opcodes=(opcode,))
    expected = np.full((4, 5, 3), 100.0)
    expected[..., 1:] += np.arange(5.0)[:, None]
    np.testing.assert_array_equal(develop(frame, ("linearise", {})).samples, expected)


def test_what_is_not_known_stays(develop):
    frame = counts(opcodes=(Opcode(1, "Unknown99", {"Data": b""}), polynomial(2, WHOLE, 0, 2)))
    out = develop(frame, ("linearise", {}))
    np.testing.assert_array_equal(out.samples, frame.samples)
    assert [opcode.name for opcode in out.facts.opcodes] == ["Unknown99", "MapPolynomial"]


def test_behind_black_level_it_is_refused(develop):
    codes = dataclasses.replace(table(1, WHOLE, [0, 5]), name="LinearizationTable")
    with pytest.raises(StageError, match=r"black_level: samples are codes until .* put linearise first"):
        develop(counts(opcodes=(codes,)), ("black_level", {}))
    with pytest.raises(StageError, match="is of its counts; put it before black_level"):
        develop(counts(opcodes=CASES["rows"]), ("black_level", {}), ("linearise", {}))


@pytest.mark.parametrize(("name", "given"), [("white_balance", {}), ("exposure", {"ev": 1.0})])
def test_behind_gains_a_file_of_floats_is_refused(develop, name, given):
    opcode = lines(1, "DeltaPerRow", area(0, 0, 2, 2), [1, 1])
    opcode.parameters["IsOfFloats"] = True
    frame = Frame.from_mosaic(np.ones((2, 2), np.float32))
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=(opcode,)))
    with pytest.raises(StageError, match=f"is of samples as stored; put it before {name}"):
        develop(frame, (name, given), ("linearise", {}))


@pytest.mark.parametrize(("opcode", "is_kept"), [("rows", True), ("table", False), ("polynomial", False)])
def test_noise_that_was_measured_before_a_curve_is_measured_again(opcode, is_kept):
    facts = dataclasses.replace(counts(opcodes=CASES[opcode]).facts, measured_noise=(1.0, 2.0, 1.0))
    after = stage("linearise").prepare(stage("linearise").parameters(), facts).facts
    assert after.measured_noise == ((1.0, 2.0, 1.0) if is_kept else None)
