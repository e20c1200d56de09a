"""What may write our pictures: time on one thread and size, of one developed frame of 12.5 MP.

Run:  python benchmarks/encoders.py [--rounds 5]

Needs the extra: pip install -e '.[bench]' simplejpeg
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from contextlib import suppress

import cv2
import frames
import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

import tenbit

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="Times of which the median counts. [5]")
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    frame = frames.exposure().frame
    eight, sixteen = (tenbit.run(frame, "standard", device="cpu", bits=bits).samples for bits in (8, 16))
    table = Table(box=None, title="12.5 MP, one thread, medians", title_justify="left")
    for heading in ("", "CPU ms", "bytes/pixel"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, call in {**jpeg(eight), **png(eight, sixteen), **tiff(sixteen)}.items():
        times, size = [], 0
        for _ in range(rounds):
            began = time.thread_time()
            size = len(call())
            times.append(time.thread_time() - began)
        table.add_row(name, f"{1e3 * statistics.median(times):.0f}", f"{3 * size / eight.size:.2f}")
    Console(width=120).print(table)


def jpeg(pixels: Pixels) -> dict[str, Callable[[], bytes]]:
    backwards = np.ascontiguousarray(pixels[..., ::-1])

    def pillow() -> bytes:
        to = io.BytesIO()
        Image.fromarray(pixels).save(to, "jpeg", quality=92, subsampling=2)
        return to.getvalue()

    found: dict[str, Callable[[], bytes]] = {
        "JPEG q92 4:2:0, imagecodecs (ours)": lambda: imagecodecs.jpeg8_encode(pixels, level=92, subsampling="420"),
        "JPEG, imagecodecs, optimised tables": lambda: imagecodecs.jpeg8_encode(
            pixels, level=92, subsampling="420", optimize=True
        ),
        "JPEG, OpenCV": lambda: cv2.imencode(".jpg", backwards, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes(),
        "JPEG, Pillow": pillow,
    }
    with suppress(ModuleNotFoundError):
        import simplejpeg

        for is_fast in (False, True):
            found[f"JPEG, simplejpeg{', fast DCT' * is_fast}"] = lambda is_fast=is_fast: simplejpeg.encode_jpeg(
                pixels, quality=92, colorspace="RGB", colorsubsampling="420", fastdct=is_fast
            )
    return found


def png(eight: Pixels, sixteen: Pixels) -> dict[str, Callable[[], bytes]]:
    ours = {"level": 1, "strategy": 3, "filter": 64}
    return {
        "PNG 8, libpng: run lengths of averaged differences (ours)": lambda: imagecodecs.png_encode(eight, **ours),
        "PNG 8, libpng level 1": lambda: imagecodecs.png_encode(eight, level=1),
        "PNG 8, libspng level 1": lambda: imagecodecs.spng_encode(eight, level=1),
        "PNG 16, libpng: run lengths of averaged differences (ours)": lambda: imagecodecs.png_encode(sixteen, **ours),
        "PNG 16, libpng level 1": lambda: imagecodecs.png_encode(sixteen, level=1),
    }


def tiff(pixels: Pixels) -> dict[str, Callable[[], bytes]]:
    def written(**how: object) -> Callable[[], bytes]:
        def call() -> bytes:
            to = io.BytesIO()
            tifffile.imwrite(to, pixels, photometric="rgb", rowsperstrip=32, metadata=None, maxworkers=1, **how)
            return to.getvalue()

        return call

    def strips(encode: Callable[[bytes], bytes]) -> Callable[[], bytes]:
        rows = range(0, len(pixels), 32)
        return lambda: b"".join(
            encode(imagecodecs.delta_encode(pixels[row : row + 32], axis=1).tobytes()) for row in rows
        )

    level1 = {"compressionargs": {"level": 1}, "predictor": True}
    return {
        "TIFF 16, deflate, libdeflate (ours)": written(compression=8, **level1),
        "TIFF 16, deflate, zlib-ng": strips(lambda data: imagecodecs.zlibng_encode(data, level=1)),
        "TIFF 16, deflate, zlib": strips(lambda data: imagecodecs.zlib_encode(data, level=1)),
        "TIFF 16, zstd (ours)": written(compression=50000, **level1),
        "TIFF 16, LZW": written(compression=5, predictor=True),
        "TIFF 16, plain (ours)": written(),
    }


if __name__ == "__main__":
    main()
