"""Operations of a step, counted from its bodies as they are written, before any compiler has seen them.

An operation is one arithmetic operator (a negation too), one comparison, or one of ``abs``, ``math``'s functions and
each pair of ``min`` and ``max``, where an operand is a float that is not known before the loop; `fma` is two, a
multiplication and an addition. A division or a root counts one like an addition, dear as it is. Called functions are
counted through. Of ``a if c else b`` all three are counted: vectorised loops do both sides. Not counted are reads,
conversions, choosing, ``and`` and ``or``, arithmetic of whole numbers (rows, columns, indices) and of literals.

A compiler leaves out what it finds done already (two calls with the same arguments, products of constants), so a loop
may reach more of these per second than a processor has.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import itertools
import math
import operator
import textwrap
import types
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import numpy as np

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._resample import floored, interpolation
from tenbit.kernels._stage import Access, Body, Step


class _Kind(Enum):
    """What is known of a value that is not known itself."""

    NUMBER = "a float"
    WHOLE = "a whole number, or a claim"
    NUMBERS = "a plane, or an array of floats"
    WHOLES = "an array of whole numbers"


_Value = Any
"""A `_Kind`; a number, a function or a module that is known; a tuple of these."""
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}
_KNOWN = (bool, int, float)


def operations(step: Step) -> float:
    """Operations of one pixel that a step goes over.

    Parameters
    ----------
    step : Step
        Of several bodies, one per site of the CFA, the mean is counted; a GATHER's or a WARP's counts once per plane.
        A WARP's interpolation is counted with its weights, and with its limits where it has some; of a REDUCE one for
        each counter that it raises, and a part of all where it leaves rows out; of CELLS, whose pixels are those that
        are averaged, what a whole cell costs divided by its pixels.

    Notes
    -----
    A loop counts as often as it runs. Constants that follow from what another pass counts are taken for floats, and a
    loop of such a length counts once; no stage has one.
    """
    bodies = step.body if isinstance(step.body, tuple) else (step.body,)
    counted = sum(_of_body(step, body) for body in bodies) / len(bodies)
    if step.access is Access.WARP:
        counted += _between(step)
    if step.access in (Access.GATHER, Access.WARP, Access.CELLS):
        counted *= len(step.writes)
    if step.access is Access.CELLS:
        assert not callable(step.constants)
        counted /= int(step.constants["rows"]) * int(step.constants["cols"])  # type: ignore[arg-type]
    return counted / (step.every or 1)


def _of_body(step: Step, body: Body) -> float:
    """Operations of one call of a body."""
    constants = {} if callable(step.constants) else step.constants
    arguments: dict[str, _Value] = {}
    is_value = step.access in (Access.POINT, Access.REDUCE)
    for name in inspect.signature(body).parameters:
        arguments[name] = _Kind.NUMBER if is_value else _Kind.NUMBERS
    counter = _Counter(body, arguments | {"row": _Kind.WHOLE, "col": _Kind.WHOLE}, constants)
    result = counter.run()
    raised = (len(result) if isinstance(result, tuple) else 1) if step.access is Access.REDUCE else 0
    return counter.count + raised


def _between(step: Step) -> float:
    """Operations that find one value of a WARP between pixels, once its body has said where."""
    taps, _ = interpolation(step)
    # Rows and columns alike: the whole part is found, and taken away.
    return 2 * (_call(floored, (_Kind.NUMBER,))[0] + 1) + _call(taps, (_Kind.NUMBERS, _Kind.NUMBER, _Kind.NUMBER))[0]


@functools.cache
def _call(function: Body, arguments: tuple[_Value, ...]) -> tuple[float, _Value]:
    """Operations of one call of a function, and what it returns."""
    counter = _Counter(function, dict(zip(inspect.signature(function).parameters, arguments, strict=True)))
    result = counter.run()
    return counter.count, result


@functools.cache
def _tree(function: Body) -> tuple[ast.FunctionDef, Mapping[str, Any]]:
    """A function's syntax, and the names that it finds in its module."""
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node, {**vars(builtins), **inspect.getclosurevars(function).globals}


def _constant(value: Any) -> _Value:
    """What a body may know of one of its step's constants."""
    if isinstance(value, np.ndarray):
        return _Kind.WHOLES if value.dtype.kind in "iub" else _Kind.NUMBERS
    return int(value) if isinstance(value, (bool, int, np.integer)) else _Kind.NUMBER


def _is_number(value: _Value) -> bool:
    return value is _Kind.NUMBER or isinstance(value, float)


def _either(one: _Value, other: _Value) -> _Value:
    """What is known of a value that is one of two."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return tuple(_either(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, _Kind) and one is other:
        return one
    return _Kind.NUMBER if _is_number(one) or _is_number(other) else _Kind.WHOLE


class _Counter:
    """Goes through a function as a computer would, with kinds of values in the place of values."""

    def __init__(
        self, function: Body, arguments: Mapping[str, _Value], constants: Mapping[str, Any] | None = None
    ) -> None:
        self.node, self.scope = _tree(function)
        self.names = dict(arguments)
        self.constants = {name: _constant(value) for name, value in (constants or {}).items()}
        self.count = 0.0
        self.returned: _Value = None

    def run(self) -> _Value:
        """What the function returns."""
        self._do(self.node.body)
        return self.returned

    def _do(self, statements: list[ast.stmt]) -> None:
        for node in statements:
            match node:
                case ast.Assign(targets=[target], value=value):
                    self._keep(target, self._of(value))
                case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                    self.names[name] = self._operated(op, self.names[name], self._of(value))
                case ast.For(target=ast.Name(id=name), iter=ast.Call(args=bounds), body=body):
                    self.names[name] = _Kind.WHOLE
                    ends = [self._of(bound) for bound in bounds]
                    before = self.count
                    self._do(body)
                    times = len(range(*ends)) if all(isinstance(end, int) for end in ends) else 1
                    self.count = before + times * (self.count - before)
                case ast.If(test=test, body=body, orelse=other):
                    self._of(test)
                    self._do([*body, *other])
                case ast.Return(value=ast.expr() as value):
                    found = self._of(value)
                    self.returned = found if self.returned is None else _either(self.returned, found)
                case ast.Expr(value=ast.Constant()):
                    pass  # the docstring
                case _:
                    raise TypeError(f"{self.node.name}: {ast.unparse(node)!r} cannot be counted")

    def _keep(self, target: ast.expr, value: _Value) -> None:
        if isinstance(target, ast.Tuple):
            for part, own in zip(target.elts, value, strict=True):
                self._keep(part, own)
        else:
            assert isinstance(target, ast.Name)
            self.names[target.id] = value

    def _of(self, node: ast.expr) -> _Value:
        """What is known of an expression; its operations are counted."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.names[name] if name in self.names else self.scope[name]
            case ast.Attribute(value=ast.Name(id="k"), attr=name):
                return self.constants.get(name, _Kind.NUMBER)
            case ast.Attribute(value=base, attr=name):
                return getattr(self._of(base), name)
            case ast.Tuple(elts=parts):
                return tuple(self._of(part) for part in parts)
            case ast.Subscript(value=base, slice=place):
                whole, index = self._of(base), self._of(place)
                if isinstance(whole, tuple):
                    return whole[index]
                return _Kind.WHOLE if whole is _Kind.WHOLES else _Kind.NUMBER
            case ast.BinOp(left=left, op=op, right=right):
                return self._operated(op, self._of(left), self._of(right))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._of(operand)
                return _Kind.WHOLE
            case ast.UnaryOp(op=op, operand=operand):
                return self._operated(op, self._of(operand))
            case ast.BoolOp(values=parts):
                for part in parts:
                    self._of(part)
                return _Kind.WHOLE
            case ast.Compare(left=left, comparators=others):
                for pair in itertools.pairwise([self._of(part) for part in (left, *others)]):
                    self._did(*pair)
                return _Kind.WHOLE
            case ast.IfExp(test=test, body=body, orelse=other):
                self._of(test)
                return _either(self._of(body), self._of(other))
            case ast.Call(func=func, args=arguments):
                return self._called(self._of(func), [self._of(argument) for argument in arguments])
        raise TypeError(f"{self.node.name}: {ast.unparse(node)!r} cannot be counted")

    def _did(self, *values: _Value, times: int = 1) -> _Value:
        """The kind of what is made of values; counted where one is a float and not all are known."""
        if not any(map(_is_number, values)):
            return _Kind.WHOLE
        if not all(isinstance(value, _KNOWN) for value in values):
            self.count += times
        return _Kind.NUMBER

    def _operated(self, op: ast.AST, *values: _Value) -> _Value:
        if all(isinstance(value, _KNOWN) for value in values) and type(op) in _OPERATORS:
            return _OPERATORS[type(op)](*values)
        if isinstance(op, ast.Div):
            values = (*values, _Kind.NUMBER)
        return self._did(*values)

    def _called(self, function: _Value, values: list[_Value]) -> _Value:
        if function is _Kind.NUMBERS:
            return _Kind.NUMBER
        if function in (int, bool):
            return function(values[0]) if isinstance(values[0], _KNOWN) else _Kind.WHOLE
        if function in (float, np.float32):
            return float(values[0]) if isinstance(values[0], _KNOWN) else _Kind.NUMBER
        if function is fma:
            return self._did(*values, times=2)
        if function in (min, max, abs):
            return self._did(*values, times=max(1, len(values) - 1))
        if isinstance(function, types.FunctionType):
            count, result = _call(function, tuple(values))
            self.count += count
            return result
        if getattr(math, getattr(function, "__name__", ""), None) is function:
            return self._did(*values, _Kind.NUMBER)
        raise TypeError(f"{self.node.name}: a call of {function!r} cannot be counted")
