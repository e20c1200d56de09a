"""Curves as text for a terminal, and as pictures.

The text is drawn here: libraries for it change their interface, and wish to know the terminal.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tenbit.pipeline.errors import RequestError

Floats = npt.ArrayLike
Style = Literal["line", "points", "dashed"]
_ROWS = 13  # of text, for the curves of one panel
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # braille: bits of the left and of the right column
_TICKS = tuple(round(n * (_ROWS - 1) / 4) for n in range(5))
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FIRM = "\0"  # stands for a blank at which no line is broken
_DASH = 6  # dots on, then as many off


@dataclass(frozen=True)
class Curve:
    """One curve; where ``y`` is not finite there is a gap.

    Parameters
    ----------
    label : str
        Empty for none in the legend.
    x, y : (points,) array-like
    style : {"line", "points", "dashed"}
    """

    label: str
    x: Floats
    y: Floats
    style: Style = "line"


@dataclass(frozen=True)
class Panel:
    """Curves over common axes.

    Parameters
    ----------
    title, x_label, y_label : str
    curves : sequence of Curve
    reach : sequence of (x, y)
        Points that the axes reach at least.
    """

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    reach: Sequence[tuple[float, float]] = ()


def as_text(panels: Sequence[Panel], width: int = 80) -> str:
    """The panels below each other, in dots of braille; a letter on a curve is its name in the legend.

    Parameters
    ----------
    panels : sequence of Panel
    width : int
        Columns of text; at least 40 are used.
    """
    return "\n\n".join(_panel_text(panel, max(width, 40)) for panel in panels)


def check(path: Path) -> None:
    """Say now what `save` would refuse later.

    Raises
    ------
    RequestError
        For another suffix, or when matplotlib is not installed.
    """
    if path.suffix.lower() not in (".png", ".svg"):
        raise RequestError(f"{path}: a plot is written as .png or .svg")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise RequestError("plots need matplotlib: pip install 'tenbit[calibrate]'") from None


def save(path: Path, panels: Sequence[Panel]) -> None:
    """Write the panels below each other as a picture; complete or absent.

    Parameters
    ----------
    path : Path
        Ends in ``.png`` or ``.svg``.
    panels : sequence of Panel

    Raises
    ------
    RequestError
        For another suffix, or when matplotlib is not installed.
    WriteError
        If the file cannot be written.
    """
    from tenbit.pipeline.images import replaced

    check(path)
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kind = path.suffix.lower()[1:]
    # Without a date and with a salt of our own, the same panels make the same file.
    with rc_context({"svg.hashsalt": "tenbit"}):
        figure = Figure(figsize=(8, 3 * len(panels)), dpi=120, layout="constrained")
        FigureCanvasAgg(figure)
        for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
            for curve in panel.curves:
                looks = {"line": "-", "dashed": "--", "points": "."}
                axes.plot(np.asarray(curve.x), np.asarray(curve.y), looks[curve.style], label=curve.label or None)
            if panel.reach:
                axes.update_datalim(panel.reach)
                axes.autoscale_view()
            axes.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
            axes.grid(visible=True, alpha=0.3)
            if any(curve.label for curve in panel.curves):
                axes.legend(fontsize="small")
        with replaced(path) as file:
            figure.savefig(file, format=kind, metadata={"Date": None} if kind == "svg" else None)


def _panel_text(panel: Panel, width: int) -> str:
    known = [(np.asarray(c.x, float).ravel(), np.asarray(c.y, float).ravel()) for c in panel.curves]
    finite = [np.isfinite(x) & np.isfinite(y) for x, y in known]
    if not any(mask.any() for mask in finite):
        return f"{panel.title}\n  (nothing is known)"
    also = np.asarray(panel.reach, float).reshape(-1, 2)
    low_x, high_x = _range([also[:, 0], *(x[mask] for (x, _), mask in zip(known, finite, strict=True))])
    low_y, high_y = _range([also[:, 1], *(y[mask] for (_, y), mask in zip(known, finite, strict=True))])
    names = _numbers([high_y - (high_y - low_y) * n / 4 for n in range(5)])
    margin = max(map(len, names)) + 2
    cols = width - margin - 1
    dots = np.zeros((_ROWS * 4, cols * 2), bool)
    letters: dict[tuple[int, int], str] = {}
    legend = []
    for number, (curve, (x, y), mask) in enumerate(zip(panel.curves, known, finite, strict=True)):
        across = (x - low_x) / (high_x - low_x) * (cols * 2 - 1)
        down = (high_y - y) / (high_y - low_y) * (_ROWS * 4 - 1)
        letter = _LETTERS[number % 26]
        row, col = _draw(dots, across, down, mask, curve.style)
        if curve.label:
            legend.append(f"{letter} {curve.label}".replace(" ", _FIRM))
            # Every curve is named at other columns, so that those which run together can be told apart.
            for target in range(3 + 4 * number, cols, 24):
                away = abs(col // 2 - target)
                if len(away) and away.min() <= _DASH:
                    at = int(away.argmin())
                    letters[int(row[at]) // 4, int(col[at]) // 2] = letter
        if curve.style == "points":
            letters |= dict.fromkeys(zip((row // 4).tolist(), (col // 2).tolist(), strict=True), letter)
    lines = [f"{panel.title} ({panel.y_label})" if panel.y_label else panel.title]
    for n in range(_ROWS):
        cells = "".join(
            letters.get((n, at)) or _cell(dots[n * 4 : n * 4 + 4, at * 2 : at * 2 + 2]) for at in range(cols)
        )
        name = names[round(n / (_ROWS - 1) * 4)] if n in _TICKS else ""
        lines.append(f"{name:>{margin - 1}} {'┤' if name else '│'}{cells}".rstrip())
    ticks = _numbers([low_x + (high_x - low_x) * n / 4 for n in range(5)])
    under = [" "] * (width + 8)
    for n, tick in enumerate(ticks):
        at = min(margin + 1 + round((cols - 1) * n / 4) - len(tick) // 2, width - len(tick))
        under[at : at + len(tick)] = tick
    lines.append(" " * margin + "└" + "─" * cols)
    lines.append("".join(under).rstrip())
    indent = " " * (margin + 1)
    lines.append(indent + panel.x_label.center(cols).rstrip())
    lines += textwrap.wrap("   ".join(legend), width, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(line.replace(_FIRM, " ").rstrip() for line in lines)


def _range(values: Sequence[npt.NDArray[np.float64]]) -> tuple[float, float]:
    """Least and largest; a range of nothing is opened, since it is divided by."""
    low, high = min(v.min() for v in values if len(v)), max(v.max() for v in values if len(v))
    if high - low > 1e-9 * max(abs(low), abs(high), 1e-9):
        return float(low), float(high)
    half = abs(low) / 2 or 0.5
    return float(low - half), float(high + half)


def _numbers(values: Sequence[float]) -> list[str]:
    """Ticks with as many digits as tell them apart."""
    step = abs(values[1] - values[0])
    digits = max(0, min(9, 1 - math.floor(math.log10(step)))) if step else 2
    return [f"{value:z.{digits}f}" for value in values]


def _draw(
    dots: npt.NDArray[np.bool_],
    across: npt.NDArray[np.float64],
    down: npt.NDArray[np.float64],
    mask: npt.NDArray[np.bool_],
    style: Style,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns of a curve's dots, which are set unless letters are to stand for them."""
    if style == "points":
        row, col = down[mask], across[mask]
    else:
        rows, cols = [], []
        for n in np.flatnonzero(mask[:-1] & mask[1:]):
            most = int(max(abs(across[n + 1] - across[n]), abs(down[n + 1] - down[n]))) + 2
            cols.append(np.linspace(across[n], across[n + 1], most))
            rows.append(np.linspace(down[n], down[n + 1], most))
        col, row = (np.concatenate(part) if part else np.empty(0) for part in (cols, rows))
        if style == "dashed":
            is_on = np.floor(col / _DASH) % 2 == 0
            row, col = row[is_on], col[is_on]
    found = np.rint(row).astype(np.int64), np.rint(col).astype(np.int64)
    if style != "points":
        dots[found] = True
    return found


def _cell(dots: npt.NDArray[np.bool_]) -> str:
    bits = sum(_DOTS[col][row] for row in range(4) for col in range(2) if dots[row, col])
    return chr(0x2800 + bits) if bits else " "
