"""Curves as text and as pictures."""

import sys
from itertools import pairwise

import numpy as np
import pytest

from tenbit.pipeline.errors import RequestError, WriteError
from tenbit.pipeline.plots import Curve, Panel, as_text, save


def rows_of(text):
    """The cells between the axis and the end of each line, top first."""
    return [line.split("┤", 1)[-1].split("│", 1)[-1] for line in text.splitlines() if "┤" in line or "│" in line]


def test_a_line_from_corner_to_corner():
    text = as_text([Panel("gain", "radius, mm", "EV", [Curve("", [0, 2], [0, 1])])], 40)
    cells = rows_of(text)
    assert text.splitlines()[0] == "gain (EV)"
    assert "1.00 ┤" in text.splitlines()[1] and "0.00 ┤" in text
    # The first dot is the lowest of the leftmost cell, the last the topmost of the rightmost.
    assert cells[-1][0] == "⡠" and cells[0].rstrip()[-1] == "⠊"
    assert len(cells) == 13 and max(map(len, cells)) == 40 - 1 - len(" 0.00 ")
    filled = [[n for n, cell in enumerate(row) if cell != " "] for row in cells]
    assert all(min(above) >= max(below) - 1 for above, below in pairwise(filled))
    assert text.splitlines()[-2].split() == ["0.00", "0.50", "1.00", "1.50", "2.00"]
    assert text.splitlines()[-1].strip() == "radius, mm"


def test_a_curve_is_named_by_its_letter_and_points_are_letters():
    curves = [
        Curve("known", [0, 10], [0, 0]),
        Curve("held", [0, 10], [4, 4], "dashed"),
        Curve("seen", [5], [2], "points"),
    ]
    cells = rows_of(as_text([Panel("t", "x", "", curves)], 80))
    assert cells[-1].count("a") == 3 and cells[0].count("b") == 3
    assert cells[6].strip() == "c" and len(cells[6]) - 1 == pytest.approx(len(cells[0]) / 2, abs=1)
    assert " " in cells[0].strip() and " " not in cells[-1].strip()
    assert as_text([Panel("t", "x", "", curves)], 80).endswith("a known   b held   c seen")


def test_a_long_legend_is_wrapped_between_names():
    curves = [Curve(f"aperture f/{n} here", [0, 1], [0, n]) for n in range(1, 7)]
    text = as_text([Panel("t", "x", "", curves)], 60)
    legend = [line for line in text.splitlines() if "aperture" in line]
    assert len(legend) == 3 and all(line.strip()[0] in "ace" and len(line) <= 60 for line in legend)


def test_gaps_flat_curves_and_nothing():
    gap = as_text([Panel("t", "x", "", [Curve("", [0, 1, 2, 3, 4], [0, 0, np.nan, 0, 0])])], 60)
    row = max(rows_of(gap), key=lambda r: len(r.strip()))
    assert "   " in row.strip()
    assert "1.0" in as_text([Panel("t", "x", "", [Curve("", [0, 1], [2, 2])])], 60)
    assert as_text([Panel("fall-off", "x", "", [])]) == "fall-off\n  (nothing is known)"
    assert as_text([Panel("t", "x", "", [Curve("", [1], [np.inf])])]) == "t\n  (nothing is known)"


def test_the_axes_reach_what_they_are_told_to():
    text = as_text([Panel("t", "x", "", [Curve("", [2, 3], [-3, -2], "points")], ((0, 0), (4, 0)))], 60)
    assert "0.00 ┤" in text and "-3.00 ┤" in text and text.splitlines()[-2].split()[0] == "0.0"


def test_pictures_are_the_same_each_time(tmp_path):
    panels = [Panel("t", "x", "y", [Curve("a", [0, 1], [0, 1])]), Panel("u", "x", "y", [], ((0, 0), (4, 1)))]
    for name in ("one.svg", "two.svg", "one.png"):
        save(tmp_path / name, panels)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "one.png").read_bytes()[:4] == b"\x89PNG"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.png", "one.svg", "two.svg"]


def test_pictures_that_cannot_be_written(tmp_path, monkeypatch):
    with pytest.raises(RequestError, match=r"a\.pdf: a plot is written as \.png or \.svg"):
        save(tmp_path / "a.pdf", [])
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="cannot be written"):
        save(tmp_path / "file" / "a.png", [Panel("t", "x", "y", [])])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(RequestError, match=r"plots need matplotlib: pip install 'tenbit\[calibrate\]'"):
        save(tmp_path / "a.png", [])
