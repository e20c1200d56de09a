"""Lines of a viewfinder, drawn: each with a thin dark edge, so that it shows on white too."""

from __future__ import annotations

import math

import numpy as np

from tenbit.kernels._facts import Array, Triple
from tenbit.kernels._overlay import Anchor, Canvas
from tenbit.kernels.framelines.fields import Rect

DARK: Triple = (0.0, 0.0, 0.0)
GOLDEN = (math.sqrt(5) - 1) / 2
GUIDES = ("thirds", "golden", "diagonals", "centre")
SAFE = {"action": 0.93, "title": 0.90}
"""Parts of height and width that stay visible, by SMPTE ST 2046-1:2009."""
_CORNER = 0.2  # length of a corner's arm, of the shorter side
_TICK = 12.0  # units: arms of the cross in the middle
_ASIDE = 5.0  # units between a line and its label
_BELOW = 12.0  # units from a line to the middle of a label below it


def line(canvas: Canvas, points: Array, colour: Triple, width: float, alpha: float = 0.9) -> None:
    """A line with its dark edge."""
    canvas.polyline(points, DARK, width + 1.6, 0.35 * alpha)
    canvas.polyline(points, colour, width, alpha)


def label(canvas: Canvas, row: float, col: float, text: str, colour: Triple, anchor: Anchor = "left") -> None:
    """A text with its shadow."""
    off = max(1.0, 0.8 * canvas.unit)
    canvas.text(row + off, col + off, text, DARK, alpha=0.6, anchor=anchor)
    canvas.text(row, col, text, colour, anchor=anchor)


def corners(rect: Rect, width_px: float) -> list[Array]:
    """The four corners of a frame as an M body shows them: two arms each. They stand between pixels, or on them."""
    # An odd number of pixels is sharp when its middle is the middle of a pixel.
    half = 0.5 * (round(width_px) % 2)
    top, left = round(rect.top - half) + half, round(rect.left - half) + half
    bottom, right = round(rect.top + rect.rows - half) + half, round(rect.left + rect.cols - half) + half
    arm = _CORNER * min(rect.rows, rect.cols)
    ends = [(top, left, 1, 1), (top, right, 1, -1), (bottom, left, -1, 1), (bottom, right, -1, -1)]
    return [np.array([[row + down * arm, col], [row, col], [row, col + along * arm]]) for row, col, down, along in ends]


def frame(canvas: Canvas, rect: Rect, text: str, colour: Triple, width: float) -> None:
    """The bright lines of one focal length."""
    for corner in corners(rect, max(width * canvas.unit, 1.0)):
        line(canvas, corner, colour, width)
    aside = _ASIDE * canvas.unit
    label(canvas, rect.top + aside + 7 * canvas.unit, rect.left + aside + 2 * canvas.unit, text, colour)


def outside(canvas: Canvas, rect: Rect, alpha: float) -> None:
    """Darken what is outside of a rectangle."""
    bottom, right = rect.top + rect.rows, rect.left + rect.cols
    canvas.rect(0, 0, rect.top, canvas.cols, DARK, alpha)
    canvas.rect(bottom, 0, canvas.rows - bottom, canvas.cols, DARK, alpha)
    canvas.rect(rect.top, 0, rect.rows, rect.left, DARK, alpha)
    canvas.rect(rect.top, right, rect.rows, canvas.cols - right, DARK, alpha)


def box(canvas: Canvas, rect: Rect, colour: Triple, width: float) -> None:
    """A whole rectangle."""
    bottom, right = rect.top + rect.rows, rect.left + rect.cols
    closed = [[rect.top, rect.left], [rect.top, right], [bottom, right], [bottom, rect.left], [rect.top, rect.left]]
    line(canvas, np.array(closed), colour, width, 0.7)


def guide(canvas: Canvas, rect: Rect, name: str, colour: Triple, width: float) -> None:
    """Lines to compose by: one of `GUIDES`."""
    bottom, right = rect.top + rect.rows, rect.left + rect.cols
    if name == "diagonals":
        lines = [[(rect.top, rect.left), (bottom, right)], [(bottom, rect.left), (rect.top, right)]]
    elif name == "centre":
        row, col, arm = rect.top + rect.rows / 2, rect.left + rect.cols / 2, _TICK * canvas.unit
        lines = [[(row - arm, col), (row + arm, col)], [(row, col - arm), (row, col + arm)]]
    else:
        parts = (1 / 3, 2 / 3) if name == "thirds" else (1 - GOLDEN, GOLDEN)
        lines = [[(rect.top + p * rect.rows, rect.left), (rect.top + p * rect.rows, right)] for p in parts]
        lines += [[(rect.top, rect.left + p * rect.cols), (bottom, rect.left + p * rect.cols)] for p in parts]
    for points in lines:
        line(canvas, np.array(points), colour, width, 0.9 if name == "centre" else 0.55)


def safe_area(canvas: Canvas, rect: Rect, name: str, colour: Triple, width: float) -> None:
    """One of the areas of `SAFE`, with its name at its lower left corner."""
    area = rect.inner(SAFE[name])
    box(canvas, area, colour, width)
    row = area.top + area.rows - _ASIDE * canvas.unit - 7 * canvas.unit
    text = f"{name} {100 * SAFE[name]:.0f} %"
    label(canvas, row, area.left + (_ASIDE + 2) * canvas.unit, text, colour)


def level(canvas: Canvas, rect: Rect, roll_deg: float, colours: tuple[Triple, Triple], width: float) -> None:
    """The horizon as the camera's roll lets it lie, and marks where it should: the first colour when it does."""
    row, col = rect.top + rect.rows / 2, rect.left + rect.cols / 2
    reach, off = 0.3 * rect.cols, 0.34 * rect.cols
    colour = colours[0] if abs(roll_deg) < 0.5 else colours[1]
    for side in (-1, 1):
        line(canvas, np.array([(row, col + side * off), (row, col + side * (off + 0.05 * rect.cols))]), colour, width)
    angle = math.radians(roll_deg)
    # A camera turned clockwise sees the horizon turned the other way: its right end higher.
    down, along = -math.sin(angle), math.cos(angle)
    for near, far in ((-1.0, -0.12), (0.12, 1.0)):
        ends = [(row + reach * part * down, col + reach * part * along) for part in (near, far)]
        line(canvas, np.array(ends), colour, width)
    text = f"{roll_deg:+.1f}°".replace("-", "\N{MINUS SIGN}").replace("+0.0", "0.0")
    label(canvas, row + _BELOW * canvas.unit, col + off, text, colour)
