"""A disk that fills up: one line for each file that does not fit, those that do are whole, and nothing else is left."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tenbit.cli import commands
from tenbit.pipeline.drawings import written
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import write
from tenbit.pipeline.manifest import NAME
from tenbit.pipeline.report import read as read_report
from tenbit.pipeline.sample import make

Told = Callable[[str], list[str]]
NOISE = np.random.default_rng(1).integers(0, 2**16, (256, 256, 3), np.uint16)


@contextmanager
def tmpfs(folder: Path, kilobytes: int) -> Iterator[Callable[[int], None]]:
    """A folder with room for so much; inside, a function that changes it."""
    if sys.platform != "linux":
        pytest.skip("a tmpfs is Linux's")

    def mount(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["mount", *options, "none", str(folder)], capture_output=True, text=True)

    folder.mkdir()
    if (made := mount("-t", "tmpfs", "-o", f"size={kilobytes}k")).returncode:
        pytest.skip(f"a small tmpfs cannot be mounted here: {made.stderr.strip()}")
    try:
        yield lambda more: mount("-o", f"remount,size={more}k").check_returncode()
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def limited(most_bytes: int) -> Iterator[None]:
    """Files that may be so large, as a quota would have it; where no disk can be mounted."""
    resource = pytest.importorskip("resource", reason="limits of a process are POSIX's")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(params=["tmpfs", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder where files of 64 kB do not fit, and what the system says of it."""
    folder = tmp_path / "disk"
    if request.param == "tmpfs":
        with tmpfs(folder, 64):
            yield folder, "No space left on device"
    else:
        folder.mkdir()
        with limited(64 * 1024):
            yield folder, "File too large"


def listed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jpg", {"bits": 8, "quality": 100}),
        ("a.png", {}),
        ("a.tif", {"compression": "none"}),
        ("a.tif", {"compression": "deflate"}),
        ("a.tif", {"compression": "zstd"}),
        ("a.tif", {"bits": 32}),
        ("a.dng", {}),
    ],
    ids=["jpeg", "png", "tiff", "deflate", "zstd", "float", "dng"],
)
def test_every_writer_tells_what_the_system_says_and_leaves_nothing(
    name: str, options: dict[str, Any], disk: tuple[Path, str]
) -> None:
    folder, said = disk
    samples, state = NOISE, "display"
    if name == "a.dng":
        frame = Frame.from_mosaic(NOISE[..., 0].copy(), cfa="RGGB", black=64, white=65535)
        samples, options, state = frame.samples, {"facts": frame.facts}, "mosaic"
    elif bits := options.get("bits"):
        samples = NOISE.astype(np.float32) / 65535 if bits == 32 else (NOISE >> 8).astype(np.uint8)
    with pytest.raises(WriteError) as caught:
        write(folder / name, samples, space="srgb", state=state, **options)
    assert str(caught.value) == f"{folder / name}: cannot be written: {said}"
    assert listed(folder) == []


def test_a_picture_and_its_drawings_fit_together_or_not_at_all(disk: tuple[Path, str]) -> None:
    folder, said = disk
    large, small = NOISE.tobytes()[:100_000], b"small"
    for drawings in ({"one.png": small, "two.png": large}, {"one.png": small}):
        with pytest.raises(WriteError, match=f"cannot be written: {said}"), written(folder / "a.png", drawings):
            write(folder / "a.png", NOISE, space="srgb", state="display")
        assert listed(folder) == []
    with written(folder / "a.png", {"one.png": small}):
        write(folder / "a.png", NOISE[:64, :64], space="srgb", state="display")
    before = {name: (folder / name).read_bytes() for name in listed(folder)}
    assert list(before) == ["a.one.png", "a.png"]
    with pytest.raises(WriteError, match=said), written(folder / "a.png", {"one.png": b"newer"}):
        write(folder / "a.png", NOISE, space="srgb", state="display")
    assert {name: (folder / name).read_bytes() for name in listed(folder)} == before


def develop(out: Path, report: Path, *more: str) -> Result:
    options = ["-c", "small.yaml", "-o", f"{out}/{{stem}}.{{ext}}", "--report", str(report), *more]
    result = CliRunner().invoke(commands, ["develop", "in", *options], catch_exceptions=False)
    assert "Traceback" not in result.output and "internal" not in result.output
    return result


@pytest.fixture
def whole(here: Path, told: Told) -> dict[str, bytes]:
    """What becomes of twelve frames in ``in`` where there is room."""
    (here / "in").mkdir()
    for seed in range(3):
        make(here / "in" / f"{seed:02d}.dng", rows=64, cols=64, seed=seed, truth=False)
    for number in range(3, 12):
        shutil.copyfile(here / "in" / f"{number % 3:02d}.dng", here / "in" / f"{number:02d}.dng")
    assert develop(here / "room", here / "room.jsonl").exit_code == 0
    return {path.name: path.read_bytes() for path in (here / "room").iterdir()}


def check(here: Path, result: Result, whole: dict[str, bytes], said: str) -> set[str]:
    """Which pictures are there: all whole, nothing else, and a line for each other one."""
    out = here / "disk" / "out"
    there = {path.name: path.read_bytes() for path in out.iterdir() if path.name != NAME}
    assert there == {name: whole[name] for name in there}
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    failures = {line.split(":")[0]: line for line in lines if line.startswith("in/")}
    # A picture whose line in the manifest does not fit is there, but not noted: it is made again. A full disk ends the
    # batch: what was on its way is told of, and nothing more is begun.
    assert len(failures) > 0
    assert len(failures) >= 12 - len(there) or said == "No space left on device"
    for source, line in failures.items():
        places = f"{out}/{Path(source).stem}.jpg", f"{out}/{NAME}"
        assert line in [f"{source}: {place}: cannot be written: {said}" for place in places]
    assert len(lines) <= len(failures) + 4, lines
    return set(there)


def test_a_batch_goes_on_when_there_is_room(here: Path, whole: dict[str, bytes]) -> None:
    out, report, said = here / "disk" / "out", here / "disk" / "r.jsonl", "No space left on device"
    with tmpfs(here / "disk", 64) as resize:
        there = check(here, result := develop(out, report, "--resume"), whole, said)
        assert 0 < len(there) < 12
        assert f"{report}: the report cannot be written: {said}" in result.stderr or read_report(report).is_whole
        before = {name: (out / name).stat().st_mtime_ns for name in there}
        resize(4096)
        assert (result := develop(out, report, "--resume")).exit_code == 0, result.stderr
        assert {path.name: path.read_bytes() for path in out.iterdir() if path.name != NAME} == whole
        end = read_report(report).end or {}
        assert end["done"] + end["skipped"] == 12
        same = [name for name in there if (out / name).stat().st_mtime_ns == before[name]]
        assert len(same) == end["skipped"]


def test_a_quota_is_met_as_a_full_disk_is(here: Path, whole: dict[str, bytes]) -> None:
    sizes = sorted(len(content) for content in whole.values())
    out, said = here / "disk" / "out", "File too large"
    with limited(sizes[len(sizes) // 2] - 1):
        result = develop(out, here / "r.jsonl", "--resume")
    there = check(here, result, whole, said)
    assert there <= {name for name, content in whole.items() if len(content) < sizes[len(sizes) // 2]}
    assert f"{Path('r.jsonl')}: the report cannot be written: {said}" in result.stderr
    assert develop(out, here / "r.jsonl", "--resume").exit_code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.name != NAME} == whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_report_that_does_not_fit_costs_no_picture(here: Path, whole: dict[str, bytes]) -> None:
    result = develop(here / "out", Path("/dev/full"))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-2:] == [
        f"{len(whole)} done",
        "/dev/full: the report cannot be written: No space left on device",
    ]
    assert {path.name: path.read_bytes() for path in (here / "out").iterdir()} == whole
