"""Demosaic alone, by everybody: what other libraries take, and what developers say that theirs took."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import dngs
import frames
import imageio.v3 as imageio
import numpy as np
import ours
import rawpy
from peers import programs
from sections import demosaic
from sections.process import alike, run
from timing import Case, Section, in_turns

TENBIT, WHOLE = "tenbit: {}, {}", "tenbit, mosaic to RGB8: {}, {}"
# The quickest of ours that is no worse in any column of docs/quality.md that has both.
NO_WORSE = {"RCD": "adaptive", "AMaZE": "mlri", "linear": "bilinear", "AHD": "hamilton_adams", "DCB": "mlri"}
# The whole postprocess of LibRaw; its AHD and others, where it has OpenMP, on all threads.
LIBRAW = {"linear": "LINEAR", "AHD": "AHD", "DCB": "DCB"}
OPENCV = {
    "bilinear, 16 bits": (cv2.COLOR_BayerBG2RGB, np.uint16, "bilinear"),
    "edge aware, 16 bits": (cv2.COLOR_BayerBG2RGB_EA, np.uint16, "malvar"),
    "variable gradients, 8 bits": (cv2.COLOR_BayerBG2RGB_VNG, np.uint8, "hamilton_adams"),
}
COLOUR = {"bilinear": "bilinear", "Malvar2004": "malvar", "Menon2007": "gbtf"}
# Slower than half a second.
MOST = 3
_RT_SAID, _DT_SAID = (
    re.compile(r"Demosaicing Bayer data: (\S+) - (\d+) usec"),
    re.compile(r"took ([\d.]+) secs.*processed `demosaic'"),
)
# The method in what darktable writes of its demosaic into its pictures: RCD's number, AMaZE's.
_DT_METHODS = {"RCD": "05000000", "AMaZE": "01000000"}
Call = Callable[[], Any]


def measure(rounds: int, threads: int) -> Section:
    """Check what can be checked, then time all in turns."""
    numbers = sorted({1, threads})
    exposure = frames.exposure()
    megapixels = exposure.megapixels
    cases, checks, beside, left_out = [], {}, {}, {}
    for n in numbers:
        for method in demosaic.METHODS:
            call = partial(ours.run_plan, *_of_ours(method), ours.cpu(n))
            cases.append(Case(TENBIT.format(method, _threads(n)), call, megapixels))
    for method in sorted({NO_WORSE[name] for name in LIBRAW}):
        plan = ours.planned(exposure.frame.facts, ours.fast_chain("linear", method=method), bits=8)
        call = partial(ours.run_plan, exposure.frame, plan, ours.cpu(threads))
        cases.append(Case(WHOLE.format(method, _threads(threads)), call, megapixels))
    for n in numbers:
        for name, (case, ours_too) in _opencv(n).items():
            cases.append(case)
            beside[name] = TENBIT.format(ours_too, _threads(n))
    if wanted := programs.wanting("colour_demosaicing"):
        left_out["colour-demosaicing"] = wanted
    else:
        for name, (case, ours_too) in _colour().items():
            cases.append(case)
            beside[name] = TENBIT.format(ours_too, _threads(1))
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        raw_path = dngs.plain(folder / "a.dng")
        with rawpy.imread(str(raw_path)) as raw:
            raw.unpack()
            for name, method in LIBRAW.items():
                call = partial(raw.postprocess, demosaic_algorithm=rawpy.DemosaicAlgorithm[method], use_camera_wb=True)
                title = f"LibRaw, whole postprocess: {name}"
                cases.append(Case(title, call, megapixels, most=MOST))
                beside[title] = WHOLE.format(NO_WORSE[name], _threads(threads))
            for title, (case, ours_too, said) in _developers(folder, raw_path, threads, left_out).items():
                cases.append(case)
                checks[title] = said
                beside[title] = ours_too
            timed = in_turns(cases, rounds)
    title = "Demosaic alone"
    return Section("demosaics", title, list(timed.values()), checks, beside=beside, left_out=left_out)


def _threads(n: int) -> str:
    return f"{n} thread{'s' if n > 1 else ''}"


def _of_ours(method: str) -> tuple[Any, Any]:
    """The frame and the plan of a demosaic alone, as `demosaic` times it."""
    made = demosaic._ours(method, 1)
    return made.args[0], made.args[1]


def _opencv(threads: int) -> dict[str, tuple[Case, str]]:
    found = {}
    mosaic = frames.full_scale(frames.exposure().frame).samples
    for title, (code, dtype, ours_too) in OPENCV.items():
        given = mosaic if dtype is np.uint16 else (mosaic >> 8).astype(np.uint8)
        name = f"OpenCV: {title}, {_threads(threads)}"
        call = partial(cv2.cvtColor, given, code, np.empty((*mosaic.shape, 3), dtype))
        found[name] = Case(name, call, mosaic.size / 1e6, partial(cv2.setNumThreads, threads)), ours_too
    return found


def _colour() -> dict[str, tuple[Case, str]]:
    """A quarter of the frame: it computes in 64 bits, and its best takes seconds."""
    import colour_demosaicing

    mosaic = frames.full_scale(frames.exposure().frame).samples
    part = mosaic[: mosaic.shape[0] // 2, : mosaic.shape[1] // 2] / 65535
    found = {}
    for method, ours_too in COLOUR.items():
        call = getattr(colour_demosaicing, f"demosaicing_CFA_Bayer_{method}")
        name = f"colour-demosaicing: {method}, 64 bits, a quarter of the frame"
        found[name] = Case(name, partial(call, part, "RGGB"), part.size / 1e6, most=MOST), ours_too
    return found


def _developers(folder: Path, raw: Path, threads: int, left_out: dict[str, str]) -> dict[str, tuple[Case, str, str]]:
    """What RawTherapee and darktable say that their demosaic took, within a whole run; pictures are checked.

    Returns
    -------
    dict
        By name: the case, which of ours it is beside, how its picture goes together with ours.
    """
    found: dict[str, tuple[Case, str, str]] = {}
    megapixels = frames.exposure().megapixels
    ours_jpg = folder / "ours.jpg"
    run(programs.programs(folder)[0][programs.STANDARD].one(raw, ours_jpg))
    if wanted := programs.wanting("rawtherapee-cli"):
        left_out["RawTherapee"] = wanted
    else:
        for method in ("RCD", "AMaZE"):
            profile = folder / f"{method}.pp3"
            profile.write_text(
                f"[Version]\nAppVersion=5.9\nVersion=349\n[RAW Bayer]\nMethod={method.lower()}\n", "ascii"
            )
            for n in sorted({1, threads}):
                out = folder / f"rt-{method}.jpg"
                more = ("-p", str(profile), "-c", str(raw))
                call = partial(run, programs.rawtherapee_command(folder, str(out), *more, threads=n, is_verbose=True))
                _rawtherapee_s(method, call())
                title = f"RawTherapee says: {method}, {_threads(n)}"
                case = Case(title, call, megapixels, told_s=partial(_rawtherapee_s, method), most=MOST)
                found[title] = case, TENBIT.format(NO_WORSE[method], _threads(n)), alike(ours_jpg, out)
    if wanted := programs.wanting("darktable-cli"):
        left_out["darktable"] = wanted
        return found
    first = folder / "dt.jpg"
    run(programs.darktable_command(folder, str(raw), str(first)))
    for method, number in _DT_METHODS.items():
        history, out = folder / f"{method}.xmp", folder / f"dt-{method}.jpg"
        history.write_text(_with_method(programs.darktable_history(first), number), "utf-8")
        command = programs.darktable_command(folder, str(raw), str(history), str(out), more=("-d", "perf"))
        call = partial(_afresh, out, command)
        _darktable_s(call())
        title = f"darktable says: {method}, {_threads(threads)}"
        case = Case(title, call, megapixels, told_s=_darktable_s, most=MOST)
        found[title] = case, TENBIT.format(NO_WORSE[method], _threads(threads)), alike(ours_jpg, out)
    greens = [imageio.imread(folder / f"dt-{method}.jpg")[..., 1] for method in _DT_METHODS]
    if np.array_equal(*greens):
        raise ValueError("darktable's RCD and AMaZE made the same picture: the method was not changed")
    return found


def _with_method(history: str, number: str) -> str:
    """A history whose demosaic has another method.

    Raises
    ------
    ValueError
        If it is not where this version of darktable keeps it.
    """
    pattern = r'(operation="demosaic"[^>]*?params="[0-9a-f]{24})([0-9a-f]{8})'
    changed, count = re.subn(pattern, lambda found: found[1] + number, history, count=1)
    if not count:
        raise ValueError("darktable: the history has no demosaic whose method can be changed")
    return changed


def _afresh(out: Path, command: programs.Command) -> str:
    """darktable does not replace a picture: it takes another name."""
    out.unlink(missing_ok=True)
    return run(command)


def _rawtherapee_s(method: str, said: str) -> float:
    found = _RT_SAID.search(said)
    if not found or found[1] != method.lower():
        raise ValueError(f"RawTherapee did not say how long {method} took")
    return int(found[2]) / 1e6


def _darktable_s(said: str) -> float:
    found = _DT_SAID.search(said)
    if not found:
        raise ValueError("darktable did not say how long its demosaic took")
    return float(found[1])
