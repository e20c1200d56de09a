"""Names beside dots, where there is room for them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from tenbit.pipeline.profile.page.drawing import SIZE, Anchor, Drawing, Spot
from tenbit.pipeline.profile.page.figures import text_px

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, px."""
# Beside the dot, then above and below it, then further off with a line to it.
_NEAR = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
_FAR_PX = (0.0, 14.0, 28.0, 44.0, 62.0)


@dataclass
class Room:
    """What is free of a chart.

    Parameters
    ----------
    bounds : Box
        Nothing is put outside.
    taken : list of Box
    """

    bounds: Box
    taken: list[Box] = field(default_factory=list)

    def take(self, box: Box) -> None:
        """Nothing is put over it."""
        self.taken.append(box)

    def take_dot(self, spot: Spot, radius: float) -> None:
        """Nothing is put over a dot."""
        reach = radius + 1
        self.take((spot[0] - reach, spot[1] - reach, spot[0] + reach, spot[1] + reach))

    def take_line(self, spots: Iterable[Spot], *, half_px: float = 3.0) -> None:
        """Nothing is put over lines from spot to spot."""
        for (col, row), (to_col, to_row) in itertools.pairwise(spots):
            steps = max(1, round(max(abs(to_col - col), abs(to_row - row)) / 6))
            for n in range(steps + 1):
                at_col, at_row = col + (to_col - col) * n / steps, row + (to_row - row) * n / steps
                self.take((at_col - half_px, at_row - half_px, at_col + half_px, at_row + half_px))

    def is_free(self, box: Box) -> bool:
        left, top, right, bottom = box
        inside = left >= self.bounds[0] and top >= self.bounds[1]
        inside = inside and right <= self.bounds[2] and bottom <= self.bounds[3]
        return inside and not any(
            left < other[2] and other[0] < right and top < other[3] and other[1] < bottom for other in self.taken
        )

    def name(self, drawing: Drawing, spot: Spot, radius: float, text: str, *, most_px: float = _FAR_PX[-1]) -> bool:
        """Put a name beside a dot; whether there was room for it.

        Parameters
        ----------
        spot : Spot
            Of the dot.
        radius : float
            Of the dot, px.
        most_px : float
            How far from it the name may stand; far ones get a line to it.
        """
        wide = text_px(text, SIZE)
        for far in _FAR_PX:
            if far > most_px:
                break
            for across, down in _NEAR:
                reach = radius + 6 + far
                col, row = spot[0] + across * reach, spot[1] + down * (reach + (SIZE / 2 if not across else 0))
                left = col - (0 if across > 0 else wide if across < 0 else wide / 2)
                box = (left - 2, row - SIZE / 2 - 1, left + wide + 2, row + SIZE / 2 + 1)
                if not self.is_free(box):
                    continue
                if far:
                    drawing.line(spot, (col - across * 2, row - (down * SIZE / 2 if not across else 0)), "leader")
                anchor: Anchor = "start" if across > 0 else "end" if across < 0 else "middle"
                drawing.text((col, row + SIZE / 3), text, "label", anchor=anchor)
                self.take(box)
                return True
        return False
