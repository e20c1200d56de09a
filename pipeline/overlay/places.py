"""Where panels go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenbit.kernels._overlay import Place

MARGIN = 0.02
"""Between panels and the picture's edges, of its shorter side; half of it between panels."""
_BASE_ROWS = 1080


@dataclass(frozen=True)
class Box:
    """A rectangle, whole pixels."""

    top: int
    left: int
    rows: int
    cols: int

    def meets(self, other: Box) -> bool:
        """Whether they have a pixel in common."""
        return (
            self.top < other.top + other.rows
            and other.top < self.top + self.rows
            and self.left < other.left + other.cols
            and other.left < self.left + self.cols
        )


def unit_of(rows: int, cols: int) -> float:
    """Pixels of one unit: 1 where the shorter side has 1080, else in proportion.

    The shorter side, so that an upright picture has lines and text of the same width as the same picture lying.
    """
    return min(rows, cols) / _BASE_ROWS


def _margin(rows: int, cols: int) -> int:
    return round(MARGIN * min(rows, cols))


def panel_shape(place: Place, rows: int, cols: int) -> tuple[int, int]:
    """(rows, cols) of a panel of a picture of this size: at most what its margins leave, at least a pixel."""
    margin = _margin(rows, cols)
    high = max(1, min(round(place.size * rows), rows - 2 * margin))
    return high, max(1, min(round(place.aspect * high), cols - 2 * margin))


def in_corners(places: Sequence[Place], rows: int, cols: int) -> list[Box]:
    """Boxes of panels in the corners of a picture, none over another as long as there is room.

    From its corner on a panel goes up or down along the edge, past those that are there already; where the edge is full
    it goes beside them. When there is no room at all it stands in the corner over the others.
    """
    margin = _margin(rows, cols)
    gap = (margin + 1) // 2
    placed: list[Box] = []
    for place in places:
        high, wide = panel_shape(place, rows, cols)
        is_bottom, is_right = place.corner.startswith("bottom"), place.corner.endswith("right")

        def at(down: int, along: int, shape: tuple[int, int], *, is_bottom: bool, is_right: bool) -> Box:
            """The box at a distance from the corner's two edges."""
            top = rows - down - shape[0] if is_bottom else down
            left = cols - along - shape[1] if is_right else along
            return Box(top, left, *shape)

        downs = sorted({margin, *((rows - b.top if is_bottom else b.top + b.rows) + gap for b in placed)})
        alongs = sorted({margin, *((cols - b.left if is_right else b.left + b.cols) + gap for b in placed)})
        free = (
            box
            for along in alongs
            for down in downs
            if down + high + margin <= rows and along + wide + margin <= cols
            for box in (at(down, along, (high, wide), is_bottom=is_bottom, is_right=is_right),)
            if not any(box.meets(other) for other in placed)
        )
        corner = at(margin, margin, (high, wide), is_bottom=is_bottom, is_right=is_right)
        placed.append(next(free, corner))
    return placed


def beside(places: Sequence[Place], rows: int, cols: int) -> tuple[list[Box], int]:
    """Boxes of panels at the right of a picture, top to bottom, in columns; and how many columns of pixels they add."""
    margin = _margin(rows, cols)
    gap = (margin + 1) // 2
    placed: list[Box] = []
    top, left, widest = margin, cols + margin, 0
    for place in places:
        high, wide = panel_shape(place, rows, cols)
        if top > margin and top + high + margin > rows:
            top, left, widest = margin, left + widest + gap, 0
        placed.append(Box(top, left, high, wide))
        top, widest = top + high + gap, max(widest, wide)
    return placed, left + widest + margin - cols if placed else 0
