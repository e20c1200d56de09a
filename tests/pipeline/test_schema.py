"""Checked options: what is taken without pydantic is what pydantic takes."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tenbit.kernels import STAGES, stage
from tenbit.pipeline.config import Output
from tenbit.pipeline.document import parse_value
from tenbit.pipeline.schema import _DoubtError, _plainly, checked, model_of, options

OPTIONS = [(kind, option) for kind in (Output, *(stage(n).parameters for n in STAGES)) for option in options(kind)]
EDGES = [bound for _, o in OPTIONS for bound in (o.low, o.high) if bound is not None]
CHOICES = [choice for _, o in OPTIONS for choice in o.choices]
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.sampled_from(EDGES), st.sampled_from([n + 1e-9 for n in EDGES])
)
SCALARS = st.one_of(NUMBERS, st.none(), st.text(max_size=3), st.sampled_from(CHOICES))
VALUES = st.one_of(SCALARS, st.lists(NUMBERS, max_size=4), st.lists(NUMBERS, max_size=4).map(tuple))


@given(st.sampled_from(OPTIONS), VALUES)
def test_a_value_that_needs_no_pydantic_is_what_pydantic_makes_of_it(known: Any, value: Any) -> None:
    kind, option = known
    try:
        taken = _plainly(option, value)
    except _DoubtError:
        return
    try:
        judged = getattr(model_of(kind).model_validate({option.name: value}), option.name)
    except ValidationError:
        pytest.fail(f"{kind.__module__} {option.name}: {value!r} is taken, and pydantic refuses it")
    assert repr(taken) == repr(judged)


@pytest.mark.parametrize(
    "known", OPTIONS, ids=lambda known: f"{known[0].__module__.rpartition('.')[2]}.{known[1].name}"
)
def test_plain_values_need_no_pydantic(known: Any) -> None:
    _, option = known
    assert _plainly(option, option.default) == option.default
    for choice in option.choices:
        assert _plainly(option, choice) == choice


def test_a_choice_can_be_written_as_the_docs_print_it() -> None:
    assert [choice for choice in CHOICES if parse_value(str(choice)) != choice] == []


def test_a_shipped_chain_loads_no_pydantic() -> None:
    script = (
        "import sys\nfrom tenbit.pipeline.config import load\nload('standard')\nassert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_lists_of_lists_name_the_value_that_is_wrong() -> None:
    spot = stage("spot").parameters
    made, faults = checked(spot, {"points": [[0.5, 1]], "areas": [[0, 0, 1, 0.5]], "names": ["a"]})
    assert (made.points, made.areas, made.names, faults) == (((0.5, 1.0),), ((0.0, 0.0, 1.0, 0.5),), ("a",), [])
    _, faults = checked(spot, {"points": [[0.5, 0.5], [0.5, 1.5]], "areas": [[0.5]], "names": "a"})
    unit = "(fractions of the height and width)"
    assert faults == [
        (("points", 1, 1), f"1.5 is outside 0.0..1.0 {unit}", False),
        (("areas", 0), "[0.5] is not a list of 4 numbers", False),
        (("names",), "'a' is not a list of texts", False),
    ]
    assert [option.allowed for option in options(spot)[:2]] == [
        f"a list of lists of {count} numbers, 0.0..1.0 {unit}" for count in (2, 4)
    ]
