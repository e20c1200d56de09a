"""Frames of focal lengths: what a longer lens would see of the picture that a shorter one took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenbit.kernels._facts import Facts

PAIRS = ((28.0, 90.0), (35.0, 135.0), (50.0, 75.0), (24.0, 35.0))
"""Focal lengths whose bright lines an M body shows together, mm."""
_SAME = 0.05  # lenses are nominal: a 51.6 mm one is a 50


@dataclass(frozen=True)
class Rect:
    """A rectangle of the picture, px from its upper left corner; fractions, and places outside, are allowed."""

    top: float
    left: float
    rows: float
    cols: float

    def inner(self, part: float) -> Rect:
        """The rectangle of the same middle that is so much of its height and of its width."""
        rows, cols = part * self.rows, part * self.cols
        return Rect(self.top + (self.rows - rows) / 2, self.left + (self.cols - cols) / 2, rows, cols)

    def of_aspect(self, ratio: float) -> Rect:
        """The largest rectangle of a width over height in its middle."""
        rows, cols = min(self.rows, self.cols / ratio), min(self.cols, self.rows * ratio)
        return Rect(self.top + (self.rows - rows) / 2, self.left + (self.cols - cols) / 2, rows, cols)

    def snapped(self) -> Rect:
        """The same with its edges between pixels."""
        top, left = round(self.top), round(self.left)
        return Rect(top, left, round(self.top + self.rows) - top, round(self.left + self.cols) - left)

    def as_parts(self, rows: int, cols: int) -> dict[str, float]:
        """Top, left, rows and cols as parts of a picture of that size."""
        known = {"top": self.top / rows, "left": self.left / cols, "rows": self.rows / rows, "cols": self.cols / cols}
        return {name: round(value, 5) for name, value in known.items()}


@dataclass(frozen=True)
class Field:
    """What a focal length sees, in the picture of another."""

    focal_mm: float
    rect: Rect
    is_inside: bool
    """Whether all of its lines are in the picture."""


@dataclass(frozen=True)
class Framelines:
    """Frames of focal lengths in a picture of (rows, cols).

    Parameters
    ----------
    mounted_mm : float or None
        Of the lens that was on.
    fields : tuple of Field
    rows, cols : int
    """

    mounted_mm: float | None
    fields: tuple[Field, ...]
    rows: int
    cols: int

    def as_record(self) -> dict[str, Any]:
        """The same, fit for JSON; rectangles as parts of the picture."""
        return {
            "mounted_mm": self.mounted_mm,
            "frames": [
                {"focal_mm": f.focal_mm, "is_inside": f.is_inside, **f.rect.as_parts(self.rows, self.cols)}
                for f in self.fields
            ],
        }


def paired(mounted_mm: float) -> tuple[float, ...]:
    """The focal lengths to show for a lens: of its pair the longer; else the first pair that is longer as a whole.

    Where there is neither, all longer ones that an M body has lines for; none behind a 135.
    """
    longer = [f for f in sorted({f for pair in PAIRS for f in pair}) if f > mounted_mm * (1 + _SAME)]
    for short, long in PAIRS:
        if abs(mounted_mm / short - 1) <= _SAME:
            return (long,)
    whole = [pair for pair in sorted(PAIRS) if set(pair) <= set(longer)]
    return whole[0] if whole else tuple(longer)


def fields_of(mounted_mm: float | None, focals: Sequence[float], came: Facts, finished: Facts) -> Framelines:
    """Where the frames of focal lengths lie: F/f of the width and height of what lens F has drawn on the sensor.

    Parameters
    ----------
    mounted_mm : float or None
        F; without it there are none.
    focals : sequence of float
        f, mm.
    came, finished : Facts
        Of the frame as read, whose shown part (DefaultCrop) is the field of F, and of the picture: it may have been
        cropped, turned and resized, and `Facts.came_from` leads from one to the other.
    """
    rows, cols = finished.rows, finished.cols
    if mounted_mm is None:
        return Framelines(None, (), rows, cols)
    shown = came.crop or (0, 0, came.rows, came.cols)
    middle = shown[0] + (shown[2] - 1) / 2, shown[1] + (shown[3] - 1) / 2
    place = (rows - 1) / 2, (cols - 1) / 2
    for _ in range(3):
        # Newton's way from the middle of the picture to where the sensor's middle is: its steps are nearly straight.
        at_rows, at_cols = finished.came_from(
            place[0] + np.array([0.0, 1.0, 0.0]), place[1] + np.array([0.0, 0.0, 1.0])
        )
        steps = np.array([at_rows[1:] - at_rows[0], at_cols[1:] - at_cols[0]])
        away = np.linalg.solve(steps, [middle[0] - at_rows[0], middle[1] - at_cols[0]])
        place = place[0] + float(away[0]), place[1] + float(away[1])
    is_turned = abs(steps[1, 0]) > abs(steps[0, 0])
    sides = (shown[3], shown[2]) if is_turned else (shown[2], shown[3])
    full = [side / float(np.hypot(*steps[:, n])) for n, side in enumerate(sides)]
    found = []
    for focal in focals:
        high, wide = (side * mounted_mm / focal for side in full)
        rect = Rect(place[0] + 0.5 - high / 2, place[1] + 0.5 - wide / 2, high, wide)
        ends = rect.top + rect.rows, rect.left + rect.cols
        is_inside = min(rect.top, rect.left) >= -0.5 and ends[0] <= rows + 0.5 and ends[1] <= cols + 0.5
        found.append(Field(focal, rect, is_inside))
    return Framelines(mounted_mm, tuple(found), rows, cols)
