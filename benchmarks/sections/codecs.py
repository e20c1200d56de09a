"""Pictures encoded and raw files decoded, in memory or from a warm file: ours beside what else there is in Python."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import dngs
import encoders
import frames
import imageio.v3 as imageio
import numpy as np
import rawpy
import tifffile
from numpy.typing import NDArray
from peers import programs
from PIL import Image
from timing import Case, Section, in_turns

import tenbit

Pixels = NDArray[Any]
JPEG, PNG = "JPEG q92 4:2:0, imagecodecs (ours)", "PNG 8, libpng: run lengths of averaged differences (ours)"
ZSTD, PLAIN = "TIFF 16, zstd (ours)", "TIFF 16, plain (ours)"
# Of those in `encoders`, what users are told to take; ours first.
TAKEN = (JPEG, "JPEG, OpenCV", "JPEG, Pillow", "JPEG, simplejpeg", PNG, "PNG 8, libpng level 1", ZSTD, PLAIN)
FILES = {"uncompressed": "uncompressed DNG", "packed": "packed 10-bit DNG", "lossless": "lossless-JPEG DNG"}
READ, TIFFFILE, LIBRAW = "tenbit.read: {}", "tifffile: {}", "LibRaw by rawpy: {}"


def encoding(rounds: int, threads: int) -> Section:
    """One developed picture, as 8 and as 16 bits, to bytes in memory; every encoder on one thread."""
    cv2.setNumThreads(1)
    frame = frames.exposure().frame
    eight, sixteen = (tenbit.run(frame, "standard", device="cpu", bits=bits).samples for bits in (8, 16))
    made = {**encoders.jpeg(eight), **encoders.png(eight, sixteen), **encoders.tiff(sixteen)}
    calls = {name: made[name] for name in TAKEN if name in made} | _others(eight, sixteen)
    checks = {name: _kept(call(), sixteen if "16" in name else eight) for name, call in calls.items()}
    beside = {name: ours for name in calls for ours in (JPEG, PNG, ZSTD, PLAIN) if _alike(name, ours)}
    left_out = {}
    if wanted := programs.wanting("simplejpeg"):
        left_out["simplejpeg"] = wanted
    cases = [
        Case(name, call, frame.samples.size / 1e6, most=3 if "PNG" in name else None) for name, call in calls.items()
    ]
    timed = in_turns(cases, rounds)
    title = "A picture to bytes, one thread"
    return Section("encoding", title, list(timed.values()), checks, beside=beside, left_out=left_out)


def _others(eight: Pixels, sixteen: Pixels) -> dict[str, Callable[[], bytes]]:
    backwards = np.ascontiguousarray(eight[..., ::-1])

    def pillow() -> bytes:
        to = io.BytesIO()
        Image.fromarray(eight).save(to, "png", compress_level=1)
        return to.getvalue()

    def tiff(**how: Any) -> bytes:
        to = io.BytesIO()
        tifffile.imwrite(to, sixteen, photometric="rgb", maxworkers=1, **how)
        return to.getvalue()

    return {
        "PNG 8, OpenCV level 1": lambda: cv2.imencode(".png", backwards, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes(),
        "PNG 8, Pillow level 1": pillow,
        "TIFF 16, zstd, tifffile's own settings": partial(tiff, compression="zstd"),
        "TIFF 16, plain, tifffile's own settings": tiff,
    }


def _alike(name: str, ours: str) -> bool:
    """Whether a peer writes what ours writes: the same format, compressed or not."""
    if "(ours)" in name or name[:4] != ours[:4]:
        return False
    return not name.startswith("TIFF") or ("zstd" in name) == ("zstd" in ours)


def _kept(encoded: bytes, pixels: Pixels) -> str:
    """How large it is, and that it is the picture: JPEG about, the others to the last bit.

    Raises
    ------
    ValueError
        If it is not.
    """
    found = tifffile.imread(io.BytesIO(encoded)) if encoded[:2] in (b"II", b"MM") else imageio.imread(encoded)
    size = f"{3 * len(encoded) / pixels.size:.2f} bytes per pixel"
    if encoded[:2] == b"\xff\xd8":
        return f"{size}, {frames.agreement(pixels, found, least_db=30)}"
    if not np.array_equal(found, pixels):
        raise ValueError("what was encoded does not decode to itself")
    return f"{size}, lossless"


def decoding(rounds: int, threads: int) -> Section:
    """Raw files of 12.5 MP, in the memory of the system, to samples of 16 bits."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        packed = dngs.plain(folder / "packed.dng", bits=10)
        paths = {
            "uncompressed": dngs.plain(folder / "uncompressed.dng"),
            "packed": packed,
            "lossless": dngs.lossless_jpeg(packed, folder / "lossless.dng"),
        }
        calls: dict[str, Callable[[], Pixels]] = {}
        checks, beside = {}, {}
        for kind, path in paths.items():
            ours = READ.format(FILES[kind])
            calls[ours] = partial(_read, path)
            for name, call in ((TIFFFILE, _by_tifffile), (LIBRAW, _by_libraw)):
                theirs = name.format(FILES[kind])
                calls[theirs], beside[theirs] = partial(call, path), ours
                if not np.array_equal(calls[theirs](), calls[ours]()):
                    raise ValueError(f"{theirs}: not the samples that tenbit reads")
                checks[theirs] = "the same samples"
        megapixels = frames.ROWS * frames.COLS / 1e6
        timed = in_turns([Case(name, call, megapixels) for name, call in calls.items()], rounds)
    return Section("decoding", "A raw file to samples", list(timed.values()), checks, beside=beside)


def _read(path: Path) -> Pixels:
    return np.asarray(tenbit.read(path).samples)


def _by_tifffile(path: Path) -> Pixels:
    return np.asarray(tifffile.imread(path))


def _by_libraw(path: Path) -> Pixels:
    with rawpy.imread(str(path)) as raw:
        return np.array(raw.raw_image_visible)
