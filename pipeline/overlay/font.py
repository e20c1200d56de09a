"""Text as masks of cover, in the font that comes with tenbit."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenbit.kernels._facts import Array

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FONT = Path(__file__).resolve().parents[2] / "configs" / "fonts" / "DejaVuSans.ttf"
"""DejaVu Sans 2.37, its licence beside it: digits of one width, and the signs that labels need (−, ×, °, Δ)."""
FAMILY = "DejaVu Sans, Verdana, sans-serif"
CAP = 0.729
"""Height of its capitals and digits, of the size."""

LEAST_PX = 7.0
"""Smaller text cannot be read."""


@cache
def _font(quarters: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(str(FONT), quarters / 4, layout_engine=ImageFont.Layout.BASIC)


def text_px(size: float, unit: float, rows: float) -> float:
    """Pixels of a text's size: at least `LEAST_PX`; 0, for none, where that is more than a tenth of the canvas."""
    px = max(size * unit, LEAST_PX)
    return px if rows >= 10 * LEAST_PX or px == size * unit else 0.0


@lru_cache(maxsize=4096)
def text_cols(text: str, px: float) -> float:
    """Width of a line of text, px."""
    return float(_font(round(4 * px)).getlength(text)) if px > 0 else 0.0


@lru_cache(maxsize=512)
def text_mask(text: str, px: float) -> tuple[int, int, Array]:
    """Where a line of text has ink.

    Returns
    -------
    tuple
        Rows from the baseline (downwards) and columns from where the text begins to the mask's upper left corner, and
        the cover (rows, cols) float32, 0 … 1.
    """
    from PIL import Image, ImageDraw

    font = _font(round(4 * px))
    left, top, right, bottom = (int(v) for v in font.getbbox(text, anchor="ls"))
    if right <= left or bottom <= top:
        return 0, 0, np.zeros((0, 0), np.float32)
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font, anchor="ls")
    return top - 1, left - 1, np.asarray(image, np.float32) / np.float32(255)
