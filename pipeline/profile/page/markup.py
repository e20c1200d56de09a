"""Elements of HTML and SVG: whatever is put into one is escaped, so nothing that a name holds can leave it."""

from __future__ import annotations

import html


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, *inside: str, **facts: str | float | None) -> Markup:
    """An element with its attributes; text inside is escaped, markup is not.

    Parameters
    ----------
    name : str
    *inside : str or Markup
    **facts
        Attributes: ``data_tip`` is ``data-tip``, ``class_`` is ``class``; None leaves one out.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_text(value))}"'
        for key, value in facts.items()
        if value is not None
    )
    return Markup(f"<{name}{told}>{joined(inside)}</{name}>")


def joined(parts: tuple[str, ...] | list[str]) -> Markup:
    """Parts one behind the other, those that are text escaped."""
    return Markup("".join(part if isinstance(part, Markup) else html.escape(part) for part in parts))


def _text(value: str | float) -> str:
    """Numbers as short as a page of 1/100 px needs."""
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def figure(title: str, chart: Markup, caption: str) -> Markup:
    """A chart under its title."""
    return element("figure", element("h3", title), chart, element("figcaption", caption.strip()))
