"""The programs that develop a raw file to a JPEG of quality 92: their command lines, ours among them.

One that is not installed is left out; what installs it is told.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Command = tuple[str, ...]
HERE = Path(__file__).resolve().parent
TENBIT = (sys.executable, "-m", "tenbit.cli")
STANDARD, FAST = "tenbit develop (standard)", "tenbit develop -c fast"
OPENCV = "NumPy and OpenCV, edge aware"
DCRAW = "dcraw_emu linear, cjpeg"
LINEAR, AHD, DCB = (f"rawpy, {name}" for name in ("linear", "AHD", "DCB"))
DARKTABLE, DARKTABLE_ALL = "darktable-cli, minimal", "darktable-cli, its defaults"
RAWTHERAPEE, RAWTHERAPEE_ALL = "rawtherapee-cli, neutral", "rawtherapee-cli, its default"
# What each is held beside: as little done, or as much.
BESIDE = dict.fromkeys((OPENCV, DCRAW, LINEAR), FAST)
BESIDE |= dict.fromkeys((AHD, DCB, DARKTABLE, DARKTABLE_ALL, RAWTHERAPEE, RAWTHERAPEE_ALL), STANDARD)
DEBIAN = {
    "dcraw_emu": "libraw-bin",
    "cjpeg": "libjpeg-turbo-progs",
    "darktable-cli": "darktable",
    "rawtherapee-cli": "rawtherapee",
}
PACKAGES = {"cv2": "opencv-python-headless"}


def wanting(*names: str) -> str | None:
    """The command that installs programs and modules that are not there; None if all are."""
    programs = [DEBIAN[name] for name in names if name in DEBIAN and not shutil.which(name)]
    modules = [name for name in names if name not in DEBIAN and not importlib.util.find_spec(name)]
    said = [f"apt-get install {' '.join(programs)}"] if programs else []
    said += (
        [f"pip install {' '.join(PACKAGES.get(name, name.replace('_', '-')) for name in modules)}"] if modules else []
    )
    return "; ".join(said) or None


@dataclass(frozen=True)
class Program:
    """How one program is told its work.

    Parameters
    ----------
    one : callable
        The command that develops a file to a picture: of (raw, out).
    many : callable, optional
        The command that develops files, all in one folder, into a folder: of (raws, out). Pictures are ``<stem>.jpg``.
    """

    one: Callable[[Path, Path], Command]
    many: Callable[[Sequence[Path], Path], Command] | None = None


def programs(settings: Path) -> tuple[dict[str, Program], dict[str, str]]:
    """The programs that are installed, and what installs the others, by name.

    Parameters
    ----------
    settings : Path
        Folder that the programs may keep their own settings and caches in; theirs in the home folder stay as they are.
    """
    found, left_out = {}, {}
    for name, (needs, program) in _all(settings).items():
        if command := wanting(*needs):
            left_out[name] = command
        else:
            found[name] = program
    return found, left_out


def _all(settings: Path) -> dict[str, tuple[tuple[str, ...], Program]]:
    develop = (*TENBIT, "develop", "--device", "cpu", "--quality", "92", "--overwrite")

    def ours(*chain: str) -> Program:
        return Program(
            lambda raw, out: (*develop, *chain, "-o", str(out), str(raw)),
            lambda raws, out: (*develop, *chain, "-o", f"{out}/", *map(str, raws)),
        )

    def rawpy(method: str) -> Program:
        script, loop = ((sys.executable, str(HERE / f"rawpy_{kind}.py"), method) for kind in ("script", "loop"))
        return Program(
            lambda raw, out: (*script, str(raw), str(out)), lambda raws, out: (*loop, str(out), *map(str, raws))
        )

    def opencv(raws: Sequence[Path], out: Path) -> Command:
        return (sys.executable, str(HERE / "opencv_loop.py"), str(out), *map(str, raws))

    def darktable(is_minimal: bool) -> Program:
        return Program(
            lambda raw, out: darktable_command(settings, str(raw), str(out), is_minimal=is_minimal),
            lambda raws, out: darktable_command(
                settings, str(raws[0].parent), f"{out}/$(FILE_NAME).jpg", is_minimal=is_minimal
            ),
        )

    def rawtherapee(*profile: str) -> Program:
        return Program(
            lambda raw, out: rawtherapee_command(settings, str(out), *profile, "-c", str(raw)),
            lambda raws, out: rawtherapee_command(settings, str(out), *profile, "-c", str(raws[0].parent)),
        )

    dcraw = Program(
        lambda raw, out: ("sh", "-c", f'dcraw_emu -q 0 -w -Z - "{raw}" | cjpeg -quality 92 -outfile "{out}"'),
        lambda raws, out: ("sh", str(HERE / "dcraw_loop.sh"), str(out), *map(str, raws)),
    )
    return {
        STANDARD: ((), ours()),
        FAST: ((), ours("-c", "fast")),
        OPENCV: (("cv2",), Program(lambda raw, out: opencv([raw], out.parent), opencv)),
        DCRAW: (("dcraw_emu", "cjpeg"), dcraw),
        LINEAR: ((), rawpy("LINEAR")),
        AHD: ((), rawpy("AHD")),
        DCB: ((), rawpy("DCB")),
        DARKTABLE: (("darktable-cli",), darktable(True)),
        DARKTABLE_ALL: (("darktable-cli",), darktable(False)),
        RAWTHERAPEE: (("rawtherapee-cli",), rawtherapee()),
        RAWTHERAPEE_ALL: (("rawtherapee-cli",), rawtherapee("-d")),
    }


def darktable_command(settings: Path, *names: str, is_minimal: bool = True, more: Sequence[str] = ()) -> Command:
    """Debian's darktable, which does without a screen; no OpenCL, as many threads as this process has cores.

    ``is_minimal`` leaves in its pipe what every raw needs, and nothing else.
    """
    config = str(settings / "darktable")
    said = ("darktable-cli", *names, *(("--apply-custom-presets", "0") if is_minimal else ()), "--core")
    said += ("--library", ":memory:", "--disable-opencl", "-t", str(cores()))
    said += ("--conf", "plugins/imageio/format/jpeg/quality=92", "--configdir", config, "--cachedir", config)
    return (*said, *(("--conf", "plugins/darkroom/workflow=none") if is_minimal else ()), *more)


def rawtherapee_command(
    settings: Path, out: str, *more: str, threads: int | None = None, is_verbose: bool = False
) -> Command:
    """RawTherapee; without a profile it is what it calls neutral. ``is_verbose``: it tells its demosaic's time."""
    folder = settings / f"rawtherapee{'-verbose' * is_verbose}"
    folder.mkdir(parents=True, exist_ok=True)
    if is_verbose:
        (folder / "options").write_text("[General]\nVerbose=true\n", "ascii")
    where = (f"RT_SETTINGS={folder}", f"RT_CACHE={settings / 'rawtherapee-cache'}")
    where += (f"OMP_NUM_THREADS={threads}",) if threads else ()
    return ("env", *where, "rawtherapee-cli", "-Y", "-j92", "-o", out, *more)


def cores() -> int:
    """That this process is bound to."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Of Debian's programs and of the LibRaw inside rawpy."""
    import rawpy

    found = {"LibRaw in rawpy": ".".join(map(str, rawpy.libraw_version))}
    if shutil.which("dpkg-query"):
        command = ("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n", *DEBIAN.values())
        lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
        found |= {name: version for name, version, status in map(str.split, lines) if status == "installed"}
    return found


def darktable_history(picture: Path) -> str:
    """The XMP that darktable has put into a picture: what was done to it, as a sidecar that it takes.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = re.search(rb"<x:xmpmeta.*?</x:xmpmeta>", picture.read_bytes(), re.DOTALL)
    if not found:
        raise ValueError(f"darktable: no history in {picture.name}")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{found[0].decode()}'
