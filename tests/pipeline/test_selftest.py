"""A machine that develops as others do is told from one that does not."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline import warm
from tenbit.pipeline.device import CpuDevice, choose
from tenbit.pipeline.foreseen import opened, planned
from tenbit.pipeline.images import read_record, write
from tenbit.pipeline.plan import Plan
from tenbit.pipeline.selftest import Check, checksum, node, pictures, self_test
from tenbit.pipeline.selftest.check import TrialError, UntriedError


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture: a cold cache costs 6 s for each of the others, and more."""
    monkeypatch.setenv("TENBIT_DEVICE", "cpu")
    monkeypatch.setattr(pictures, "CASES", pictures.CASES[:1])


def doctor(*arguments: str) -> Any:
    return CliRunner().invoke(commands, ["doctor", *arguments])


def by_name(*arguments: Any) -> dict[str, Check]:
    return {check.name: check for check in self_test(*arguments)}


def picture_check() -> Check:
    """The first case on the CPU."""
    return next(check for check in self_test("cpu") if check.name == "fast")


def test_a_sound_machine(short: None, tmp_path: Path) -> None:
    result = doctor("--self-test", "--folder", str(tmp_path))
    assert result.exit_code == 0, result.output
    *lines, last = result.stdout.splitlines()
    assert {line[:10].rstrip() for line in lines} <= {"ok", "left out"}, (
        "a system may have no locks, and hide its memory"
    )
    assert [line[10:20].rstrip() for line in lines] == [
        *("device", "fast", "libraw", "cache", "memory", "folder", "jpeg", "png", "tiff", "dng", "lock")
    ]
    assert last.startswith("sound; checksum of the pictures ")
    assert list(tmp_path.iterdir()) == []


def test_the_same_for_a_farm(short: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = json.loads(doctor("--self-test", "--json").stdout)
    assert (sound["is_sound"], sound["checks"][0]["name"], len(sound["checksum"])) == (True, "device", 16)
    monkeypatch.setenv("TENBIT_CACHE", str(tmp_path / "a file" / "cache"))
    (tmp_path / "a file").write_bytes(b"")
    result = doctor("--self-test", "--json", "--folder", str(tmp_path / "gone"))
    broken = json.loads(result.stdout)
    assert (result.exit_code, broken["is_sound"], broken["checksum"]) == (1, False, sound["checksum"])
    assert [check["name"] for check in broken["checks"] if check["state"] == "failed"] == ["cache", "folder"]


def test_a_device_that_is_not_there(short: None) -> None:
    result = doctor("--self-test", "--device", "cudda")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == (
        "failed    device      device: 'cudda' is not one of auto, cpu, cuda, cuda:N"
    )
    assert result.stdout.splitlines()[-1] == "broken: device"


def test_a_body_that_is_off_by_3(short: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CpuDevice.run

    def wrong(self: CpuDevice, work: Any, constants: Any, ins: Any, outs: Any, *more: Any) -> Any:
        done = run(self, work, constants, ins, outs, *more)
        part = outs[-1][10:20, :48]
        part[...] = np.where(part < 128, part + 3, part - 3)
        return done

    monkeypatch.setattr(CpuDevice, "run", wrong)
    check = picture_check()
    assert (check.state, check.text) == ("failed", "off by up to 3 of 255: 7.81% of the pixels by more than 1")


def test_a_picture_that_is_not_the_reference(short: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(pictures.FOLDER, tmp_path / "selftest")
    monkeypatch.setattr(pictures, "FOLDER", tmp_path / "selftest")
    path = tmp_path / "selftest" / "fast.png"
    picture = pictures.stored(path)
    for off, state, text in (
        (1, "ok", "off by up to 1 of 255, in 0.02% of the pixels: within rounding"),
        (2, "failed", "off by up to 2 of 255: 0.02% of the pixels by more than 1"),
    ):
        tampered = picture.copy()
        tampered[30, 40, 1] += off
        write(path, tampered, space="srgb", state="display")
        check = picture_check()
        assert (check.state, check.text) == (state, text)
    write(path, picture[1:], space="srgb", state="display")
    assert picture_check().text == "uint8 (64, 96, 3), but the reference is uint8 (63, 96, 3)"
    path.write_bytes(path.read_bytes()[:100])
    assert (picture_check().state, picture_check().text.startswith(str(path))) == ("failed", True)


def test_how_far_off_a_picture_may_be() -> None:
    reference = np.full((20, 50, 3), 1000, np.uint16)
    assert pictures.compared(reference, reference) == "identical to the reference"
    assert "within rounding" in pictures.compared(reference + np.uint16(4), reference)
    with pytest.raises(TrialError, match=r"off by up to 5 of 65535: 100\.00% of the pixels by more than 4"):
        pictures.compared(reference + np.uint16(5), reference)
    marked = reference.copy()
    marked[3, 4] = 60000
    assert "off by up to 59000" in pictures.compared(marked, reference, marked=0.001)
    marked[3, 5] = 60000
    with pytest.raises(TrialError, match=r"0\.20% of the pixels"):
        pictures.compared(marked, reference, marked=0.001)


def test_cuda_develops_a_tiny_picture_in_the_simulator() -> None:
    device = choose("cuda")[0]
    (case,) = pictures.cases_for(device)
    picture, said = pictures.developed(case, device)
    assert (picture.shape, said.text.startswith(("identical", "off by up to 1 "))) == ((16, 24, 3), True)


def test_what_would_have_to_be_compiled_for_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def through(case: pictures.Case, device: Any, said: Any) -> Any:
        said("developed on the CPU: no memory")
        said("compiling demosaic")
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(pictures, "through", through)
    checks = by_name("cpu")
    assert checks["standard"].text == "its loops are not compiled yet: tenbit doctor --warm compiles them"
    assert {name for name, check in checks.items() if check.state == "left out"} == {"standard", "quad-full", "monitor"}
    assert checks["fast"].state == "failed"


def test_a_cold_machine_has_the_checksum_of_a_warm_one() -> None:
    fast = Check("fast", "ok", "", checksum="1")
    assert checksum([fast, Check("standard", "ok", "", checksum="2")]) == checksum([fast])
    assert checksum([]) is None


def test_the_references_are_of_the_chains_as_they_are() -> None:
    for case in (*pictures.CASES, *pictures.TINY):
        how = "write it anew: python -m tenbit.pipeline.selftest.references"
        assert read_record(case.reference)["chain"] == pictures.settled_for(case).as_record(), f"{case.name}: {how}"


def test_what_is_compiled_ahead_is_what_the_test_needs() -> None:
    for case in pictures.CASES:
        chain = pictures.settled_for(case)
        frame = opened(pictures.FOLDER / case.sample, chain)
        ahead = warm.Case(case.chain, frame.facts.cfa.name, 1, None, frame.packing)
        warmed = planned(ahead.frame().facts, warm._settled(case.chain), packing=frame.packing)
        what = planned(frame.facts, chain, packing=frame.packing)
        if case.is_long:
            assert signatures(what) == signatures(warmed), case.name


def signatures(what: Plan) -> set[Any]:
    return {work.signature for work in (*what.passes, *what.paint_passes)}


def test_too_little_of_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "free_memory_bytes", lambda: 200 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 0))
    checks = {check.name: check for check in node.checks(tmp_path)}
    assert (checks["memory"].state, checks["memory"].text) == ("failed", "0.2 GiB free, at least 0.5 GiB are needed")
    assert checks["folder"].text == f"{tmp_path}: 0.0 GiB free, at least 0.5 GiB are needed"
    assert "jpeg" not in checks


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, None),
        ({"proc/meminfo": "MemTotal: 9 kB\nMemAvailable:    3072 kB\n"}, 3 << 20),
        (
            {
                "proc/meminfo": "MemAvailable: 3072 kB\n",
                "sys/fs/cgroup/memory.max": "2000000\n",
                "sys/fs/cgroup/memory.current": "1500000\n",
                "sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 250000\n",
            },
            750_000,
        ),
        ({"proc/meminfo": "MemAvailable: 3072 kB\n", "sys/fs/cgroup/memory.max": "max\n"}, 3 << 20),
    ],
)
def test_memory_that_is_free(files: dict[str, str], free: int | None, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "ascii")
    assert node.free_memory_bytes(tmp_path) == free


def test_a_lock_that_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with pytest.raises(TrialError, match="can be locked once more: give each process a manifest of its own"):
        node.lock(tmp_path)

    def none_here(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", none_here)
    with pytest.raises(UntriedError, match=r"no locks on this file system \(Operation not supported\)"):
        node.lock(tmp_path)


def test_a_writer_that_writes_another_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "write", lambda path, samples, **options: write(path, 1 - samples, **options))
    checks = {check.name: check for check in node.checks(tmp_path)}
    assert checks["png"].text == "8 bits: the picture is not the same"
    assert checks["jpeg"].text.startswith("8 bits: another picture comes back, ")
    assert checks["dng"].text == "the samples are not the same"


def test_a_libraw_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    (check,) = [check for check in node.checks(tmp_path) if check.name == "libraw"]
    assert (check.state, check.text.startswith("ModuleNotFoundError: ")) == ("failed", True)


def test_findings_for_a_farm() -> None:
    found = json.loads(doctor("--json").stdout)["findings"]
    assert {"tenbit", "python", "numpy", "cache"} <= {finding["topic"] for finding in found}
    assert found[0].keys() == {"topic", "found", "remedy"}


def test_a_folder_is_of_the_test() -> None:
    result = doctor("--folder", "x")
    assert (result.exit_code, "--folder is of --self-test" in result.stderr) == (2, True)
