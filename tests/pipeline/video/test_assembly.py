"""Frames of a shot in one video: decoded again, what stands for missing ones, and nothing left behind."""

from __future__ import annotations

import dataclasses
import errno
import json
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tenbit
from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.errors import ChainError, RequestError, WriteError
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.sample import make
from tenbit.pipeline.video import CODECS, Film, codec, encode, film, for_video
from tenbit.pipeline.video.encode import Look, opened

av = pytest.importorskip("av")

LUMA = {1: (0.2126, 0.7152, 0.0722), 9: (0.2627, 0.6780, 0.0593)}
SUFFIX = {"prores": ".mov", "hevc": ".mp4", "ffv1": ".mkv"}


def ycc(rgb: Any, matrix: int) -> Any:
    """BT.709's and BT.2020's equations as they are printed, at 10 bits of limited range."""
    red, green, blue = np.moveaxis(np.asarray(rgb, np.float64) / 65535, -1, 0)
    weights = LUMA[matrix]
    luma = weights[0] * red + weights[1] * green + weights[2] * blue
    cb, cr = (blue - luma) / (2 * (1 - weights[2])), (red - luma) / (2 * (1 - weights[0]))
    return np.stack([64 + 876 * luma, 512 + 896 * cb, 512 + 896 * cr], -1)


def decoded(path: Path) -> tuple[Any, list[list[Any]], list[Any]]:
    """The stream, the planes of its frames, and the frames."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        seen = list(container.decode(stream))
        planes = [
            [np.frombuffer(p, np.uint16).reshape(p.height, -1)[:, : p.width].copy() for p in frame.planes]
            for frame in seen
        ]
        told = {
            "tag": stream.codec_context.codec_tag,
            "rate": Fraction(stream.average_rate.numerator, stream.average_rate.denominator),
            "timecode": stream.metadata.get("timecode") or container.metadata.get("TIMECODE"),
            "metadata": {key.lower(): value for key, value in container.metadata.items()},
            "kinds": [one.type for one in container.streams],
            "colours": tuple(
                getattr(stream.codec_context, f"color{name}") for name in ("_primaries", "_trc", "space", "_range")
            ),
        }
    return told, planes, seen


@pytest.fixture
def shot(here: Path) -> list[Path]:
    """Six frames of six flat patches each, 64 x 96, brighter from frame to frame."""
    patches = np.random.default_rng(7).uniform(0.02, 0.7, (2, 3, 3))
    paths = [here / f"A_{number:04d}.dng" for number in range(1, 7)]
    for number, path in enumerate(paths):
        scene = np.repeat(np.repeat(patches * (1 + number / 15), 32, 0), 32, 1)
        make(path, scene=scene, is_noisy=False, truth=False)
    return paths


def jobs(paths: list[Path], target: Path) -> list[Job]:
    return [Job(path, target, number=int(path.stem[-4:])) for path in paths]


def order(chain: str = "small.yaml") -> Order:
    return Order(for_video(load(chain)), device="cpu", isolate="never")


def filmed(paths: list[Path], target: Path, **how: Any) -> list[Outcome]:
    return list(film(jobs(paths, target), order(), target, Film(**how)))


@pytest.fixture
def rushes(tmp_path: Path) -> Iterator[Any]:
    """Grey frames of (rows, cols) straight into a video."""

    def write(target: Path, look: Look, *sizes: tuple[int, int], space: str = "srgb", samples: Any = None) -> None:
        with opened(target, look) as reel:
            reel.begin(*sizes[0], space=space, record={})
            for number, size in enumerate(sizes):
                reel.put(np.full((*size, 3), 9000 + 4000 * number, np.uint16) if samples is None else samples)

    return write


@pytest.mark.parametrize("name", list(CODECS))
def test_what_is_decoded_is_what_the_chain_made(shot: list[Path], name: str) -> None:
    target = Path(f"shot{SUFFIX[name]}")
    how = {"codec": CODECS[name], "rate": Fraction(24000, 1001), "timecode": "01:00:00:00", "crf": 1.0}
    outcomes = filmed(shot, target, **how)
    assert [outcome.status for outcome in outcomes] == ["done"] * 6
    told, planes, seen = decoded(target)
    assert (len(seen), seen[0].width, seen[0].height, seen[0].format.name) == (6, 96, 64, CODECS[name].pixels)
    assert (told["rate"], told["timecode"]) == (Fraction(24000, 1001), "01:00:00:00")
    assert told["colours"] == ((1, 13, 0, 2) if name == "ffv1" else (1, 13, 1, 1))
    assert [round(float(frame.time) * 24000 / 1001) for frame in seen] == list(range(6))
    record = json.loads(told["metadata"]["comment"])
    assert (record["tenbit"], record["frames"]) == (tenbit.__version__, 6)
    assert told["tag"] == {"prores": "apch", "hevc": "hvc1"}.get(name, told["tag"])
    assert told["kinds"] == ["video"] + (["data"] if name != "ffv1" else [])
    rest = ["small.yaml", target.name]
    for number, path in enumerate(shot):
        made = tenbit.run(tenbit.read(path), "small.yaml", device="cpu", bits=16).samples
        if name == "ffv1":
            np.testing.assert_array_equal(np.stack([planes[number][n] for n in (2, 0, 1)], -1), made)
            continue
        row_step, col_step = CODECS[name].subsampling
        for row, col in ((row, col) for row in (16, 48) for col in (16, 48, 80)):
            luma, blue, red = np.rint(ycc(made[row, col], 1))
            found = planes[number]
            assert abs(found[0][row, col] - luma) <= 1
            assert abs(found[1][row // row_step, col // col_step] - blue) <= 1
            assert abs(found[2][row // row_step, col // col_step] - red) <= 1
    assert sorted(path.name for path in Path().iterdir()) == sorted([*(path.name for path in shot), *rest])


@pytest.mark.parametrize(("space", "tags"), [("display-p3", (12, 13, 1, 1)), ("rec2020", (9, 1, 9, 1))])
def test_other_spaces_are_told_and_have_their_matrix(rushes: Any, tmp_path: Path, space: str, tags: Any) -> None:
    patch = np.full((32, 32, 3), (52000, 9000, 21000), np.uint16)
    rushes(tmp_path / "a.mov", Look(CODECS["prores"], Fraction(25)), (32, 32), space=space, samples=patch)
    told, planes, _ = decoded(tmp_path / "a.mov")
    assert told["colours"] == tags
    wanted = ycc(patch[0, 0], tags[2])
    assert all(abs(plane[8, 8] - value) <= 1 for plane, value in zip(planes[0], wanted, strict=True))


def test_odd_sizes_lose_their_last_row_and_column(shot: list[Path], here: Path) -> None:
    make(here / "odd_0001.dng", rows=65, cols=71, truth=False)
    said: list[str] = []
    work = jobs([here / "odd_0001.dng"], here / "a.mp4")
    list(film(work, order(), here / "a.mp4", Film(CODECS["hevc"]), said=said.append))
    _, _, (frame,) = decoded(here / "a.mp4")
    assert (frame.height, frame.width) == (64, 70)
    assert "hevc takes even sizes: the last row and the last column of each frame is left out" in said


def test_a_frame_of_another_size_is_refused_by_name(shot: list[Path], here: Path) -> None:
    make(shot[2], rows=64, cols=80, truth=False)
    with pytest.raises(WriteError, match=r"a\.mov: not written, for A_0003\.dng failed; --on-error hold repeats"):
        filmed(shot, here / "a.mov")
    assert not (here / "a.mov").exists()
    outcomes = filmed(shot, here / "a.mov", missing="hold")
    assert outcomes[2].error == "64 x 80 pixels; the video has 64 x 96, by its first frame"
    assert len(decoded(here / "a.mov")[1]) == 6


def test_what_stands_for_frames_that_are_missing(shot: list[Path], here: Path) -> None:
    """The first fails, the third is not there, the fifth fails."""
    shot[0].write_bytes(b"no raw file")
    shot[4].write_bytes(b"no raw file")
    shot.pop(2).unlink()
    with pytest.raises(RequestError, match=r"a\.mkv: frames 3 are not there; --on-error hold repeats"):
        filmed(shot, here / "a.mkv", is_numbered=True)
    held = filmed(shot, here / "a.mkv", missing="hold", is_numbered=True, codec=CODECS["ffv1"])
    assert [outcome.status for outcome in held] == ["failed", "done", "done", "failed", "done"]
    greens = [float(planes[0].mean()) for planes in decoded(here / "a.mkv")[1]]
    assert len(greens) == 6
    assert greens[0] == greens[1] == greens[2] < greens[3] == greens[4] < greens[5]
    filmed(shot, here / "a.mkv", missing="black", is_numbered=True, codec=CODECS["ffv1"])
    blacks = [float(planes[0].mean()) for planes in decoded(here / "a.mkv")[1]]
    assert blacks == [0.0, greens[1], 0.0, greens[3], 0.0, greens[5]]


def test_black_is_black_in_limited_range(rushes: Any, tmp_path: Path) -> None:
    with opened(tmp_path / "a.mov", Look(CODECS["prores"], Fraction(24))) as reel:
        reel.begin(32, 48, space="srgb", record={})
        reel.black(2)
    planes = decoded(tmp_path / "a.mov")[1]
    assert [[(int(p.min()), int(p.max())) for p in frame] for frame in planes] == [
        [(64, 64), (512, 512), (512, 512)]
    ] * 2


def test_no_frame_at_all_is_no_video(here: Path) -> None:
    (here / "A_0001.dng").write_bytes(b"no raw file")
    with pytest.raises(WriteError, match=r"a\.mov: not written, for no frame could be developed"):
        filmed([here / "A_0001.dng"], here / "a.mov", missing="hold")
    assert not (here / "a.mov").exists()


def test_stopped_half_way_leaves_nothing_and_the_older_video(shot: list[Path], here: Path) -> None:
    (here / "a.mov").write_bytes(b"older")
    with closing(film(jobs(shot, here / "a.mov"), order(), here / "a.mov", Film())) as steps:  # type: ignore[type-var]
        next(steps)
        next(steps)
    assert (here / "a.mov").read_bytes() == b"older"
    assert not list(here.glob(".*"))


@pytest.mark.parametrize("when", ["in the middle", "at the end"])
def test_a_full_disk_is_one_error_and_no_debris(
    rushes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    rushes(tmp_path / "whole.mov", Look(CODECS["prores"], Fraction(24)), *[(64, 96)] * 6)
    room = (tmp_path / "whole.mov").stat().st_size - 10
    room = room if when == "at the end" else room // 2

    class Full:
        """A file on a disk with so much room."""

        def __init__(self, handle: Any) -> None:
            self.seek, self.tell, self.handle = handle.seek, handle.tell, handle

        def write(self, data: bytes) -> int:
            if self.handle.tell() + len(data) > room:
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(self.handle.write(data))

    real = encode.Reel
    monkeypatch.setattr(encode, "Reel", lambda handle, *others: real(Full(handle), *others))  # type: ignore[arg-type]
    with pytest.raises(WriteError, match=r"a\.mov: cannot be written: No space left on device"):
        rushes(tmp_path / "a.mov", Look(CODECS["prores"], Fraction(24)), *[(64, 96)] * 6)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.mov"]


def test_what_is_no_picture_for_a_display_is_refused() -> None:
    bare = ["black_level", {"demosaic": {"method": "bilinear"}}]
    for stages, text in (
        (["black_level"], "a mosaic is no video's picture: add demosaic, colour and tone"),
        ([*bare, "colour"], "linear light would band in a video: add the tone stage"),
        ([*bare, {"colour": {"space": "rec2020-linear"}}, "tone"], "a video is of srgb, display-p3, rec2020, not rec2"),
    ):
        with pytest.raises(ChainError, match=text):
            for_video(load(stages))


def test_without_pyav_there_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(codec, "import_module", missing)
    with (
        pytest.raises(RequestError, match=r"videos need PyAV: pip install 'tenbit\[video\]'"),
        closing(
            film([], Order(load([]), device="cpu"), tmp_path / "a.mov", Film())  # type: ignore[type-var]
        ) as steps,
    ):
        next(steps)


def test_an_encoder_that_refuses_is_one_line(rushes: Any, tmp_path: Path) -> None:
    broken = dataclasses.replace(CODECS["prores"], options={"profile": "nonsense"})
    with pytest.raises(WriteError, match=r"a\.mov: the prores encoder failed: "):
        rushes(tmp_path / "a.mov", Look(broken, Fraction(24)), (32, 32))
    assert not list(tmp_path.iterdir())
