"""Colours by name and by code."""

import pytest

from tenbit.kernels._draw import COLOURS, colour_constants, colour_of
from tenbit.kernels.errors import StageError


def test_names_and_codes():
    assert colour_of("orange") == COLOURS["orange"]
    assert colour_of(" Orange ") == COLOURS["orange"]
    assert colour_of("#F9310F") == (249 / 255, 49 / 255, 15 / 255)
    assert colour_constants("#000100", "low_") == {"low_red": 0, "low_green": 1 / 255, "low_blue": 0}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("grean", "'grean' is no colour; did you mean 'green'?"),
        ("#F931", "'#F931' is no colour; there are red, green, blue, yellow, cyan, magenta, orange, white, black, and"),
        ("#F9310G", "'#F9310G' is no colour; there are"),
        ("", "'' is no colour; there are"),
    ],
)
def test_anything_else_is_refused(text, told):
    with pytest.raises(StageError, match=told.replace("?", r"\?")):
        colour_of(text)
