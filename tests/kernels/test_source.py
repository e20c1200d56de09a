"""The generator: what a body may not do is refused, and borders keep the CFA's phase."""

import importlib.util

import numpy as np
import pytest

from tenbit.kernels._bound import Bound
from tenbit.kernels._facts import Cfa
from tenbit.kernels._source import Writer, called, mirror, needed
from tenbit.kernels._stage import Access, PerSite, Step

FACTOR = 0.5
LAST = 3


def early_return(value, k):
    if value > k.limit:
        return k.limit
    return value


def scaled(value, k):
    return value * k.gain + FACTOR


def looked_up(value, k):
    return value + k.table[LAST]


def test_whole_numbers_of_the_module_stay_whole():
    constants = {"table": np.zeros(4, np.float32)}
    step = Step("looked_up", Access.POINT, looked_up, ("mosaic",), ("mosaic",), constants)
    lines, out = Writer(Bound.of([constants]), (step,)).paste(step, values={"mosaic": "p0"})
    assert lines == [f"{out[0]} = p0 + a0_table[3]"]


@pytest.mark.parametrize("period", [2, 4])
@pytest.mark.parametrize("count", [4, 5, 7, 64])
def test_mirror_stays_inside_and_keeps_the_phase(period, count):
    for index in range(-3 * count, 4 * count):
        found = mirror(index, count, period)
        assert 0 <= found < count
        assert (found - index) % period == 0 or period == 2
        if period == 2:
            assert (found - index) % 2 == 0


def test_mirror_is_numpys_reflection():
    padded = np.pad(np.arange(9), 8, mode="reflect")
    assert [mirror(i, 9, 2) for i in range(-8, 17)] == padded.tolist()


def test_a_body_with_an_early_return_is_refused():
    step = Step("early", Access.POINT, early_return, ("mosaic",), ("mosaic",), {"limit": 1.0})
    writer = Writer(Bound.of([{"limit": 1.0}]), (step,))
    with pytest.raises(TypeError, match="early_return: needs exactly one return, at its end"):
        writer.paste(step, values={"mosaic": "p0"})


def test_a_constant_that_is_not_there_is_named():
    step = Step("scaled", Access.POINT, scaled, ("mosaic",), ("mosaic",), {})
    with pytest.raises(KeyError, match="no constant 'gain'"):
        Writer(Bound.of([{}]), (step,)).paste(step, values={"mosaic": "p0"})


def test_literals_and_globals_become_float32():
    step = Step("scaled", Access.POINT, scaled, ("mosaic",), ("mosaic",), {"gain": 2.0})
    lines, out = Writer(Bound.of([{"gain": 2.0}]), (step,)).paste(step, values={"mosaic": "p0"})
    assert lines == [f"{out[0]} = p0 * k0_gain + f32(0.5)"]


def test_constants_are_packed_in_the_order_of_their_expressions():
    constants = [{"black": PerSite((1.0, 2.0, 3.0, 4.0)), "count": 7}, {"gain": 0.5, "table": np.arange(3)}]
    bound = Bound.of(constants)
    kf, ki, arrays = bound.packed(constants)
    assert kf.tolist() == [1, 2, 3, 4, 0.5]
    assert ki.tolist() == [7]
    assert arrays[0].dtype == np.int32
    assert bound.expression(0, "black", "2") == "k0_black_2"
    assert bound.expression(0, "black", "site") == "kf[0 + site]"
    assert bound.expression(1, "table", "0") == "a1_table"


@pytest.mark.parametrize("name", ["RGGB", "GRBG", "GBRG", "BGGR"])
def test_a_cut_shifts_the_pattern(name):
    cfa = Cfa(name)
    for rows in (0, 1, 2, 3):
        for cols in (0, 1):
            shifted = cfa.shifted(rows, cols)
            assert all(shifted.colour(r, c) == cfa.colour(r + rows, c + cols) for r in range(4) for c in range(4))


def test_a_cut_through_a_quad_block_is_refused():
    assert Cfa("QRGGB").shifted(2, 0).name == "QGBRG"
    with pytest.raises(ValueError, match="cannot start at row 1, column 0"):
        Cfa("QRGGB").shifted(1, 0)


def test_an_unknown_pattern_is_refused():
    with pytest.raises(ValueError, match="'RGBG' is not one of RGGB"):
        Cfa("RGBG")


def test_two_functions_of_one_name_go_by_the_names_of_their_modules(tmp_path):
    def module(name, factor):
        path = tmp_path / f"{name}.py"
        path.write_text(f"def part(v):\n    return v * {factor}.0\n\n\ndef whole(v):\n    return part(v)\n")
        spec = importlib.util.spec_from_file_location(name, path)
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found

    one, other = module("one", 2), module("other", 3)
    writer = Writer(Bound.of([]), ())
    writer.helpers |= {called(one.whole): one.whole, called(other.whole): other.whole}
    text = "\n".join(writer.helper_source("@njit"))
    scope = {"njit": lambda function: function, "f32": np.float32}
    exec(text, scope)
    assert (scope["one_whole"](1.0), scope["other_whole"](1.0)) == (2.0, 3.0)
    twin = module("one", 5)
    writer.helpers["again"] = twin.whole
    with pytest.raises(TypeError, match="two functions called one_part in one pass"):
        writer.helper_source("@njit")


def named_like_a_result(value):
    v1 = 2.0 * value
    v1of0 = v1 + 1.0
    return v1of0 - v1, v1


def test_a_body_may_call_its_variables_what_it_likes():
    step = Step("named", Access.POINT, named_like_a_result, ("mosaic",), ("mosaic", "twice"))
    lines, out = Writer(Bound.of([{}]), (step,)).paste(step, values={"mosaic": "p0"})
    scope = {"f32": np.float32, "p0": np.float32(3.0)}
    exec("\n".join(lines), scope)
    assert [scope[name] for name in out] == [1.0, 6.0]


def test_what_nobody_looks_at_is_left_out():
    given = ["k0_gain = kf[0]", "k0_gain_2 = kf[1]", "first0, deep0 = rings[0, 0], rings[0, 1]", "k1 = kf[2]"]
    assert needed(given, ["a = k0_gain_2 * b", "for y in range(deep0):"]) == given[1:3]
    assert needed(given, []) == []
