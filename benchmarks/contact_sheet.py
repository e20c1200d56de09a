"""Every raw file of a folder beside LibRaw's rendering or its embedded preview, as one sheet and one table.

Run:  python benchmarks/contact_sheet.py FOLDER sheet.png [--chain standard] [--table table.md]

For each file: developed by the chain (left), LibRaw's rendering with its defaults (right), and, where LibRaw can render
it with a white balance and a matrix, the mean CIEDE2000 between linear renderings (tests/test_against_libraw.py).
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import tenbit
from tenbit.kernels import stage
from tenbit.pipeline.device import choose
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan

TILE = 320
ROOT = Path(__file__).resolve().parents[1]


def comparison():
    """The module that holds the measure."""
    path = ROOT / "tests" / "test_against_libraw.py"
    spec = importlib.util.spec_from_file_location("against_libraw", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def difference(frame, path, measure):
    """Mean CIEDE2000 to LibRaw in linear light, or why there is none."""
    chain = [Link(stage(step), stage(step).parameters(**parameters)) for step, parameters in measure.CHAIN]
    ours = run_plan(frame, plan(chain, frame.facts), choose("cpu")[0]).samples
    theirs = measure.rendered_by_libraw(path)
    if ours.shape != theirs.shape:
        return f"LibRaw's has shape {theirs.shape[:2]}, ours {ours.shape[:2]}"
    each = measure.delta_e_2000(measure.lab(measure.downscaled(ours)), measure.lab(measure.downscaled(theirs)))
    return f"{each.mean():.2f}"


def libraw_default(path):
    import rawpy

    with rawpy.imread(str(path)) as raw:
        return raw.postprocess(use_camera_wb=True)


def tile(picture):
    canvas = Image.new("RGB", (TILE, TILE), (40, 40, 40))
    if picture is not None:
        image = Image.fromarray(picture)
        image.thumbnail((TILE, TILE))
        canvas.paste(image, ((TILE - image.width) // 2, (TILE - image.height) // 2))
    return canvas


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--chain", default="standard")
    parser.add_argument("--table", type=Path, help="Write the figures as Markdown too.")
    wanted = parser.parse_args()
    measure = comparison()
    tiles, rows = [], []
    for path in sorted(p for p in wanted.folder.rglob("*") if p.is_file()):
        name = path.name[-48:]
        try:
            frame = tenbit.read(path)
            ours = tenbit.run(frame, wanted.chain, device="cpu", bits=8).samples
        except tenbit.TenbitError as error:
            sys.stdout.write(f"{name:50} refused: {error}\n")
            rows.append((path.name, "refused", str(error)))
            continue
        try:
            figure, theirs = difference(frame, path, measure), libraw_default(path)
        except Exception as error:  # whatever LibRaw raises is no fault of ours
            figure, theirs = f"LibRaw: {error}", None
        sys.stdout.write(f"{name:50} {ours.shape[1]} x {ours.shape[0]}  dE2000 {figure}\n")
        rows.append((path.name, f"{ours.shape[1]} x {ours.shape[0]}", figure))
        pair = Image.new("RGB", (2 * TILE, TILE + 16))
        pair.paste(tile(ours), (0, 16))
        pair.paste(tile(theirs), (TILE, 16))
        ImageDraw.Draw(pair).text((4, 2), f"{name}  dE {figure}", fill=(255, 255, 255))
        tiles.append(pair)
    across = 3
    sheet = Image.new("RGB", (across * 2 * TILE, -(-len(tiles) // across) * (TILE + 16)))
    for n, pair in enumerate(tiles):
        sheet.paste(pair, (n % across * 2 * TILE, n // across * (TILE + 16)))
    sheet.save(wanted.sheet)
    if wanted.table:
        lines = [f"| {name} | {size} | {figure} |" for name, size, figure in rows]
        head = ["| file | developed | mean ΔE2000 to LibRaw, or the reason |", "|---|---|---|"]
        wanted.table.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
