"""The legend of false colour: each band's colour with its levels, the brightest above."""

from __future__ import annotations

from collections.abc import Sequence

from tenbit.kernels._overlay import GRID, GROUND, GROUND_ALPHA, INK, TEXT, Canvas, Seen
from tenbit.kernels.false_colour.scales import Band

# Rows of a legend are this much higher than its text.
_LEADING = 1.3


def draw_legend(canvas: Canvas, seen: Seen, *, bands: Sequence[Band], title: str) -> None:
    """A line for the title, and one for each band."""
    canvas.rect(0, 0, canvas.rows, canvas.cols, GROUND, GROUND_ALPHA)
    line = canvas.rows / (len(bands) + 1.5)
    size = min(TEXT, line / canvas.unit / _LEADING)
    edge = line / 4
    canvas.text(0.75 * line, canvas.cols / 2, title, INK, size, anchor="centre")
    labels = max(canvas.text_cols(band.label, size) for band in bands)
    # On a small picture, whose text does not get smaller with it, swatches give way to text, and then text to swatches.
    swatch = min(1.6 * line, canvas.cols - labels - 3 * edge)
    is_told = swatch > edge
    swatch = swatch if is_told else canvas.cols - 2 * edge
    for n, band in enumerate(reversed(bands)):
        top = (1.25 + n) * line
        # A frame, for the band that is nearly black.
        canvas.rect(top + 0.06 * line, edge, 0.88 * line, swatch, GRID)
        canvas.rect(top + 0.1 * line, edge + 0.04 * line, 0.8 * line, swatch - 0.08 * line, band.colour)
        if is_told:
            canvas.text(top + line / 2, edge + swatch + edge, band.label, INK, size)
