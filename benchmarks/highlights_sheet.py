"""Every raw file of a folder at several exposures, as one sheet, and how much magenta there is in its highlights.

Run:  python benchmarks/highlights_sheet.py FOLDER sheet.png [--method opposed] [--ev -2 0 2] [--tile 320]

Magenta: pixels of the finished picture whose lightest two channels are red and blue, both above green by 6 %
of white, where the sensor has lost a colour. A picture's own magenta is counted too: compare ``--method clip``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import tenbit

ROOM = 14


def chain_of(method: str, ev: float) -> list[str | dict[str, dict[str, object]]]:
    """A chain that keeps what is above white until the tone curve."""
    return [
        "black_level",
        {"white_balance": {"highlights": "keep"}},
        {"highlights": {"method": method}},
        {"quad_bayer": {"method": "bin"}},
        "demosaic",
        {"exposure": {"ev": ev}},
        "colour",
        "tone",
    ]


def lost(frame: tenbit.Frame) -> np.ndarray:
    """(rows, cols): where a 2 x 2 block of samples has one within 4 % of white, or above."""
    facts = frame.facts
    samples = np.asarray(frame.samples, np.float32)
    if facts.cfa is None:
        return ((samples - facts.black) >= 0.96 * (np.array(facts.white) - facts.black)).any(axis=-1)
    black, white = (np.array(v).reshape(facts.cfa.period, -1)[0, 0] for v in (facts.black, facts.white))
    full = samples - black >= 0.96 * (white - black)
    around = full.copy()
    for axis in (0, 1):
        around |= np.roll(around, 1, axis) | np.roll(around, -1, axis)
    return around


def magenta(picture: np.ndarray) -> np.ndarray:
    """(rows, cols): whether red and blue both stand above green by more than 6 % of white."""
    red, green, blue = np.moveaxis(picture.astype(np.float32) / 255, -1, 0)
    return np.minimum(red, blue) > green + 0.06


def developed(frame: tenbit.Frame, method: str, ev: float) -> np.ndarray:
    return tenbit.run(frame, chain_of(method, ev), device="cpu", bits=8).samples


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--method", default="opposed", choices=("opposed", "blend", "clip"))
    parser.add_argument("--ev", type=float, nargs="+", default=[-2.0, 0.0, 2.0])
    parser.add_argument("--tile", type=int, default=320)
    wanted = parser.parse_args()
    rows = []
    for path in sorted(p for p in wanted.folder.rglob("*") if p.is_file()):
        try:
            frame = tenbit.read(path)
            pictures = [developed(frame, wanted.method, ev) for ev in wanted.ev]
        except tenbit.TenbitError as error:
            sys.stdout.write(f"{path.name[-48:]:50} refused: {str(error)[:100]}\n")
            continue
        where = lost(frame)
        shares = [magenta(p)[where].mean() if where.any() and where.shape == p.shape[:2] else 0.0 for p in pictures]
        text = " ".join(f"{ev:+g} EV {100 * share:.2f} %" for ev, share in zip(wanted.ev, shares, strict=True))
        sys.stdout.write(f"{path.name[-48:]:50} lost {100 * where.mean():6.2f} %, magenta of it: {text}\n")
        row = Image.new("RGB", (wanted.tile * len(pictures), wanted.tile + ROOM), (40, 40, 40))
        for n, picture in enumerate(pictures):
            image = Image.fromarray(picture)
            image.thumbnail((wanted.tile, wanted.tile))
            row.paste(image, (n * wanted.tile, ROOM))
        ImageDraw.Draw(row).text((4, 1), f"{path.name[-48:]}  {text}", fill=(255, 255, 255))
        rows.append(row)
    across = 2
    size = across * wanted.tile * len(wanted.ev), -(-len(rows) // across) * (wanted.tile + ROOM)
    sheet = Image.new("RGB", size)
    for n, row in enumerate(rows):
        sheet.paste(row, (n % across * row.width, n // across * row.height))
    sheet.save(wanted.sheet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
