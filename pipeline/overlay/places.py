"""Where panels go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenbit.kernels._overlay import Place

MARGIN = 0.02
"""Between panels and the picture's edges, of its shorter side; half of it between panels."""
_BASE_ROWS = 1080
_SMALLER = tuple(0.9**n for n in range(11))


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
    it goes beside them. One that finds no room is made smaller, down to a third; then it stands over the others.
    """
    placed: list[Box] = []
    for place in places:
        high, wide = panel_shape(place, rows, cols)
        shapes = [(max(1, round(high * s)), max(1, round(wide * s))) for s in _SMALLER]
        found = (_free(place.corner, shape, placed, rows, cols) for shape in shapes)
        margin = _margin(rows, cols)
        corner = _from_corner(place.corner, (margin, margin), (high, wide), rows, cols)
        placed.append(next((box for box in found if box), corner))
    return placed


def _free(corner: str, shape: tuple[int, int], placed: Sequence[Box], rows: int, cols: int) -> Box | None:
    """The first place from a corner on where a box of a shape meets none that is there."""
    margin = _margin(rows, cols)
    gap, is_bottom, is_right = (margin + 1) // 2, corner.startswith("bottom"), corner.endswith("right")
    downs = {margin, *((rows - b.top if is_bottom else b.top + b.rows) + gap for b in placed)}
    alongs = {margin, *((cols - b.left if is_right else b.left + b.cols) + gap for b in placed)}
    for along in sorted(along for along in alongs if along + shape[1] + margin <= cols):
        for down in sorted(down for down in downs if down + shape[0] + margin <= rows):
            box = _from_corner(corner, (down, along), shape, rows, cols)
            if not any(box.meets(other) for other in placed):
                return box
    return None


def _from_corner(corner: str, away: tuple[int, int], shape: tuple[int, int], rows: int, cols: int) -> Box:
    """The box of a shape that is so many rows and columns away from a corner."""
    top = rows - away[0] - shape[0] if corner.startswith("bottom") else away[0]
    left = cols - away[1] - shape[1] if corner.endswith("right") else away[1]
    return Box(top, left, *shape)


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
