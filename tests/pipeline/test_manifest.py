"""The manifest: what is done stays done, what changed is not, and many may note at once."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenbit.pipeline import manifest
from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.errors import ReadError, RequestError, WriteError
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.lenses.asked import Asked
from tenbit.pipeline.manifest import Manifest, made_of
from tenbit.pipeline.raw.defects import DefectList
from tenbit.pipeline.shots.given import Given

STAGES = ["black_level", {"demosaic": {"method": "bilinear"}}, "tone"]
WITH_LENS = [*STAGES[:2], "lens", "colour", "tone"]


def order(stages: list[Any] = STAGES, *overrides: str, **options: Any) -> Order:
    return Order(load(stages, overrides=overrides), **options)


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A file and its output, which is there; in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "lenses"))
    Path("a.raw").write_bytes(b"mosaic")
    Path("out").mkdir()
    Path("out/a.jpg").write_bytes(b"picture")
    return Job(Path("a.raw"), Path("out/a.jpg"))


@pytest.fixture
def path(job: Job) -> Path:
    """A manifest that has noted the job, by the order of `STAGES`."""
    path = manifest.default_path([job])
    book = Manifest(path, order())
    assert not book.is_done(book.entry(job))
    assert book.add(book.entry(job))
    return path


def is_done(path: Path, job: Job, order: Order) -> bool:
    book = Manifest(path, order)
    return book.is_done(book.entry(job))


def test_done_work_is_done_for_whoever_asks(path: Path, job: Job) -> None:
    assert path == Path.cwd() / "out" / ".tenbit-manifest.jsonl"
    same = dataclasses.replace(order(), device="cpu", retries=3, memory_bytes=2**30, existing="skip", threads=1)
    same = dataclasses.replace(same, chain=dataclasses.replace(same.chain, name="of another name"))
    assert is_done(path, job, same)
    header, line = (json.loads(text) for text in path.read_text("utf-8").splitlines())
    assert header["tenbit_manifest"] == 1
    assert (line["output"], line["input"], line["files"]) == ("a.jpg", str(Path("a.raw").absolute()), {"a.jpg": 7})
    assert len(line["sha256"]) == len(line["beside"]) == len(line["order"]) == 64


def changed_input(job: Job) -> None:
    job.source.write_bytes(b"Mosaic")


def other_size(job: Job) -> None:
    job.target.write_bytes(b"pictur")


def gone(job: Job) -> None:
    job.target.unlink()


def sidecar(job: Job) -> None:
    fields = {"rows": 2, "cols": 2, "packing": "u16", "cfa": "RGGB", "white": 1023}
    job.source.with_name("a.raw.json").write_text(json.dumps(fields), "utf-8")


@pytest.mark.parametrize("change", [changed_input, other_size, gone, sidecar])
def test_what_changed_is_not_done(change: Callable[[Job], None], path: Path, job: Job) -> None:
    change(job)
    assert not is_done(path, job, order())


@pytest.mark.parametrize(
    "other",
    [
        order(STAGES, "tone.exposure_ev=0.5"),
        order(STAGES, "output.quality=80"),
        order(camera={"rows": 2, "cols": 2, "packing": "u16", "cfa": "RGGB", "white": 1023}),
        order(defects=DefectList(np.array([[1, 2]]))),
    ],
    ids=["chain", "output", "camera", "defects"],
)
def test_another_order_is_not_done(other: Order, path: Path, job: Job) -> None:
    assert not is_done(path, job, other)


def test_what_a_frame_is_given_counts(path: Path, job: Job) -> None:
    assert not is_done(path, dataclasses.replace(job, given=Given((1.5, 1.0, 2.0))), order())


def test_another_version_begins_anew(path: Path, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_of, "__version__", "99.0")
    assert not is_done(path, job, order())


def test_what_is_said_of_a_lens_counts_where_the_chain_asks(job: Job) -> None:
    path = Path("m.jsonl")
    book = Manifest(path, order(WITH_LENS))
    book.add(book.entry(job))
    assert is_done(path, job, order(WITH_LENS))
    assert not is_done(path, job, order(WITH_LENS, asked=Asked(focus_m=2.0)))
    Path("tenbit.yaml").write_text("lens: {f_number: 2.8}\n", "utf-8")
    assert not is_done(path, job, order(WITH_LENS))
    Path("tenbit.yaml").write_text("# nothing is said\n", "utf-8")
    assert is_done(path, job, order(WITH_LENS))
    # Profiles that may be found, and the one that is named, by what is in them.
    Path("lenses").mkdir()
    Path("lenses/mine.yaml").touch()
    assert not is_done(path, job, order(WITH_LENS))
    shutil.rmtree("lenses")
    Path("p.yaml").write_text("one", "utf-8")
    named = order(WITH_LENS, asked=Asked(lens=Path("p.yaml")))
    book = Manifest(path, named)
    book.add(book.entry(job))
    assert is_done(path, job, named)
    Path("p.yaml").write_text("two", "utf-8")
    assert not is_done(path, job, named)


def test_a_touched_file_is_done_and_an_untouched_one_is_not_hashed(
    path: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []
    hash_of = manifest.noted.hash_of
    monkeypatch.setattr(manifest.noted, "hash_of", lambda path: (hashed.append(path), hash_of(path))[1])
    # It had been written a moment before it was noted: its stat does not tell whether it was written again.
    assert is_done(path, job, order()) and len(hashed) == 1
    monkeypatch.setattr(made_of, "_TICK_NS", -(10**12))
    book = Manifest(path, order())
    book.add(book.entry(job))
    del hashed[:]
    assert is_done(path, job, order()) and not hashed
    job.source.touch()
    assert is_done(path, job, order()) and len(hashed) == 1


def test_an_input_that_changed_on_its_way_is_not_noted(job: Job) -> None:
    book = Manifest(Path("m.jsonl"), order())
    entry = book.entry(job)
    job.source.write_bytes(b"longer than it was")
    assert not book.add(entry)
    job.source.unlink()
    assert not book.add(entry)
    with pytest.raises(ReadError, match=r"^no such file$"):
        book.entry(job)
    assert not Path("m.jsonl").exists()


def test_drawings_belong_to_their_picture(job: Job) -> None:
    book = Manifest(Path("out/m.jsonl"), order())
    drawing = Path("out/a.histogram.png")
    drawing.write_bytes(b"bars")
    assert book.add(entry := book.entry(job), [drawing])
    assert book.is_done(entry)
    drawing.unlink()
    assert not book.is_done(entry)
    assert book.is_noted(drawing) and not book.is_noted(Path("out/b.histogram.png"))


def test_only_what_is_tenbits_own_may_be_replaced(path: Path, job: Job) -> None:
    from tenbit.pipeline.images import write

    book = Manifest(path, order(STAGES, "output.quality=80"))
    assert not book.is_done(entry := book.entry(job)) and book.may_replace(entry)
    other = Job(job.source, Path("out/b.jpg"))
    assert book.may_replace(book.entry(other))
    other.target.write_bytes(b"mine")
    assert not book.may_replace(book.entry(other))
    for source, may in (("other.raw", False), ("a.raw", True)):
        # What a run that was killed has renamed but not noted.
        write(other.target, np.zeros((8, 8, 3), np.uint8), space="srgb", state="display", record={"source": source})
        assert book.may_replace(book.entry(other)) is may


def test_a_line_that_was_cut_off_is_ignored_and_mended(path: Path, job: Job) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert not is_done(path, job, order())
    book = Manifest(path, order())
    book.add(book.entry(job))
    assert is_done(path, job, order())
    assert path.read_bytes().count(b"\n") == 3
    path.write_bytes(whole[:5])
    assert not is_done(path, job, order())
    book = Manifest(path, order())
    book.add(book.entry(job))
    assert is_done(path, job, order())
    path.write_bytes(whole + b"\xff\xfe\n[1]\n")
    assert is_done(path, job, order())


def test_another_file_is_no_manifest(job: Job) -> None:
    Path("m.jsonl").write_text('{"batch": 1}\n', "utf-8")
    with pytest.raises(RequestError, match=r"^m\.jsonl: is no manifest of tenbit; give the manifest a name of its own"):
        Manifest(Path("m.jsonl"), order())
    with pytest.raises(RequestError, match=r"^out: cannot be read: "):
        Manifest(Path("out"), order())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(job: Job) -> None:
    Path("m.jsonl").symlink_to("/dev/full")
    lines = manifest.lines.Lines(Path("m.jsonl"))
    with pytest.raises(WriteError, match=r"^m\.jsonl: cannot be written: No space left on device$"):
        lines.append({"output": "a"})


def test_many_note_at_once(path: Path, job: Job) -> None:
    book, seen = Manifest(path, order()), Manifest(path, order())
    jobs = [Job(job.source, Path(f"out/{n}.jpg")) for n in range(40)]
    for each in jobs:
        each.target.touch()
    # Another process appends to the same file meanwhile.
    text = "import sys; from pathlib import Path; from tenbit.pipeline.manifest.lines import Lines\n"
    text += "for n in range(200): Lines(Path(sys.argv[1])).append({'output': f'x{n}', 'files': {}, 'pad': 'x' * 3000})"
    with subprocess.Popen([sys.executable, "-c", text, str(path)]) as other:
        threads = [
            threading.Thread(target=lambda some: [book.add(book.entry(j)) for j in some], args=(jobs[n::4],))
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert other.wait(60) == 0
    records = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
    assert len(records) == 2 + len(jobs) + 200
    # One that was opened before sees what others have done.
    assert all(seen.is_done(seen.entry(each)) for each in jobs)
    assert seen.is_noted(Path("out/x199"))


def test_a_manifest_is_opened_once_for_an_order_and_anew_for_another(path: Path, job: Job) -> None:
    one = order(manifest=path)
    assert manifest.opened(order()) is None
    assert manifest.opened(one) is manifest.opened(pickle.loads(pickle.dumps(one)))
    assert manifest.opened(one) is not manifest.opened(order(STAGES, "output.quality=80", manifest=path))
    book = manifest.opened(one)
    assert book is not None and book.is_done(book.entry(job))
    # Removed and begun anew, perhaps with the same inode.
    path.unlink()
    Manifest(path, one).add(book.entry(Job(job.source, job.target.with_name("b.jpg"))))
    assert not book.is_done(book.entry(job))


def test_the_folder_of_a_template_is_where_its_manifest_is(job: Job) -> None:
    far = Job(job.source, Path("out/2024/05/a.jpg"))
    assert manifest.default_path([far, job]) == Path.cwd() / "out" / manifest.NAME
    assert manifest.default_path([far], "out/{date:%Y/%m}/{stem}.jpg") == Path("out", manifest.NAME)
    assert manifest.default_path([far], "{stem}.jpg") == Path(manifest.NAME)
    assert os.fspath(manifest.default_path([job], "out")) == os.fspath(Path("out", manifest.NAME))
