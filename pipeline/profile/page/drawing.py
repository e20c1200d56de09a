"""A chart as SVG: lines, texts, marks that tell what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal

from tenbit.pipeline.profile.page.figures import cut, text_px
from tenbit.pipeline.profile.page.markup import Markup, element, joined
from tenbit.pipeline.profile.page.scales import Axis

WIDE = 720.0
"""Of every chart, px; it is shown at 0.9 to 1.2 of that, so that a text is never too small to read."""
SIZE = 13.0
"""Of texts, px."""
LINE = 18.0
"""From a line of text to the next, px."""
COLOURS = 8
"""Colours of series are told apart by; the ninth is the first again."""
Anchor = Literal["start", "middle", "end"]
Spot = tuple[float, float]
"""(col, row), px."""


@dataclass
class Drawing:
    """What is drawn, in order.

    Parameters
    ----------
    tall : float
        px.
    wide : float
        px.
    """

    tall: float
    wide: float = WIDE
    parts: list[Markup] = field(default_factory=list)

    def line(self, start: Spot, end: Spot, look: str) -> None:
        """A straight line; ``look`` names what the style sheet knows."""
        self.parts.append(element("line", class_=look, x1=start[0], y1=start[1], x2=end[0], y2=end[1]))

    def path(self, spots: Iterable[Spot], look: str) -> None:
        """Straight lines from spot to spot."""
        told = " ".join(f"{col:.1f},{row:.1f}" for col, row in spots)
        self.parts.append(element("polyline", class_=look, points=told, fill="none"))

    def box(self, left: float, top: float, wide: float, tall: float, look: str, *, fill: str | None = None) -> None:
        """A rectangle."""
        self.parts.append(element("rect", class_=look, x=left, y=top, width=wide, height=tall, fill=fill))

    def text(
        self, spot: Spot, text: str, look: str = "", *, anchor: Anchor = "start", turn_deg: float = 0, full: str = ""
    ) -> None:
        """A text on its line; ``full`` is what it stands for where it was cut."""
        turned = f"rotate({turn_deg:.1f} {spot[0]:.1f} {spot[1]:.1f})" if turn_deg else None
        inside = (element("title", full), text) if full and full != text else (text,)
        self.parts.append(
            element("text", *inside, class_=look or None, x=spot[0], y=spot[1], text_anchor=anchor, transform=turned)
        )

    def mark(self, tip: str, inner: Drawing) -> None:
        """What another drawing holds, as one mark: a reader can go to it, and it tells its figures."""
        self.parts.append(
            element("g", element("title", tip), *inner.parts, class_="mark", tabindex="0", role="img", aria_label=tip)
        )

    def inner(self) -> Drawing:
        """An empty drawing, for a mark."""
        return Drawing(self.tall, self.wide)

    def dot(self, spot: Spot, radius: float, number: int, look: str = "") -> None:
        """A dot of a series: its colour and, as not everybody tells colours apart, its shape."""
        col, row = spot
        look = f"dot c{number % COLOURS} {look}".rstrip()
        match number % 4:
            case 0:
                self.parts.append(element("circle", class_=look, cx=col, cy=row, r=radius))
                return
            case 1:
                around = [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
            case 2:
                around = [(0, -1.25), (1.15, 0.85), (-1.15, 0.85)]
            case _:
                around = [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)]
        told = " ".join(f"{col + c * radius:.1f},{row + r * radius:.1f}" for c, r in around)
        self.parts.append(element("polygon", class_=look, points=told))

    def axes(self, across: Axis, up: Axis, *, across_ticks: int = 7, up_ticks: int = 6) -> None:
        """Lines at round values, their texts, and the titles."""
        left, right = across.scale.start, across.scale.end
        bottom, top = up.scale.start, up.scale.end
        for value in across.scale.ticks(across_ticks):
            col = across.scale.at(value)
            self.line((col, top), (col, bottom), "grid")
            self.text((col, bottom + LINE), across.told(value), "soft", anchor="middle")
        for value in up.scale.ticks(up_ticks):
            row = up.scale.at(value)
            self.line((left, row), (right, row), "grid")
            self.text((left - 8, row + SIZE / 3), up.told(value), "soft", anchor="end")
        self.line((left, bottom), (right, bottom), "axis")
        self.line((left, top), (left, bottom), "axis")
        self.text(((left + right) / 2, bottom + 2 * LINE + 4), across.title, anchor="middle")
        self.text((left, top - 12), up.title)

    def legend(self, entries: Sequence[tuple[int, str]], left: float, top: float) -> float:
        """Swatches with names, from left to right and line by line; where the next line would stand, px."""
        col, row = left, top
        for number, whole in entries:
            name = cut(whole, self.wide - left - 40, SIZE)
            needs = 26 + text_px(name, SIZE) + 14
            if col > left and col + needs > self.wide:
                col, row = left, row + LINE + 2
            self.dot((col + 7, row - SIZE / 3), 5.5, number)
            self.text((col + 20, row), name, full=whole)
            col += needs
        return row + LINE + 2

    def markup(self, ident: str, title: str, about: str) -> Markup:
        """The chart as an element of a page; ``about`` says in a sentence what it shows."""
        return self._element(ident, title, about, width=None, height=None)

    def alone(self, title: str, about: str) -> str:
        """The chart as a file of its own, with its style: for documents that link pictures; ends in a newline."""
        style = element("style", Markup(asset("page.chart.css")))
        return f"{self._element('chart', title, about, style, xmlns='http://www.w3.org/2000/svg')}\n"

    def _element(self, ident: str, title: str, about: str, *before: Markup, **facts: str | None) -> Markup:
        return element(
            "svg", element("title", title, id=f"{ident}-title"), element("desc", about, id=f"{ident}-about"),
            *before, joined(list(self.parts)), class_="chart", viewBox=f"0 0 {self.wide:g} {self.tall:g}",
            role="group", aria_labelledby=f"{ident}-title", aria_describedby=f"{ident}-about", **facts,
        )  # fmt: skip


def asset(name: str) -> str:
    """A file that lies beside this module."""
    return files(__package__).joinpath(name).read_text("utf-8")
