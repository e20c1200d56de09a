"""Operations: every step of the catalogue beside its bodies run on numbers that count, and some worked by hand."""

import ast
import inspect
import math
import operator
import textwrap
import types

import gpu
import numpy as np
import pytest

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._cells import cells, gathered
from tenbit.kernels._count import operations
from tenbit.kernels._facts import Facts
from tenbit.kernels._resample import floored, interpolation
from tenbit.kernels._stage import Access, Step
from tenbit.pipeline.config import shipped_chains


class Counting:
    """A number that counts what is done with it and knows no value; it is a plane and an array of such numbers too."""

    done = 0

    def counted(self, *_):
        Counting.done += 1
        return self

    def compared(self, _):
        Counting.done += 1
        return True

    def __call__(self, d_row, d_col):
        assert isinstance(d_row, int)
        assert isinstance(d_col, int)
        return self

    def __getitem__(self, place):
        return self

    def __int__(self):
        return 0

    __neg__ = __abs__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = counted
    __truediv__ = __rtruediv__ = counted
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = compared
    __hash__ = object.__hash__


NUMBER = Counting()


class CountingMath:
    def __getattr__(self, name):
        return counting(getattr(math, name))


def counting(function):
    def call(*given):
        if not any(value is NUMBER for value in given):
            return function(*given)
        Counting.done += max(1, len(given) - 1)
        return NUMBER

    return call


def both_sides(_, here, otherwise):
    if isinstance(here, tuple):
        return tuple(both_sides(None, *pair) for pair in zip(here, otherwise, strict=True))
    return NUMBER if any(isinstance(value, float | Counting) for value in (here, otherwise)) else here


class Eager(ast.NodeTransformer):
    """Does both sides of a choice, and all parts of a condition."""

    def visit_IfExp(self, node):
        self.generic_visit(node)
        return ast.Call(ast.Name("both_sides", ast.Load()), [node.test, node.body, node.orelse], [])

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        return ast.Subscript(ast.Tuple(node.values, ast.Load()), ast.Constant(0), ast.Load())

    def visit_Compare(self, node):
        self.generic_visit(node)
        left, parts = node.left, []
        for op, right in zip(node.ops, node.comparators, strict=True):
            parts.append(ast.Compare(left, [op], [right]))
            left = right
        return parts[0] if len(parts) == 1 else ast.Subscript(ast.Tuple(parts, ast.Load()), ast.Constant(0), ast.Load())


def as_it_runs(function, known={}):  # noqa: B006
    """A function of the kernels in a form that numbers which count can go through."""
    if function is fma:
        return lambda a, b, c: a * b + c
    if function not in known:
        tree = Eager().visit(ast.parse(textwrap.dedent(inspect.getsource(function))))
        scope = {"both_sides": both_sides, "min": counting(min), "max": counting(max)}
        scope["f32"] = lambda value: value if isinstance(value, float) else NUMBER
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"f32"}
        for name, value in inspect.getclosurevars(function).globals.items():
            if isinstance(value, types.FunctionType) and name in named:
                scope[name] = as_it_runs(value)
            elif name in named:
                scope[name] = CountingMath() if value is math else value
        exec(compile(ast.fix_missing_locations(tree), "counted", "exec"), scope)
        known[function] = scope[function.__name__]
    return known[function]


def done(function, *given):
    """How many operations a call does, and what it returns."""
    Counting.done = 0
    result = as_it_runs(function)(*given)
    return Counting.done, result


class Wholes:
    def __getitem__(self, place):
        return 1


def as_numbers(value):
    if isinstance(value, np.ndarray):
        return Wholes() if value.dtype.kind in "iu" else NUMBER
    return int(value) if isinstance(value, int | np.integer) else NUMBER


class AnyNumber:
    """Constants that the results of another pass will decide."""

    def __getattr__(self, name):
        return NUMBER


def as_run(step):
    """What `operations` must say."""
    k = AnyNumber()
    if not callable(step.constants):
        k = types.SimpleNamespace(**{name: as_numbers(value) for name, value in step.constants.items()})
    bodies, total = step.body if isinstance(step.body, tuple) else (step.body,), 0
    for body in bodies:
        known = {"k": k, "row": 5, "col": 6}
        count, result = done(body, *(known.get(name, NUMBER) for name in inspect.signature(body).parameters))
        if step.access is Access.REDUCE:
            count += len(result) if isinstance(result, tuple) else 1
        total += count
    if step.access is Access.WARP:
        total += 2 * (done(floored, NUMBER)[0] + 1) + done(interpolation(step)[0], NUMBER, NUMBER, NUMBER)[0]
    if step.access in (Access.GATHER, Access.WARP, Access.CELLS):
        total *= len(step.writes)
    if step.access is Access.CELLS:
        total /= k.rows * k.cols
    return total / len(bodies) / (step.every or 1)


def steps_of(what):
    return [step for work in (*what.passes, *what.cuda_passes, *what.paint_passes) for step in work.steps]


def test_steps_of_the_catalogue_do_what_is_counted():
    plans = [gpu.planned(frame, chain, 8) for _, frame, chain in gpu.cases(48, 64)]
    plans += [gpu.planned(gpu.noise(48, 64), name, 8) for name in shipped_chains()]
    counted = {step.name: step for what in plans for step in steps_of(what)}
    assert len(counted) > 100
    for name, step in counted.items():
        assert (name, operations(step)) == (name, pytest.approx(as_run(step), rel=1e-12))


def looped(plane, row, col, k):
    total = 0.0
    for n in range(k.taps):
        total += k.weights[col, n] * plane[row, k.first[col] + n]
    return total


def moved(row, col, k):
    return k.down, k.right


def whole(value, row, col, k):
    return operator.index(row) if col > 2 else value


def test_by_hand():
    frame = gpu.noise(48, 64)
    named = {
        step.name: step for step in steps_of(gpu.planned(frame, ["black_level", {"demosaic": {}}, "colour", "tone"], 8))
    }
    # (count - black) * scale, and nine products with six sums
    assert (operations(named["black_level"]), operations(named["colour"])) == (2, 15)
    taps = {"taps": 5, "weights": np.zeros((9, 5), np.float32), "first": np.zeros(9, np.int32)}
    planes = ("red", "green", "blue")
    assert operations(Step("resize", Access.GATHER, looped, planes, planes, taps)) == 3 * 2 * 5
    # Not known before another pass: once, and constants are taken for floats.
    assert operations(Step("resize", Access.GATHER, looped, planes, planes, lambda results: taps)) == 3 * (2 + 1)
    # Weights: 5 + 5 + 4 for each direction. Nine for each of four rows and a column. A comparison and a difference to
    # find the part of a pixel, for rows and for columns.
    bicubic = 2 * (5 + 5 + 4) + 9 * 5 + 2 * 2
    assert operations(Step("lens", Access.WARP, moved, planes, planes, {"down": 0.5, "right": 0.5})) == 3 * bicubic
    # Cells of 3 x 3: a sum of three for each column, these added up, a product; per pixel that is averaged.
    small = cells("focus", ("luma",), ("small",), Facts(rows=48, cols=64, state="linear"), 3)
    assert operations(small) == pytest.approx((3 * 3 + 3 + 1) / 9)
    assert operations(gathered(small)) == 3 * 3 + 3 + 1


def counters(value, k):
    return int(value * k.bins), int(value * k.bins) + k.bins


def test_a_count_of_every_fourth_row_does_a_fourth():
    step = Step("histogram", Access.REDUCE, counters, ("luma",), ("histogram",), {"bins": 64}, counters=128, every=4)
    # A product and a counter raised, twice.
    assert operations(step) == 4 / 4


def test_what_cannot_be_counted_is_named():
    step = Step("whole", Access.POINT, whole, ("mosaic",), ("mosaic",), {})
    with pytest.raises(TypeError, match=r"^whole: a call of .*index.* cannot be counted$"):
        operations(step)
