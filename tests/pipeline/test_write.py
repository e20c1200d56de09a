"""The Python face: write, and what is refused before work begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

import tenbit
from tenbit.pipeline.images import read_record

MALVAR = {"demosaic": {"method": "malvar"}}


@pytest.fixture
def frame() -> tenbit.Frame:
    return tenbit.Frame.from_mosaic(np.full((8, 12), 0.5, np.float32), cfa="RGGB")


@pytest.mark.parametrize(("name", "options"), [("a.png", {"bits": 16}), ("a.tif", {}), ("a.jpg", {"quality": 50})])
def test_a_developed_frame_is_written_with_its_record(
    name: str, options: dict[str, Any], frame: tenbit.Frame, tmp_path: Path
) -> None:
    done = tenbit.run(frame, [MALVAR, "tone"], device="cpu")
    tenbit.write(tmp_path / name, done, **options)
    stored = imagecodecs.imread(tmp_path / name)
    assert stored.shape == (8, 12, 3)
    largest = np.iinfo(stored.dtype).max
    assert abs(stored / largest - done.samples).max() < 0.02
    assert read_record(tmp_path / name)["chain"] == done.record["chain"]


def test_what_is_no_frame_is_refused_by_its_type(tmp_path: Path) -> None:
    wrong: Any = "h.dng"
    with pytest.raises(TypeError, match=r"a tenbit.Frame is expected, not str; tenbit.read\(path\)"):
        tenbit.run(wrong, "fast")
    with pytest.raises(TypeError, match=r"not ndarray"):
        tenbit.run(np.zeros((4, 4)), "fast")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"a tenbit.Frame is expected, not str"):
        tenbit.write(tmp_path / "a.png", wrong)


def test_a_white_below_black_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"white: 64 is not above black, 1023"):
        tenbit.Frame.from_mosaic(np.zeros((4, 4), np.uint16), black=1023, white=64)


def test_an_error_of_read_names_the_file(tmp_path: Path) -> None:
    gone = tmp_path / "gone.dng"
    with pytest.raises(tenbit.TenbitError) as caught:
        tenbit.read(gone)
    assert str(caught.value) == f"{gone}: no such file"


def test_the_public_names_are_listed() -> None:
    assert set(tenbit.__all__) <= set(dir(tenbit))


def test_a_batch_says_how_to_turn_what_the_chain_did_not(
    frame: tenbit.Frame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    import tifffile

    from tenbit.pipeline import batch, config, foreseen
    from tenbit.pipeline.jobs import Job

    lying = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, orientation=6))
    monkeypatch.setattr(foreseen, "read", lambda *_, **__: lying)
    as_it_lies: list[Any] = [MALVAR, "tone", {"orient": {"to": "none"}}]
    for stages, expected in (([MALVAR, "tone"], 6), ([MALVAR, "tone", "orient"], 1), (as_it_lies, 1)):
        chain = foreseen.settled(config.load(["black_level", *stages]), "tiff")
        (outcome,) = batch.develop(
            [Job(Path("a.dng"), tmp_path / "a.tif")], batch.Order(chain, device="cpu", existing="replace")
        )
        assert outcome.status == "done", outcome.error
        with tifffile.TiffFile(tmp_path / "a.tif") as file:
            assert file.pages[0].tags["Orientation"].value == expected


def test_counts_that_do_not_fit_are_refused() -> None:
    for counts in ([[70000, 1], [1, 1]], [[-2, 1], [1, 1]]):
        with pytest.raises(ValueError, match=r"do not fit 0 … 65535; give them as floats"):
            tenbit.Frame.from_mosaic(np.array(counts, np.int32))


def test_white_of_whole_numbers_is_what_their_kind_can_hold() -> None:
    assert tenbit.Frame.from_mosaic([[1, 2], [3, 4]]).facts.white == (65535.0,) * 4
    assert tenbit.Frame.from_mosaic(np.ones((2, 2), np.uint8)).facts.white == (255.0,) * 4
    assert tenbit.Frame.from_mosaic(np.ones((2, 2), np.uint16), black=np.uint16(64)).facts.black == (64.0,) * 4
    with pytest.raises(ValueError, match="need 16 numbers each, not 4"):
        tenbit.Frame.from_mosaic(np.ones((4, 4)), cfa="QRGGB", black=(0.1, 0.1, 0.1, 0.1))
