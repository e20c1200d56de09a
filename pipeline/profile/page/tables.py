"""Tables that a reader can sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenbit.pipeline.profile.page.figures import digits
from tenbit.pipeline.profile.page.markup import Markup, element

_PRINTED = {"broad": 10, "sideways": 18}  # columns: more are printed small, then on a page that lies on its side
_LONG = 28  # characters: more are broken into lines


@dataclass(frozen=True)
class Cell:
    """What stands in a table.

    Parameters
    ----------
    text : str
    value : float or None
        What it is sorted by; its text where it is None.
    tip : str
        The whole, where the text is short.
    look : str
    """

    text: str
    value: float | None = None
    tip: str = ""
    look: str = ""


def number(value: float | None, factor: float = 1.0) -> Cell:
    """A figure of three digits, sorted by all of them; a dash where it is not known."""
    return Cell("–") if value is None else Cell(digits(value * factor), value)


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, name: str) -> Markup:
    """Rows under columns whose heads sort them.

    Parameters
    ----------
    caption : str
    columns : sequence of str
        With their units; a column of figures stands to the right.
    rows : sequence of sequence of Cell
    name : str
        Of the element.
    """
    is_figure = [any(row[n].value is not None for row in rows) for n in range(len(columns))]
    heads = [
        element("th", element("button", title, type="button"), scope="col", class_="figure" if is_figure[n] else None)
        for n, title in enumerate(columns)
    ]
    body = [element("tr", *(_cell(one, is_figure[n]) for n, one in enumerate(row))) for row in rows]
    head = element("caption", caption, element("span", ". Heads sort.", class_="screen"))
    whole = element("table", head, element("thead", element("tr", *heads)), element("tbody", *body),
                    class_="sorts", id=name)  # fmt: skip
    looks = ["wide", *(look for look, most in _PRINTED.items() if len(columns) > most)]
    return element("div", whole, class_=" ".join(looks), tabindex="0", role="region", aria_label=caption)


def facts(pairs: Sequence[tuple[str, str]]) -> Markup:
    """Names with what is known under them."""
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in pairs if value))


def _cell(one: Cell, is_figure: bool) -> Markup:
    is_long = len(one.text) > _LONG
    look = " ".join(filter(None, ("figure" if is_figure else "", "long" if is_long else "", one.look)))
    value = None if one.value is None else repr(float(one.value))
    return element("td", one.text, class_=look or None, data_value=value, title=one.tip or None)
