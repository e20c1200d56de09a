"""One file: its outcome, what ends in its output, and failures that stay alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest
from batching import BARE, SEEN, chain_of, jobs, run

from tenbit.pipeline import foreseen, outcome
from tenbit.pipeline.batch import one
from tenbit.pipeline.errors import ChainError, ReadError, UnsupportedError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import read_record
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.report import Report


def test_a_failure_leaves_the_others_alone(frames: Any, tmp_path: Path) -> None:
    outcomes = run(jobs(tmp_path, "a", "broken", "huge", "bug", "z"), chain_of(SEEN))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "failed", "failed", "done"]
    assert [outcome.error for outcome in outcomes] == [
        "",
        "cut off",
        "too little memory for this picture",
        "internal error: ZeroDivisionError: division by zero",
        "",
    ]
    assert outcomes[3].kind == "internal" and "ZeroDivisionError" in outcomes[3].trace
    assert outcomes[1].kind == "ReadError" and not outcomes[1].trace
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "z.png"]


def test_existing_outputs(frames: Any, tmp_path: Path) -> None:
    (work,) = jobs(tmp_path, "a")
    work.target.write_bytes(b"mine")
    (refused,) = run([work], chain_of(SEEN))
    (skipped,) = run([work], chain_of(SEEN), existing="skip")
    assert work.target.read_bytes() == b"mine"
    (replaced,) = run([work], chain_of(SEEN), existing="replace")
    assert work.target.read_bytes()[:4] == b"\x89PNG"
    assert [refused.status, skipped.status, replaced.status] == ["failed", "skipped", "done"]
    assert refused.error == f"{work.target} exists already; --overwrite replaces it, --skip-existing leaves it"


def test_the_file_holds_the_frame_that_the_chain_makes(frames: Any, tmp_path: Path) -> None:
    import tifffile

    import tenbit

    work = Job(Path("a.dng"), tmp_path / "a.tif")
    run([work], chain_of(SEEN, "tiff", bits=16))
    expected = tenbit.run(frames("a.dng"), SEEN, device="cpu", bits=16)
    assert expected.samples.dtype == np.uint16
    np.testing.assert_array_equal(tifffile.imread(work.target), expected.samples)


def test_thirty_two_bits_are_the_floats_of_the_chain(frames: Any, tmp_path: Path) -> None:
    import tifffile

    import tenbit

    work = Job(Path("a.dng"), tmp_path / "a.tif")
    run([work], chain_of(BARE, "tiff", bits=32))
    expected = tenbit.run(frames("a.dng"), BARE, device="cpu").samples
    np.testing.assert_array_equal(tifffile.imread(work.target), expected)


def test_the_record_in_the_file_says_how_it_was_made(frames: Any, tmp_path: Path) -> None:
    from tenbit import __version__

    (work,) = jobs(tmp_path, "a")
    chain = chain_of(SEEN)
    run([work], chain)
    record = read_record(work.target)
    assert record["chain"] == chain.as_record()
    assert (record["tenbit"], record["source"]) == (__version__, "a.dng")
    assert record["device"] == "cpu"


def test_the_report_is_json_with_the_results(frames: Any, tmp_path: Path) -> None:
    chain = chain_of(SEEN)
    with Report(tmp_path / "r.jsonl", chain) as report:
        for outcome in run(jobs(tmp_path, "a", "broken"), chain):
            report.add(outcome)
    first, good, bad, last = (json.loads(line) for line in (tmp_path / "r.jsonl").read_text("utf-8").splitlines())
    assert first["batch"]["chain"] == chain.as_record()
    assert first["batch"]["versions"]["numpy"] == np.__version__
    assert (last["end"]["done"], last["end"]["failed"]) == (1, 1)
    assert (good["input"], good["output"], good["status"]) == ("a.dng", str(tmp_path / "a.png"), "done")
    assert good["results"]["histogram"]["pixels"] == 8 * 12
    assert good["seconds"] > 0
    assert (bad["status"], bad["error"], bad["results"]) == ("failed", "cut off", {})


def test_an_output_that_the_chain_cannot_fill_is_a_fault_of_the_chain() -> None:
    with pytest.raises(ChainError, match="a mosaic has one plane, which jpeg cannot hold"):
        chain_of(["black_level"], "jpeg")
    with pytest.raises(ChainError, match="8 bits of linear srgb would band: add the tone stage"):
        chain_of([*BARE, "colour"], "jpeg")
    with pytest.raises(ChainError, match="bits: 32 is not possible in png"):
        chain_of(SEEN, "png", bits=32)
    assert chain_of([*BARE, "colour"], "tiff").output.format == "tiff"


def test_results_become_json() -> None:
    class Measured:
        def as_record(self) -> dict[str, Any]:
            return {"mean": np.float32(0.5), 3: (np.arange(2), None, True)}

    assert outcome.as_json(Measured()) == {"mean": 0.5, "3": [[0, 1], None, True]}
    assert outcome.as_json(Path("x")) == "x"


def test_a_name_that_the_system_refuses_is_one_line(frames: Any, tmp_path: Path) -> None:
    long = Job(Path("a.dng"), tmp_path / ("x" * 300 + ".png"))
    (outcome,) = run([long], chain_of(SEEN))
    assert outcome.status == "failed"
    assert outcome.error.endswith("File name too long")
    assert "internal" not in outcome.error


def test_a_failure_that_waiting_cures_is_tried_again(
    frames: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, tries = foreseen.read, dict[str, int]()

    def reading(path: Path, **options: Any) -> Frame:
        tries[path.stem] = tries.get(path.stem, 0) + 1
        if path.stem == "late" and tries["late"] < 3:
            raise ReadError("cut off")
        if path.stem == "foreign":
            raise UnsupportedError("X-Trans")
        return read(path, **options)

    monkeypatch.setattr(foreseen, "read", reading)
    monkeypatch.setattr(one, "_LONGEST_WAIT_S", 0.0)
    outcomes = run(jobs(tmp_path, "late", "broken", "foreign"), chain_of(SEEN), retries=2)
    assert [(o.status, o.attempts) for o in outcomes] == [("done", 3), ("failed", 3), ("failed", 1)]


def test_a_packed_dump_is_developed_as_its_samples_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tenbit
    from tenbit.pipeline.sample import make

    make(tmp_path / "a.raw10", rows=66, cols=70, truth=False)
    begin, packings = one.begin, []

    def beginning(frame: Frame, *arguments: Any, **options: Any) -> Any:
        packings.append(frame.packing)
        return begin(frame, *arguments, **options)

    monkeypatch.setattr(one, "begin", beginning)
    (outcome,) = run([Job(tmp_path / "a.raw10", tmp_path / "a.png")], chain_of(SEEN))
    assert (outcome.status, packings) == ("done", ["raw10"])
    expected = tenbit.run(tenbit.read(tmp_path / "a.raw10"), SEEN, device="cpu", bits=8).samples
    np.testing.assert_array_equal(iio.imread(tmp_path / "a.png"), expected)
    what, _, dtype, packing = foreseen.planned_for(chain_of(SEEN), str(tmp_path / "a.raw10"))
    assert (what.passes[0].comes, dtype, packing) == ("raw10", "uint8", "raw10")
