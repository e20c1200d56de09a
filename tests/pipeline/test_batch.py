"""Many frames: outcomes, what ends in the files, and failures that stay alone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest

from tenbit.pipeline import batch, foreseen, outcome
from tenbit.pipeline.batch import Order, develop, one
from tenbit.pipeline.batch.budget import Budget
from tenbit.pipeline.batch.one import Around
from tenbit.pipeline.config import Chain, load
from tenbit.pipeline.errors import ChainError, DeviceError, ReadError, UnsupportedError
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import read_record
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.report import Report

BARE = ["black_level", {"demosaic": {"method": "bilinear"}}]
SEEN = [*BARE, "tone", {"histogram": {"to": "none"}}]


def chain_of(stages: list[Any], format: Any = "png", **overrides: Any) -> Chain:  # noqa: A002
    return settled(load(stages, overrides=[f"output.{name}={value}" for name, value in overrides.items()]), format)


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Frame]:
    """Instead of reading files: a small frame by the file's name; ``broken`` and worse names fail."""

    def read(path: Path, *, camera: Any = None, keep_packed: bool = False) -> Frame:
        faults: dict[str, BaseException] = {
            "broken": ReadError("cut off"),
            "huge": MemoryError(),
            "bug": ZeroDivisionError("division\nby zero"),
            "stop": KeyboardInterrupt(),
        }
        if fault := faults.get(Path(path).stem):
            raise fault
        mosaic = np.random.default_rng(len(str(path))).integers(64, 1024, (8, 12), np.uint16)
        return Frame.from_mosaic(mosaic, cfa="RGGB", black=64, white=1023)

    monkeypatch.setattr(foreseen, "read", read)
    return read


def jobs(folder: Path, *names: str) -> list[Job]:
    return [Job(Path(f"{name}.dng"), folder / f"{name}.png") for name in names]


def run(work: list[Job], chain: Chain, **options: Any) -> list[Outcome]:
    return list(develop(work, Order(chain, device="cpu", **options)))


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


def test_an_interrupt_goes_up_and_leaves_nothing_incomplete(frames: Any, tmp_path: Path) -> None:
    steps = develop(jobs(tmp_path, "a", "stop", "z"), Order(chain_of(SEEN), device="cpu"))
    told = [next(steps)]
    with pytest.raises(KeyboardInterrupt):
        told.extend(steps)
    assert {path.name for path in tmp_path.iterdir()} == {outcome.job.target.name for outcome in told}


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


def test_files_are_read_run_and_written_at_the_same_time(
    frames: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, begin, write = foreseen.read, one.begin, one.write
    together = threading.Barrier(3)

    def at_once(*stems: str) -> Callable[[Path], None]:
        def meet(path: Path) -> None:
            if path.stem in stems:
                # One is being written, one run and one read; nobody goes on before all three are there.
                together.wait(20)

        return meet

    reading_c, running_b, writing_a = at_once("c"), at_once("b"), at_once("a")
    running: dict[int, Path] = {}

    def reading(path: Path, **options: Any) -> Frame:
        reading_c(path)
        running[threading.get_ident()] = path
        return read(path, **options)

    def beginning(*arguments: Any, **options: Any) -> Any:
        running_b(running[threading.get_ident()])
        return begin(*arguments, **options)

    def writing(path: Path, *arguments: Any, **options: Any) -> None:
        writing_a(path)
        write(path, *arguments, **options)

    monkeypatch.setattr(foreseen, "read", reading)
    monkeypatch.setattr(one, "begin", beginning)
    monkeypatch.setattr(one, "write", writing)
    outcomes = run(jobs(tmp_path, "a", "b", "c", "broken", "d", "e"), chain_of(SEEN), threads=2)
    assert [outcome.job.source.stem for outcome in outcomes] == ["a", "b", "c", "broken", "d", "e"]
    assert [outcome.status for outcome in outcomes] == ["done", "done", "done", "failed", "done", "done"]
    assert set(outcomes[0].phases) == {"read", "develop", "write"}
    assert set(outcomes[3].phases) == {"read"}


@pytest.mark.parametrize(("memory_bytes", "most"), [(1, 1), (10**9, 3)])
def test_frames_on_their_way_are_bounded_by_lanes_and_by_memory(
    memory_bytes: int, most: int, frames: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = one.begin
    alive, seen, lock = set[int](), list[int](), threading.Lock()

    def counted(frame: Frame, *arguments: Any, **options: Any) -> Any:
        with lock:
            alive.add(threading.get_ident())
            seen.append(len(alive))
        time.sleep(0.01)
        done = begin(frame, *arguments, **options)
        with lock:
            alive.discard(threading.get_ident())
        return done

    monkeypatch.setattr(one, "begin", counted)
    asked: list[str] = []

    def coming() -> Iterator[Job]:
        for job in jobs(tmp_path, *(f"f{n}" for n in range(24))):
            asked.append(job.source.stem)
            yield job

    order = Order(chain_of(SEEN), device="cpu", threads=2, memory_bytes=memory_bytes)
    steps = develop(coming(), order)
    next(steps)
    # Asked for as they are needed: those on lanes, those that may run ahead of the first, and one in hand.
    assert len(asked) <= 3 + 4 + 2
    assert len(list(steps)) == 23
    assert max(seen) <= most


def test_the_first_frame_that_needs_more_than_there_is_runs_alone() -> None:
    budget = Budget(1000)
    first, second = object(), object()
    assert budget.promise(first, Path(__file__))
    assert not budget.promise(second, Path(__file__))
    budget.correct(first, Path(__file__), 10)
    budget.release(first)
    assert budget.promise(second, Path(__file__))
    assert budget.promise(first, Path("not-there.dng")) is False
    budget.release(second)
    assert budget.promise(first, Path("not-there.dng"))


@pytest.mark.parametrize("is_thrown", [False, True], ids=["while it waits", "while the caller has his turn"])
def test_an_interrupt_finishes_what_is_written_and_drops_the_rest(
    is_thrown: bool, frames: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, begin = one.write, one.begin
    is_writing, is_stopped = threading.Event(), threading.Event()
    read = foreseen.read
    stems: dict[int, str] = {}

    def reading(path: Path, **options: Any) -> Frame:
        stems[threading.get_ident()] = path.stem
        return read(path, **options)

    def beginning(*arguments: Any, **options: Any) -> Any:
        if stems[threading.get_ident()] == "c":
            assert is_writing.wait(20)
            if not is_thrown:
                raise KeyboardInterrupt
            assert is_stopped.wait(20)
        return begin(*arguments, **options)

    def writing(path: Path, *arguments: Any, **options: Any) -> None:
        if path.stem == "b":
            is_writing.set()
            assert is_stopped.wait(20)
        write(path, *arguments, **options)

    def dropping(self: Around) -> None:
        if self.stop.is_set():
            is_stopped.set()
        check(self)

    check = Around.check_going
    monkeypatch.setattr(Around, "check_going", dropping)
    monkeypatch.setattr(foreseen, "read", reading)
    monkeypatch.setattr(one, "begin", beginning)
    monkeypatch.setattr(one, "write", writing)
    steps = develop(jobs(tmp_path, "a", "b", "c", "d", "e", "f"), Order(chain_of(SEEN), device="cpu", threads=2))
    told = [next(steps).job.source.stem]
    with pytest.raises(KeyboardInterrupt):
        if is_thrown:
            assert is_writing.wait(20)
            threading.Timer(0.05, is_stopped.set).start()
            told.append(steps.throw(KeyboardInterrupt()).job.source.stem)  # type: ignore[attr-defined]
        else:
            threading.Timer(0.05, is_stopped.set).start()
        told.extend(outcome.job.source.stem for outcome in steps)
    assert told[:2] == ["a", "b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{stem}.png" for stem in told)
    assert "c" not in told


def test_on_error_stop_begins_nothing_more(frames: Any, tmp_path: Path) -> None:
    outcomes = run(jobs(tmp_path, "a", "broken", *(f"f{n}" for n in range(30))), chain_of(SEEN), on_error="stop")
    assert [outcome.status for outcome in outcomes][:2] == ["done", "failed"]
    assert len(outcomes) < 16
    assert len(list(tmp_path.iterdir())) == len(outcomes) - 1


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


def test_a_card_is_given_a_frame_before_the_last_one_is_finished(
    frames: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane finishes what it has begun: here only once another has begun; and what fails there fails alone."""
    begin, names, lock = one.begin, iter("abcd"), threading.Lock()
    is_begun = {name: threading.Event() for name in "abcd"}

    class Pending:
        """As of a card: done when it is asked for."""

        def __init__(self, frame: Frame, *arguments: Any, **options: Any) -> None:
            with lock:
                self.name, self.device = next(names), Card
            self.pending = begin(frame, *arguments, **options)
            is_begun[self.name].set()

        def finish(self) -> Frame:
            if self.name != "d":
                assert is_begun[chr(ord(self.name) + 1)].wait(20)
            if self.name == "b":
                raise DeviceError("cuda:0: an illegal memory access was encountered")
            return self.pending.finish()

    class Card:
        target = "cuda"

    monkeypatch.setattr(one, "begin", Pending)
    outcomes = run(jobs(tmp_path, "a", "b", "c", "d"), chain_of(SEEN), threads=2)
    assert sorted(outcome.status for outcome in outcomes) == ["done", "done", "done", "failed"]
    (bad,) = (outcome for outcome in outcomes if outcome.status == "failed")
    assert bad.error == "cuda:0: an illegal memory access was encountered"
    assert len(list(tmp_path.iterdir())) == 3


def test_frames_come_in_order_and_nothing_is_written(frames: Any, tmp_path: Path) -> None:
    got = list(batch.frames(jobs(tmp_path, "a", "broken", "b"), Order(chain_of(SEEN), device="cpu")))
    assert [outcome.status for outcome, _ in got] == ["done", "failed", "done"]
    assert [frame is None for _, frame in got] == [False, True, False]
    assert not list(tmp_path.iterdir())


def test_frames_that_wait_to_be_taken_count_as_memory(frames: Any, tmp_path: Path) -> None:
    coming = iter(jobs(tmp_path, *"abcdef"))
    steps = batch.frames(coming, Order(chain_of(SEEN), device="cpu", threads=2, memory_bytes=1))
    next(steps)
    # The second is in hand, and is begun when the first is taken.
    assert [job.source.stem for job in coming] == list("cdef")
    assert len(list(steps)) == 1


def test_lanes_share_the_simulator_of_a_card(frames: Any, tmp_path: Path) -> None:
    got = list(batch.frames(jobs(tmp_path, *"abc"), Order(chain_of(["black_level"], "tiff"), device="cuda")))
    assert [outcome.error for outcome, _ in got] == [""] * 3


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
