"""Lanes: what runs at once, what memory bounds, the order of what is told, and ends that come early."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batching import SEEN, chain_of, jobs, run

from tenbit.pipeline import batch, foreseen
from tenbit.pipeline.batch import Order, develop, one
from tenbit.pipeline.batch.budget import Budget
from tenbit.pipeline.batch.one import Around
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.jobs import Job


def test_an_interrupt_goes_up_and_leaves_nothing_incomplete(frames: Any, tmp_path: Path) -> None:
    steps = develop(jobs(tmp_path, "a", "stop", "z"), Order(chain_of(SEEN), device="cpu"))
    told = [next(steps)]
    with pytest.raises(KeyboardInterrupt):
        told.extend(steps)
    assert {path.name for path in tmp_path.iterdir()} == {outcome.job.target.name for outcome in told}


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
