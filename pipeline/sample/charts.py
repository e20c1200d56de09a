"""The measuring things in the scene: star, slanted edge, text, line pairs, colour patches, grey steps and ramps."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.sample.shapes import Layer, Place, disc, linear, over, rectangle, slab, soft_shadow, stripes

# sRGB of the 24 patches, row by row, as X-Rite publishes them for the chart made before November 2014, D65.
PATCHES = (
    *("#735244", "#c29682", "#627a9d", "#576c43", "#8580b1", "#67bdaa"),
    *("#d67e2c", "#505ba6", "#c15a63", "#5e3c6c", "#9dbc40", "#e0a32e"),
    *("#383d96", "#469449", "#af363c", "#e7c71f", "#bb5695", "#0885a1"),
    *("#f3f3f2", "#c8c8c8", "#a0a0a0", "#7a7a79", "#555555", "#343434"),
)
PATCH_PITCH, PATCH_SIDE = 72.0, 62.0
PAPER, INK = linear("#f1eee6"), linear("#1b1b1e")
PERIODS = (8.0, 6.0, 5.0, 4.0, 3.2, 2.6)
LINES = (
    (92, "tenbit", 0),
    (19, "ten bits of light, one chain, one picture", 108),
    (27, "Hamburgefonstiv 0123456789", 158),
    (22, "Sphinx of black quartz, judge my vow.", 202),
    (19, "Pack my box with five dozen liquor jugs.", 238),
    (15, "How vexingly quick daft zebras jump! 1/125 s f/2 ISO 100", 269),
    (12, "The five boxing wizards jump quickly. black 64, white 1023, RGGB", 296),
    (9.5, "Waltz, bad nymph, for quick jigs vex. A stage is one file; a chain is a list; a plan is passes.", 320),
    (7.5, "Jackdaws love my big sphinx of quartz. scene, lens, sensor, mosaic, demosaic, colour, tone, picture", 341),
)


def star_card(place: Place, cycles: int = 36) -> list[Layer]:
    """A Siemens star over a slanted edge and a grey disc, on white paper."""
    centre, radius = -48.0, 142.0

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        down, right = place.local(y, x)
        over(canvas, rectangle(down, right, (place.height, place.width), px), PAPER)
        r = np.hypot(down - centre, right)
        turns = np.arctan2(down - centre, right) / (2 * np.pi)
        spokes = stripes(turns * cycles + cycles, px * cycles / (2 * np.pi * np.maximum(r, px / 4)))
        over(canvas, disc(r, radius, px) * spokes, INK)
        over(canvas, slab(r - radius - 8, 1.5, px), INK)
        # 5 degrees is the usual slant of an edge that ISO 12233 measures sharpness on.
        edge = Place(148, -82, 74, 74, 5)
        over(canvas, rectangle(*edge.local(down, right), (edge.height, edge.width), px), linear("#3a3a3a"))
        edge = Place(148, 82, 74, 74, -12)
        over(canvas, rectangle(*edge.local(down, right), (edge.height, edge.width), px), linear("#2d5f8a"))
        over(canvas, disc(np.hypot(down - 148, right), 34, px), linear("#bbbbbb"))
        over(canvas, disc(np.hypot(down - 148, right), 20, px), linear("#777777"))

    return [soft_shadow(place, 26, 0.55, (10, 9)), Layer(paint, place.box())]


def text_card(place: Place, unit_px: float) -> list[Layer]:
    """Lines of text from large to hardly legible, and line pairs of falling period, on paper.

    Parameters
    ----------
    place : Place
    unit_px : float
        Pixels of the finished picture per scene unit.
    """
    mask, texels = _letters(place, unit_px)

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        down, right = place.local(y, x)
        over(canvas, rectangle(down, right, (place.height, place.width), px), PAPER)
        over(canvas, _sampled(mask, (down + place.height / 2) * texels, (right + place.width / 2) * texels), INK)
        for i, period in enumerate(PERIODS):
            at = right + place.width / 2 - 36 - 62 * i
            bars = stripes(at / period, px / period) * rectangle(down - 176, at - 24, (44, 48), px)
            lines = stripes((down - 232) / period, px / period) * rectangle(down - 226, at - 24, (44, 48), px)
            over(canvas, np.minimum(bars + lines, 1), INK)

    return [soft_shadow(place, 26, 0.55, (10, 9)), Layer(paint, place.box())]


def _letters(place: Place, unit_px: float) -> tuple[Array, float]:
    """The card's letters as coverage (rows, cols), uint8, averaged over one pixel, and texels per unit."""
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    # Three per pixel, and never so few that the font's hinting would move the letters.
    texels = 3 * max(unit_px, 1.0)
    sheet = Image.new("L", (round(place.width * texels), round(place.height * texels)))
    draw = ImageDraw.Draw(sheet)
    for size, text, top in LINES:
        draw.text((30 * texels, (26 + top) * texels), text, 255, ImageFont.load_default(size * texels))
    return np.asarray(sheet.filter(ImageFilter.BoxBlur((texels / unit_px - 1) / 2))), texels


def _sampled(mask: Array, row: Array, col: Array) -> Array:
    """Bilinear samples of coverage, 0 … 1; rows and columns count from the mask's outer corner, 0 outside it."""
    row, col = row - 0.5, col - 0.5
    r, c = np.floor(row), np.floor(col)
    v, u = row - r, col - c
    is_inside = (r >= 0) & (c >= 0) & (r < mask.shape[0] - 1) & (c < mask.shape[1] - 1)
    r, c = np.where(is_inside, r, 0).astype(np.intp), np.where(is_inside, c, 0).astype(np.intp)
    top = mask[r, c] * (1 - u) + mask[r, c + 1] * u
    bottom = mask[r + 1, c] * (1 - u) + mask[r + 1, c + 1] * u
    return np.asarray(is_inside * (top * (1 - v) + bottom * v) / 255)


def patch_chart(place: Place) -> list[Layer]:
    """The 24 patches in a black frame; `PATCHES` row by row, six to a row, `PATCH_PITCH` units apart."""
    colours = np.array([linear(code) for code in PATCHES], np.float32)

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        down, right = place.local(y, x)
        over(canvas, rectangle(down, right, (place.height, place.width), px), linear("#26262a"))
        v, u = down / PATCH_PITCH + 2, right / PATCH_PITCH + 3
        row, col = np.clip(np.floor(v), 0, 3), np.clip(np.floor(u), 0, 5)
        inside = rectangle((v - row - 0.5) * PATCH_PITCH, (u - col - 0.5) * PATCH_PITCH, (PATCH_SIDE, PATCH_SIDE), px)
        over(canvas, inside, colours[(row * 6 + col).astype(np.intp)])

    return [soft_shadow(place, 26, 0.6, (10, 9)), Layer(paint, place.box())]


def grey_card(place: Place, steps: int = 12) -> list[Layer]:
    """Equal steps of sRGB code value above a smooth ramp of the same range, black to white, on a mid-grey card."""

    def decoded(code: Array) -> Array:
        return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        down, right = place.local(y, x)
        over(canvas, rectangle(down, right, (place.height, place.width), px), linear("#7a7a7a"))
        length, high = place.width - 24, (place.height - 30) / 2
        along = np.clip(right / length + 0.5, 0, 1)
        # A pixel across two steps sees the share of each.
        wide = px * steps / length
        first, last = (np.clip(np.floor(along * steps + end), 0, steps - 1) for end in (-wide / 2, wide / 2))
        share = np.clip((along * steps + wide / 2 - last) / wide, 0, 1)
        stepped = decoded(first / (steps - 1)) * (1 - share) + decoded(last / (steps - 1)) * share
        for grey, middle in ((stepped, -high / 2 - 3), (decoded(along), high / 2 + 3)):
            over(canvas, rectangle(down - middle, right, (high, length), px), np.repeat(grey[..., None], 3, axis=-1))

    return [soft_shadow(place, 16, 0.5, (5, 5)), Layer(paint, place.box())]
