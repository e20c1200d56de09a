"""Time against size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenbit.pipeline.profile.page.drawing import COLOURS, LINE, Drawing
from tenbit.pipeline.profile.page.figures import digits
from tenbit.pipeline.profile.page.scales import Axis, Scale, around
from tenbit.pipeline.profile.page.scatter import BOTTOM, LEFT, LOG_FROM, RADIUS, RIGHT, TOP

SCALES = (
    "Where time grows as pixels do, a line is flat; dashed: as at the largest size. Whiskers are 95 % intervals of the "
    "median."
)


@dataclass(frozen=True)
class Size:
    """A time at a size.

    Parameters
    ----------
    megapixels : float
    median_s : float
        Of a frame; ``low_s`` to ``high_s`` is its interval, None where it is not known.
    tip : str
    """

    megapixels: float
    median_s: float
    low_s: float | None
    high_s: float | None
    tip: str


@dataclass(frozen=True)
class Series:
    """Times at several sizes, of what is otherwise the same."""

    name: str
    number: int
    sizes: Sequence[Size]


def scaling(series: Sequence[Series]) -> Drawing:
    """Milliseconds per megapixel over megapixels: a flat line scales as it should."""
    every = [size for one in series for size in one.sizes]
    across = Scale(*around([one.megapixels for one in every], is_log=True, margin=0.06), LEFT, RIGHT, is_log=True)
    reach = [s * 1e3 / one.megapixels for one in every for s in (one.median_s, one.low_s, one.high_s) if s]
    is_log = max(reach) / min(reach) > LOG_FROM
    low, high = around(reach, is_log=is_log, margin=0.1)
    up = Scale(low if is_log else 0.0, high, BOTTOM, TOP, is_log)
    drawing = Drawing(BOTTOM + 2 * LINE + 12)
    drawing.axes(Axis(across, "size of the frame, MP", digits), Axis(up, "time, ms per MP (less is better)", digits))
    drawing.tall = drawing.legend([(one.number, one.name) for one in series], LEFT, drawing.tall + LINE) - LINE + 6
    for one in series:
        sizes = sorted(one.sizes, key=lambda size: size.megapixels)
        spots = [(across.at(size.megapixels), up.at(size.median_s * 1e3 / size.megapixels)) for size in sizes]
        drawing.line((LEFT, spots[-1][1]), (RIGHT, spots[-1][1]), f"ideal c{one.number % COLOURS}")
        drawing.path(spots, f"series c{one.number % COLOURS}")
        for size, spot in zip(sizes, spots, strict=True):
            inner = drawing.inner()
            if size.low_s and size.high_s:
                rows = [up.at(s * 1e3 / size.megapixels) for s in (size.low_s, size.high_s)]
                inner.line((spot[0], rows[0]), (spot[0], rows[1]), f"whisker own c{one.number % COLOURS}")
                for row in rows:
                    inner.line((spot[0] - 4, row), (spot[0] + 4, row), f"whisker own c{one.number % COLOURS}")
            inner.dot(spot, RADIUS, one.number)
            drawing.mark(size.tip, inner)
    return drawing
