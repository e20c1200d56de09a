"""What programs do when they are given what they cannot develop, or nowhere to write: exit codes, and what is left."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dngs
import tifffile
from peers import programs
from peers.programs import AHD, DARKTABLE, DCRAW, RAWTHERAPEE, STANDARD
from timing import Section

WHO = {
    STANDARD: "tenbit develop",
    DARKTABLE: "darktable-cli",
    RAWTHERAPEE: "rawtherapee-cli",
    DCRAW: "dcraw_emu",
    AHD: "rawpy script",
}
LIMIT_S = 120
# Kilobytes of the file system that is full when a picture is begun.
FULL_KIB = 64
_STRIP_OFFSETS = 273


@dataclass(frozen=True)
class Outcome:
    """What a program has done.

    Parameters
    ----------
    code : int
        Its exit code; below 0 the signal that ended it.
    said : str
        All that it has said.
    pictures : int
        Files that are where it was to write.
    """

    code: int
    said: str
    pictures: int


def measure(rounds: int, threads: int) -> Section:
    """Every program on every bad input, once; nothing is timed."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        good = dngs.plain(folder / "good.dng")
        found, missing = programs.programs(folder)
        bad = _made(folder / "bad", good)
        rows = [("", *(name.replace("_", " ") for name in bad), "unwritable output", "full disk", "one good, one bad")]
        for who, title in WHO.items():
            if who not in found:
                continue
            program = found[who]
            # A program's first start makes settings, which are not what this is about.
            _done(_without_cjpeg(program.one(good, folder / "first.jpg"), folder), [])
            cells = [_of_bad(_fed(program, path, folder)) for path in bad.values()]
            cells += [_unwritable(program, good, folder), _full(program, good, folder)]
            cells.append(_good_and_bad(program, good, bad["truncated"], folder))
            rows.append((title, *cells))
    left_out = {WHO[who]: command for who, command in missing.items() if who in WHO}
    return Section("bad_input", "On bad input", table=rows, left_out=left_out)


def _made(folder: Path, good: Path) -> dict[str, Path]:
    """Bad inputs by name."""
    folder.mkdir()
    whole = good.read_bytes()
    with tifffile.TiffFile(good) as file:
        tag = file.pages.first.tags[_STRIP_OFFSETS]
        offset = tag.valueoffset
    shifted = bytearray(whole)
    shifted[offset : offset + 4] = (len(whole) + 2**20).to_bytes(4, "little")
    contents = {
        "truncated": whole[: len(whole) // 2],
        "bad_offsets": bytes(shifted),
        "text": b"This is no raw file.\n" * 50,
        "empty": b"",
        "header_only": whole[:8],
    }
    for name, content in contents.items():
        (folder / f"{name}.dng").write_bytes(content)
    (folder / "folder.dng").mkdir()
    return {name: folder / f"{name}.dng" for name in (*contents, "folder")}


def _fed(program: programs.Program, raw: Path, folder: Path) -> Outcome:
    out = _fresh(folder)
    return _done(_without_cjpeg(program.one(raw, out / "a.jpg"), out), [out])


def _without_cjpeg(command: programs.Command, out: Path) -> programs.Command:
    """dcraw_emu alone, whose code a pipe would hide."""
    if "dcraw_emu" not in command[-1]:
        return command
    return ("sh", "-c", re.sub(r" \| cjpeg.*", "", command[-1]).replace("-Z -", f'-Z "{out}/a.ppm"'))


def _of_bad(found: Outcome) -> str:
    """A cell: the right answer is a code that is not 0, some words, and no picture."""
    told = _told(found)
    if found.code == 0:
        told = f"**{told}**"
    return told + (", **writes a picture**" if found.pictures else "")


def _told(found: Outcome) -> str:
    if "Traceback (most recent call last)" in found.said:
        return f"{found.code}, traceback"
    lines = [line for line in found.said.splitlines() if line.strip()]
    said = {0: "silent", 1: "one line"}.get(len(lines), f"{len(lines)} lines")
    return f"{found.code}, {said}" if found.code >= 0 else f"ended by signal {-found.code}"


def _unwritable(program: programs.Program, good: Path, folder: Path) -> str:
    """A file where the folder of the picture should be: nobody, root neither, can write there."""
    at = folder / "no-folder"
    at.write_bytes(b"")
    found = _done(_without_cjpeg(program.one(good, at / "a.jpg"), at), [])
    return _of_bad(found)


def _full(program: programs.Program, good: Path, folder: Path) -> str:
    with _small_disk(folder) as disk:
        if disk is None:
            return "–"
        found = _done(_without_cjpeg(program.one(good, disk / "a.jpg"), disk), [disk])
        told = f"**{_told(found)}**" if found.code == 0 else _told(found)
        return told + (", **leaves a part**" if found.pictures else "")


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system with less room than a picture needs; None where this user may not mount one."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={FULL_KIB}k", "none", str(disk))
    is_there = bool(shutil.which("mount")) and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield disk if is_there else None
    finally:
        if is_there:
            subprocess.run(("umount", str(disk)), check=True, capture_output=True)
        disk.rmdir()


def _good_and_bad(program: programs.Program, good: Path, bad: Path, folder: Path) -> str:
    """Both in a folder of their own, the bad one first: some programs are told a folder."""
    pair = folder / "pair"
    shutil.rmtree(pair, ignore_errors=True)
    pair.mkdir()
    raws = [pair / "1bad.dng", pair / "2good.dng"]
    shutil.copyfile(bad, raws[0])
    shutil.copyfile(good, raws[1])
    out = _fresh(folder)
    assert program.many
    command = program.many(raws, out)
    if any("dcraw_loop" in word for word in command):
        command = ("dcraw_emu", "-q", "0", "-w", *map(str, raws))
    found = _done(command, [out])
    # dcraw_emu writes beside the raw files.
    names = {path.name.partition(".")[0] for path in (*out.iterdir(), *pair.glob("*.ppm"))}
    told = _told(found)
    told = f"**{told}**" if found.code == 0 else told
    told += ", the good one written" if "2good" in names else ", **the good one not written**"
    return told + (", **the bad one too**" if "1bad" in names else "")


def _fresh(folder: Path) -> Path:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return out


def _done(command: Sequence[str], outs: Sequence[Path]) -> Outcome:
    environment = os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LIMIT_S,
        env=environment,
    )
    pictures = sum(1 for out in outs for path in out.rglob("*") if path.is_file())
    return Outcome(done.returncode, done.stdout + done.stderr, pictures)
