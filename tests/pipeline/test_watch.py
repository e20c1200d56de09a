"""A folder that is watched: what has arrived, when it has arrived whole, and what becomes of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tenbit.pipeline import watch
from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.jobs import Input, Job
from tenbit.pipeline.manifest import Manifest
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.watch import Naming, Watcher, developed


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A folder, its watcher, and what the watcher said."""

    def __init__(self, folder: Path, *, recursive: bool = False, is_ours: Callable[[Path], bool] | None = None) -> None:
        self.clock, self.said = Clock(), list[str]()
        self.watcher = Watcher(
            folder, recursive=recursive, settle_s=2.0, is_ours=is_ours, said=self.said.append, clock=self.clock
        )

    def tick(self, seconds: float = 0.0) -> list[str]:
        """Names of the files that are ready after so many seconds."""
        self.clock.now += seconds
        return [one.path.name for one in self.watcher.ready()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def put(path: Path, text: str = "raw") -> Path:
    path.write_text(text, "ascii")
    return path


def test_a_file_is_taken_once_when_it_has_not_changed_for_long_enough(folder: Path) -> None:
    watched = Watched(folder)
    put(folder / "b.dng")
    assert watched.tick() == watched.tick(1.9) == []
    put(folder / "b.dng", "raw, and more")
    assert watched.tick(0.2) == watched.tick(1.9) == []
    put(folder / "a.nef")
    assert watched.tick(0.2) == ["b.dng"]
    assert watched.tick(2) == ["a.nef"]
    assert watched.tick(100) == []
    # Touched, so perhaps changed: the manifest knows better.
    os.utime(folder / "a.nef", (5, 5))
    assert watched.tick() == []
    assert watched.tick(2) == ["a.nef"]


def test_what_is_no_whole_raw_file_is_left(folder: Path) -> None:
    watched = Watched(folder)
    for name in (".a.dng.Xy12", ".hidden.dng", "a.dng.part", "a.dng.tmp", "a.jpg", "note.txt"):
        put(folder / name)
    (folder / "kept.dng").touch()
    (folder / "folder.dng").mkdir()
    assert watched.tick() == watched.tick(5) == []
    put(folder / "kept.dng")
    assert watched.tick() == []
    assert watched.tick(2) == ["kept.dng"]


def test_folders_below_are_looked_into_when_asked_new_ones_too(folder: Path) -> None:
    plain, deep = Watched(folder), Watched(folder, recursive=True)
    assert deep.tick() == []
    (folder / "roll" / "one").mkdir(parents=True)
    put(folder / "roll" / "one" / "a.dng")
    (folder / ".trash").mkdir()
    put(folder / ".trash" / "b.dng")
    assert plain.tick() == plain.tick(5) == deep.tick() == []
    deep.clock.now += 2
    assert deep.watcher.ready() == [Input(folder / "roll" / "one" / "a.dng", Path("roll/one"))]
    shutil.rmtree(folder / "roll")
    assert deep.tick(1) == []
    assert len(deep.watcher) == 0


def test_a_sidecar_that_comes_later_is_waited_for_and_counts_as_a_change(folder: Path) -> None:
    watched = Watched(folder)
    put(folder / "a.raw")
    assert watched.tick() == []
    put(folder / "a.raw.json")
    assert watched.tick(2) == []
    assert watched.tick(2) == ["a.raw"]
    put(folder / "a.raw.tenbit.yaml")
    assert watched.tick() == []
    assert watched.tick(2) == ["a.raw"]


def test_a_renamed_file_is_a_new_one_and_one_that_is_gone_is_forgotten(folder: Path) -> None:
    watched = Watched(folder)
    for number in range(50):
        put(folder / f"{number:02}.dng")
    watched.tick()
    assert len(watched.tick(2)) == 50
    (folder / "07.dng").rename(folder / "seven.dng")
    for number in range(40, 50):
        (folder / f"{number}.dng").unlink()
    assert watched.tick(1) == []
    assert watched.tick(2) == ["seven.dng"]
    assert len(watched.watcher) == 40


def test_a_folder_that_is_gone_is_waited_for(folder: Path) -> None:
    watched = Watched(folder)
    put(folder / "a.dng")
    watched.tick()
    watched.tick(2)
    folder.rename(folder.with_name("away"))
    assert watched.tick(1) == []
    assert watched.said == [f"{folder}: No such file or directory; waiting until it is there again"]
    put(folder.with_name("away") / "b.dng")
    folder.with_name("away").rename(folder)
    assert watched.tick(1) == []
    assert watched.tick(2) == ["b.dng"]


def test_a_file_that_cannot_be_opened_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched, real = Watched(folder), Path.open
    put(folder / "a.dng")
    watched.tick()

    def refused(path: Path, *others: object) -> None:
        raise PermissionError(13, "used by another process", str(path))

    monkeypatch.setattr(Path, "open", refused)
    assert watched.tick(2) == []
    assert watched.said == [f"{folder / 'a.dng'}: used by another process; waiting until it can be opened"]
    monkeypatch.setattr(Path, "open", real)
    assert watched.tick(1) == ["a.dng"]


def test_outputs_do_not_start_themselves(folder: Path) -> None:
    watched = Watched(folder, is_ours=lambda path: path.name == "a-flat.dng")
    put(folder / "a.dng")
    put(folder / "a-flat.dng")
    watched.tick()
    assert watched.tick(2) == ["a.dng"]
    assert watched.tick(100) == []


def test_a_failure_is_told_once_and_one_of_the_disk_is_tried_again(folder: Path) -> None:
    watched = Watched(folder)
    job = Job(put(folder / "a.dng"), folder / "a.jpg")
    watched.tick()
    watched.tick(2)
    broken = Outcome(job, "failed", error="cut off", kind="ReadError")
    assert watched.watcher.is_news(broken)
    assert watched.tick(1000) == []
    full = Outcome(job, "failed", error="No space left on device", kind="WriteError")
    assert watched.watcher.is_news(full)
    assert watched.tick(59) == []
    assert watched.tick(1) == ["a.dng"]
    assert not watched.watcher.is_news(full)
    assert watched.tick(60) == ["a.dng"]
    assert watched.watcher.is_news(Outcome(job, "done"))
    assert not watched.watcher.is_news(Outcome(job, "skipped"))
    job.source.unlink()
    gone = Outcome(job, "failed", error="no such file", kind="ReadError")
    assert not watched.watcher.is_news(gone)
    watched.tick()
    assert not watched.watcher.is_news(gone)


def test_two_files_that_are_there_are_not_written_to_one_name(folder: Path) -> None:
    watched = Watched(folder)
    naming = Naming(watched.watcher, str(folder / "out" / "{stem}.{ext}"), format="jpeg", chain="small")
    paths = [put(folder / name) for name in ("a.dng", "A.nef")]
    watched.tick()
    assert naming.job(Input(paths[0])) == naming.job(Input(paths[0])) == Job(paths[0], folder / "out" / "a.jpg")
    with pytest.raises(RequestError, match=r"A\.nef would be written to .*A\.jpg, but .*a\.dng is written there"):
        naming.job(Input(paths[1]))
    paths[0].unlink()
    watched.tick()
    assert naming.job(Input(paths[1])).target.name == "A.jpg"


def test_what_is_done_is_done_once_and_what_changed_again(raw: Path, here: Path) -> None:
    """Through the batch: three looks of one run, then a run that begins anew."""
    chain = settled(load("small.yaml", format="jpeg"), "jpeg")
    order = Order(chain, device="cpu", isolate="never", manifest=here / "out" / "manifest.jsonl")
    (here / "in").mkdir()
    shutil.copy(raw, here / "in" / "a.dng")
    put(here / "in" / "bad.dng")
    said: list[str] = []
    waits: list[float] = []

    def run(*, is_once: bool = True) -> list[tuple[str, str]]:
        clock = Clock()

        def sleep(seconds: float) -> None:
            clock.now += seconds
            waits.append(seconds)
            if not is_once and len(waits) == 5:
                shutil.copy(raw, here / "in" / "b.dng")
            if not is_once and len(waits) == 10:
                raise KeyboardInterrupt

        noted = Manifest(here / "out" / "manifest.jsonl", order)
        watcher = Watcher(here / "in", settle_s=1.0, is_ours=noted.is_noted, said=said.append, clock=clock)
        naming = Naming(watcher, "out/{stem}.{ext}", format="jpeg", chain="small")
        found: list[tuple[str, str]] = []
        try:
            steps = developed(watcher, order, naming, interval_s=0.5, is_once=is_once, said=said.append, sleep=sleep)
            found.extend((outcome.job.source.name, outcome.status) for outcome in steps)
        except KeyboardInterrupt:
            assert not is_once
        return found

    assert run() == [("a.dng", "done"), ("bad.dng", "failed")]
    (here / "in" / "late.dng").touch()
    assert run() == [("bad.dng", "failed")]
    assert said == [f"1 file is not whole yet: {here / 'in' / 'late.dng'}"]
    waits.clear()
    assert run(is_once=False) == [("bad.dng", "failed"), ("b.dng", "done")]
    (here / "in" / "a.dng").write_bytes(raw.read_bytes() + b"\0")
    assert run() == [("a.dng", "done"), ("bad.dng", "failed")]
    assert sorted(path.name for path in (here / "out").iterdir()) == ["a.jpg", "b.jpg", "manifest.jsonl"]


def test_files_that_a_full_disk_has_left_are_tried_again(
    folder: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(folder)
    order = Order(settled(load("small.yaml"), "jpeg"), device="cpu")
    naming = Naming(watched.watcher, "out/{stem}.{ext}", format="jpeg", chain="small")
    taken: list[list[str]] = []

    def full(jobs: Iterable[Job], order: Order, **_: object) -> Iterator[Outcome]:
        jobs = list(jobs)
        taken.append([job.source.stem for job in jobs])
        is_first = len(taken) == 1
        yield Outcome(jobs[0], "failed" if is_first else "done", error="no space", kind="FullError" * is_first)
        yield from () if is_first else (Outcome(job, "done") for job in jobs[1:])

    def sleep(_: float) -> None:
        watched.clock.now += 40
        if watched.clock.now > 400:
            raise KeyboardInterrupt

    monkeypatch.setattr(watch, "develop", full)
    for name in "abc":
        put(folder / f"{name}.dng")
    told = list[str]()
    with pytest.raises(KeyboardInterrupt):
        told.extend(
            f"{outcome.job.source.stem} {outcome.status}"
            for outcome in developed(watched.watcher, order, naming, sleep=sleep)
        )
    assert taken == [["a", "b", "c"], ["a", "b", "c"]]
    assert told == ["a failed", "a done", "b done", "c done"]
