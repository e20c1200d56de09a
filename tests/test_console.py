"""The command line as a process: signals, a full disk, a closed pipe, a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tenbit.pipeline.report import read as read_report

Told = Callable[[str], list[str]]


def test_an_interrupt_leaves_no_part_of_a_file(raw: Path) -> None:
    script = (
        "import tenbit.pipeline.foreseen as b, tenbit.cli\n"
        "from tenbit.pipeline.images import jpeg\n"
        "import tenbit.pipeline.images as i\n"
        "def stop(handle, *a, **k):\n"
        "    handle.write(b'half')\n"
        "    raise KeyboardInterrupt\n"
        "i.write_jpeg = stop\n"
        "tenbit.cli.main()\n"
    )
    command = [sys.executable, "-c", script, "develop", "a.dng", "-c", "small.yaml", "--report", "r.json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=raw.parent, env={**os.environ})
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1] == "interrupted after 0 of 1"
    assert (read_report(raw.parent / "r.json").end or {})["interrupted"] is True
    assert sorted(path.name for path in raw.parent.iterdir()) == ["a.dng", "r.json", "small.yaml"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_leaves_no_part_of_a_file_and_a_report(name: str, raw: Path, told: Told) -> None:
    script = (
        "import os, signal, tenbit.cli\n"
        "import tenbit.pipeline.images as i\n"
        "def stop(handle, *a, **k):\n"
        "    handle.write(b'half')\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        "i.write_jpeg = stop\n"
        "tenbit.cli.main()\n"
    )
    command = [sys.executable, "-c", script, "develop", "gone.dng", "a.dng", "-c", "small.yaml", "--report", "r.json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=raw.parent, env={**os.environ})
    assert done.returncode == 128 + getattr(signal, name)
    # Frames on their way are finished or dropped, and those that are told are in the report.
    report = read_report(raw.parent / "r.json")
    assert told(done.stderr)[-1].startswith(f"interrupted after {len(report.files)} of 2")
    assert (report.end or {})["interrupted"] is True
    left = {path.name for path in raw.parent.iterdir()}
    assert left - {"a.jpg"} == {"a.dng", "r.json", "small.yaml"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(("sink", "code", "lines"), [("full", 1, 1), ("pipe", 0, 0)])
def test_lines_that_nobody_takes_stop_no_picture(sink: str, code: int, lines: int, raw: Path, told: Told) -> None:
    if sink == "full":
        out = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, out = os.pipe()
        os.close(reader)
    command = [sys.executable, "-m", "tenbit.cli", "develop", "a.dng", "-c", "small.yaml"]
    done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, cwd=raw.parent, env={**os.environ})
    os.close(out)
    assert (done.returncode, len(told(done.stderr))) == (code, lines), done.stderr
    assert (raw.parent / "a.jpg").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_listing_that_nobody_takes_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "tenbit.cli", "stages"], stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, b"standard output: No space left on device\n")


def test_library_warnings_do_not_litter(raw: Path, told: Told) -> None:
    script = (
        "import warnings, tenbit.pipeline.foreseen as b, tenbit.cli\n"
        "read = b.read\n"
        "def noisy(*a, **k):\n"
        "    warnings.warn('of a library', RuntimeWarning)\n"
        "    return read(*a, **k)\n"
        "b.read = noisy\n"
        "tenbit.cli.main()\n"
    )
    command = [sys.executable, "-c", script, "develop", "a.dng", "-c", "small.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=raw.parent, env={**os.environ})
    assert (done.returncode, told(done.stderr)) == (0, [])


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_lines_stand_above_the_bar(raw: Path) -> None:
    import pty

    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "tenbit.cli", "develop", "a.dng", "gone.dng", "-c", "small.yaml"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, cwd=raw.parent, env=environment)
    os.close(inner)
    shown = b""
    try:
        while chunk := os.read(outer, 4096):
            shown += chunk
    except OSError:  # Linux says so at the end of a pseudo-terminal.
        pass
    os.close(outer)
    assert process.wait() == 1
    assert b"100%" in shown
    assert b" frames/s, " in shown
    assert b"\x1b[1;31m1 failed\x1b[0m, 0:00 to go" in shown
    # The bar is erased before each line.
    assert b"\x1b[2Kgone.dng: no such file\r\n" in shown
    assert b"\x1b[2Ka.jpg  " in shown


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_that_is_closed_stops_no_picture(raw: Path) -> None:
    import pty

    # Not the controlling terminal, as under nohup: no SIGHUP comes, but every write fails.
    (raw.parent / "z.dng").write_bytes(raw.read_bytes())
    outer, inner = pty.openpty()
    script = (
        "import os, sys, tenbit.cli, tenbit.pipeline.foreseen as b\n"
        "read = b.read\n"
        "def waits(path, **k):\n"
        "    if path.name == 'z.dng':\n"
        "        sys.stdin.buffer.read(1)\n"
        "    return read(path, **k)\n"
        "b.read = waits\n"
        "tenbit.cli.main()\n"
    )
    command = [sys.executable, "-c", script, "develop", "a.dng", "z.dng", "-c", "small.yaml", "--report", "r.json"]
    environment = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=inner, stderr=inner, cwd=raw.parent, env=environment
    )
    os.close(inner)
    shown = b""
    # Until the bar is drawn over the first file's line.
    while b"a.jpg" not in shown:
        shown += os.read(outer, 4096)
    os.close(outer)
    process.communicate(b"x", timeout=60)
    assert process.returncode == 1, "a listing that was lost is told by the exit code"
    report = read_report(raw.parent / "r.json")
    assert [file["status"] for file in report.files] == ["done", "done"]
    assert sorted(path.name for path in raw.parent.glob("*.jpg")) == ["a.jpg", "z.jpg"]


def test_a_name_that_the_terminal_cannot_show_stops_no_batch(raw: Path) -> None:
    raw.rename(raw.parent / "\u00fc.dng")
    (raw.parent / "z.dng").write_bytes((raw.parent / "\u00fc.dng").read_bytes())
    command = [sys.executable, "-m", "tenbit.cli", "develop", "\u00fc.dng", "z.dng", "-c", "small.yaml"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=raw.parent, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("\\xfc.jpg  ")
    assert (raw.parent / "z.jpg").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="closes a stream as a POSIX shell does")
@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_closed_stream_stops_no_picture(closed: str, raw: Path) -> None:
    command = f'"{sys.executable}" -m tenbit.cli develop a.dng -c small.yaml {closed}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=raw.parent, env={**os.environ})
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert (raw.parent / "a.jpg").is_file()
