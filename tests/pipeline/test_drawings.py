"""What monitors draw beside the picture: names, order, and what a failure leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tenbit
from tenbit.kernels._facts import Facts
from tenbit.pipeline import foreseen
from tenbit.pipeline.batch import Order, develop, one
from tenbit.pipeline.config import Chain, load
from tenbit.pipeline.drawings import check_drawings, names_of, written
from tenbit.pipeline.errors import RequestError, WriteError
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome

LOUPE = {"loupe": {"at": [0.5, 0.5], "to": "png"}}
STAGES: list[Any] = ["black_level", {"demosaic": {"method": "bilinear"}}, "tone", LOUPE]


@pytest.fixture
def chain() -> Chain:
    return settled(load(STAGES), "png")


@pytest.fixture(autouse=True)
def frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of reading files: a small frame."""

    def read(path: Path, *, camera: Any = None, keep_packed: bool = False) -> Frame:
        return Frame.from_mosaic(np.full((8, 12), 500, np.uint16), cfa="RGGB", black=64, white=1023)

    monkeypatch.setattr(foreseen, "read", read)


def run(work: list[Job], chain: Chain, **options: Any) -> list[Outcome]:
    return list(develop(work, Order(chain, device="cpu", **options)))


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_drawing_stands_beside_its_picture_and_is_named(tmp_path: Path, chain: Chain) -> None:
    (outcome,) = run([Job(Path("a.dng"), tmp_path / "new" / "a.png")], chain)
    assert outcome.status == "done", outcome.error
    assert listed(tmp_path / "new") == ["a.loupe.png", "a.png"]
    assert outcome.drawings == (tmp_path / "new" / "a.loupe.png",)
    assert outcome.as_record()["drawings"] == [str(tmp_path / "new" / "a.loupe.png")]


def test_a_picture_that_cannot_be_written_leaves_no_drawing(
    tmp_path: Path, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: Any, **__: Any) -> None:
        raise WriteError("no room")

    monkeypatch.setattr(one, "write", write)
    work = [Job(Path("a.dng"), tmp_path / "a.png")]
    (outcome,) = run(work, chain)
    assert (outcome.status, outcome.error, outcome.drawings) == ("failed", "no room", ())
    assert listed(tmp_path) == []
    for name in ("a.png", "a.loupe.png"):
        (tmp_path / name).write_bytes(b"older")
    assert run(work, chain, existing="replace")[0].error == "no room"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.png": b"older", "a.loupe.png": b"older"}


def test_drawings_that_are_there_are_kept_like_pictures(tmp_path: Path, chain: Chain) -> None:
    work = [Job(Path("a.dng"), tmp_path / "a.png")]
    mine = tmp_path / "a.loupe.png"
    mine.write_bytes(b"mine")
    (refused,) = run(work, chain)
    assert refused.error == f"{mine} exists already; --overwrite replaces it, --skip-existing leaves it"
    assert mine.read_bytes() == b"mine"
    assert run(work, chain, existing="replace")[0].status == "done"
    assert mine.read_bytes()[:4] == b"\x89PNG"
    (tmp_path / "a.png").unlink()  # as an interrupt between the two leaves it
    assert run(work, chain, existing="skip")[0].status == "done"


@pytest.mark.parametrize(
    ("target", "report", "text"),
    [
        ("a.loupe.png", None, "loupe.png of a.dng would be written to .*, but b.dng is written there"),
        ("b.png", "a.loupe.png", "loupe.png of a.dng would be written to .*, but the report is written there"),
    ],
)
def test_names_that_meet_are_refused(tmp_path: Path, chain: Chain, target: str, report: str | None, text: str) -> None:
    work = [Job(Path("a.dng"), tmp_path / "a.png"), Job(Path("b.dng"), tmp_path / target)]
    with pytest.raises(RequestError, match=text):
        check_drawings(chain, work, None if report is None else tmp_path / report)
    if report is None:
        with pytest.raises(RequestError, match=text):
            run(work, chain)
        assert listed(tmp_path) == []


def test_an_input_is_never_drawn_over(tmp_path: Path, chain: Chain) -> None:
    with pytest.raises(RequestError, match="is an input"):
        check_drawings(chain, [Job(tmp_path / "a.loupe.png", tmp_path / "a.png")])


def test_chains_without_drawings_have_no_names(chain: Chain) -> None:
    assert names_of(chain) == ("loupe.png",)
    assert names_of(load(STAGES[:3])) == ()


def test_the_library_writes_them_too(tmp_path: Path) -> None:
    facts = Facts(state="display", rows=8, cols=12, space="srgb")
    frame = tenbit.run(Frame(np.full((8, 12, 3), 0.5, np.float32), facts), [LOUPE], device="cpu")
    tenbit.write(tmp_path / "a.jpg", frame)
    assert listed(tmp_path) == ["a.jpg", "a.loupe.png"]
    assert (tmp_path / "a.loupe.png").read_bytes() == frame.drawings["loupe.png"]


def test_a_drawing_that_cannot_be_written_leaves_the_others_out(tmp_path: Path) -> None:
    (tmp_path / "a.second.svg").mkdir()
    with (
        pytest.raises(WriteError, match=r"a\.second\.svg: cannot be written"),
        written(tmp_path / "a.png", {"first.png": b"1", "second.svg": b"2"}),
    ):
        raise AssertionError
    assert listed(tmp_path) == ["a.second.svg"]
