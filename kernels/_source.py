"""Bodies as source text: their reads, constants and names rewritten for one place in a loop.

A body's statements are pasted into the loop with their names made unique; its reads become array accesses, its
constants become scalars loaded before the loop, its literals float32. So the arithmetic exists once, and the targets
(`_cpu`, `_cuda`) differ only in the loops around it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._bound import Bound
from tenbit.kernels._resample import floored, held, interpolation
from tenbit.kernels._stage import Body, Step

Read = Callable[[int, int], str]
# MIPI packings: samples of a group, whose high bytes are followed by one byte with so many low bits of each.
PACKINGS = {"raw10": (4, 2), "raw12": (2, 4)}


def mirror(index: int, count: int, period: int) -> int:
    """An index inside 0 … count - 1 that stands for one outside: mirrored about the outermost pixel, in CFA phase.

    A mirror about a pixel keeps a Bayer phase (period 2). It does not keep a quad-Bayer phase (period 4): there the
    frame is continued by whole periods.
    """
    if period > 2:
        while index < 0:
            index += period
        while index >= count:
            index -= period
        return index
    while count > 1 and (index < 0 or index >= count):
        index = -index if index < 0 else 2 * (count - 1) - index
    return index if count > 1 else 0


@functools.cache
def _parsed(body: Body) -> ast.FunctionDef:
    node = ast.parse(textwrap.dedent(inspect.getsource(body))).body[0]
    if not isinstance(node, ast.FunctionDef):
        raise TypeError(f"a body is a plain function, not {body!r}")
    if node.body and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
        node.body = node.body[1:]
    returns = [n for n in ast.walk(node) if isinstance(n, ast.Return)]
    if len(returns) != 1 or node.body[-1] is not returns[0] or returns[0].value is None:
        raise TypeError(f"body {body.__name__}: needs exactly one return, at its end")
    return node


class _Literals(ast.NodeTransformer):
    """Float literals and float globals become float32; called functions of ``kernels`` are collected."""

    def __init__(self, scope: Mapping[str, object], helpers: dict[str, Body]) -> None:
        self.scope, self.helpers = scope, helpers

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return _expression(f"f32({node.value!r})") if isinstance(node.value, float) else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == "int":
            # Half as many lanes hold whole numbers of 64 bits.
            return _expression("int32")
        value = self.scope.get(node.id)
        if isinstance(value, (float, np.floating)):
            return _expression(f"f32({float(value)!r})")
        if isinstance(value, (int, np.integer)):
            return _expression(repr(int(value)))
        if value is fma:
            # Each target's header has it under this name.
            return node
        if isinstance(value, types.FunctionType):
            name = called(value)
            if self.helpers.setdefault(name, value) is not value:
                raise TypeError(f"two functions called {name} in one pass: {value.__module__} and another")
            return ast.copy_location(ast.Name(name, node.ctx), node)
        return node


class _Paste(_Literals):
    """One body's reads, constants and names rewritten for one place in a loop."""

    def __init__(
        self,
        scope: Mapping[str, object],
        helpers: dict[str, Body],
        *,
        reads: Mapping[str, Read],
        names: Mapping[str, str],
        constant: Callable[[str], str],
    ) -> None:
        super().__init__(scope, helpers)
        self.reads, self.names, self.constant = reads, names, constant

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in self.reads:
            d_row, d_col = (ast.literal_eval(argument) for argument in node.args)
            return _expression(self.reads[node.func.id](d_row, d_col))
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "k":
            return _expression(self.constant(node.attr))
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.names:
            return ast.copy_location(ast.Name(self.names[node.id], node.ctx), node)
        return super().visit_Name(node)


def called(function: Body) -> str:
    """What a function of ``kernels`` is called in generated text: two stages may each have one of the same name."""
    return f"{function.__module__.rpartition('.')[2].lstrip('_')}_{function.__name__}"


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@dataclass
class Writer:
    """Collects the lines and the called functions of one pass."""

    bound: Bound
    steps: tuple[Step, ...]
    helpers: dict[str, Body] = field(default_factory=dict)
    _count: int = 0

    def paste(
        self,
        step: Step,
        *,
        values: Mapping[str, str],
        reads: Mapping[str, Read] | None = None,
        site: str = "0",
        row: str = "row",
        col: str = "col",
        body: Body | None = None,
    ) -> tuple[list[str], list[str]]:
        """Lines that do one body at one place, and the names of the variables that hold what it returns.

        Parameters
        ----------
        values : mapping
            Plane to the variable that holds its value here (or, for a GATHER, to the array).
        reads : mapping, optional
            Plane to the text of a relative read, for a STENCIL.
        site : str
            Number of the CFA site or plane, or the name of a variable that holds it.
        body : Body, optional
            That of several sites, where the number is not known.
        """
        index = self.steps.index(step)
        if body is None:
            body = step.body[int(site)] if isinstance(step.body, tuple) else step.body
        arguments = [argument.arg for argument in _parsed(body).args.args]
        planes = len(arguments) - len([a for a in arguments if a in ("k", "row", "col")])
        known = dict(zip(arguments[:planes], step.reads, strict=False))
        return self.paste_body(
            body,
            reads={} if reads is None else {a: reads[plane] for a, plane in known.items()},
            names={"row": row, "col": col} | ({} if reads else {a: values[plane] for a, plane in known.items()}),
            constant=lambda name: self.bound.expression(index, name, site),
        )

    def paste_body(
        self,
        body: Body,
        *,
        reads: Mapping[str, Read],
        names: Mapping[str, str],
        constant: Callable[[str], str] = str,
    ) -> tuple[list[str], list[str]]:
        """`paste` of a function: its arguments are relative reads, or stand for the text of ``names``."""
        node = _parsed(body)
        self._count += 1
        stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        here = {**names, **{name: f"{name}_{self._count}" for name in stored}}
        scope = inspect.getclosurevars(body).globals
        paste = _Paste(scope, self.helpers, reads=reads, names=here, constant=constant)
        tree = paste.visit(ast.parse(ast.unparse(node)).body[0])
        lines = [line for statement in tree.body[:-1] for line in ast.unparse(statement).splitlines()]
        value = tree.body[-1].value
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        # No name of a body's own, which end in an underscore and the count, is like these.
        out = [f"v{self._count}of{i}" for i in range(len(parts))]
        lines += [f"{name} = {ast.unparse(part)}" for name, part in zip(out, parts, strict=True)]
        return lines, out

    def values(self, body: Body) -> int:
        """How many values a body returns."""
        (last,) = _parsed(body).body[-1:]
        assert isinstance(last, ast.Return)
        return len(last.value.elts) if isinstance(last.value, ast.Tuple) else 1

    def helper_source(self, decorator: str) -> list[str]:
        """Source of every function that the bodies call, callees first."""
        lines: list[str] = []
        written: set[str] = set()
        done: dict[str, Body] = {}

        def emit(name: str, function: Body) -> None:
            if done.setdefault(name, function) is not function:
                raise TypeError(f"two functions called {name} in one pass: {function.__module__} and another")
            if name in written:
                return
            written.add(name)
            callees: dict[str, Body] = {}
            node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
            assert isinstance(node, ast.FunctionDef)
            if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
                node.body = node.body[1:]
            node.returns = None
            for argument in node.args.args:
                argument.annotation = None
            node = _Literals(inspect.getclosurevars(function).globals, callees).visit(node)
            node.name = name
            for other, callee in callees.items():
                emit(other, callee)
            lines.extend([decorator, *ast.unparse(node).splitlines(), ""])

        for name, function in self.helpers.items():
            emit(name, function)
        return lines


def names_in(lines: Iterable[str]) -> set[str]:
    """Every name in some lines of source."""
    return set(re.findall(r"\b[A-Za-z_]\w*", "\n".join(lines)))


def needed(assignments: list[str], lines: list[str]) -> list[str]:
    """Those of some assignments whose names the lines behind them have; what nobody looks at takes time to compile."""
    there = names_in(lines)
    return [line for line in assignments if names_in([line.partition(" = ")[0]]) & there]


def indented(lines: list[str], depth: int) -> list[str]:
    return ["    " * depth + line for line in lines]


def stored(name: str, dtype: str) -> str:
    """A value as it is stored."""
    return name if dtype == "float32" else f"{dtype}({name})"


def gathered(
    writer: Writer, core: Step, planes: Mapping[str, str], *, row: str = "row"
) -> tuple[list[str], dict[str, str]]:
    """Lines of a GATHER at ``row, col``, the body once per plane, and the variable that holds each plane's value."""
    lines: list[str] = []
    values: dict[str, str] = {}
    for n, (plane, target) in enumerate(zip(core.reads, core.writes, strict=True)):
        more, out = writer.paste(core, values={core.reads[0]: planes[plane]}, site=str(n), row=row)
        lines += more
        values[target] = out[0]
    return lines, values


def source_of(writer: Writer, core: Step, number: int, *, row: str = "row") -> list[str]:
    """Lines that find where a WARP's plane is read for ``row, col``: ``far_row``, ``far_col`` and the parts beyond."""
    lines, (d_row, d_col) = writer.paste(core, values={}, reads={}, site=str(number), row=row)
    writer.helpers[called(floored)] = floored
    floor = called(floored)
    lines += [f"far_row, far_col = {floor}({d_row}), {floor}({d_col})"]
    return [*lines, f"part_row, part_col = {d_row} - f32(far_row), {d_col} - f32(far_col)"]


def interpolated(writer: Writer, core: Step, plane: str) -> tuple[list[str], str]:
    """Lines that read a WARP's plane between pixels of the array ``plane``, and the variable that holds the value.

    Beyond its edges the outermost pixels are repeated.
    """
    hold = called(held)
    writer.helpers[hold] = held

    def read(d_row: int, d_col: int) -> str:
        row, col = f"row + far_row + {d_row}", f"col + far_col + {d_col}"
        return f"f32({plane}[{hold}({row}, {plane}.shape[0]), {hold}({col}, {plane}.shape[1])])"

    names = {"down": "part_row", "right": "part_col"}
    between, _ = interpolation(core)
    lines, (value,) = writer.paste_body(between, reads={"plane": read}, names=names)
    return lines, value
