"""The reference schedule: step after step over whole planes, the bodies run as the plain Python they are.

Slow, and the definition: what every other schedule makes of a chain is compared with this.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass
from tenbit.kernels._resample import floored, held, interpolation
from tenbit.kernels._source import mirror
from tenbit.kernels._stage import ANYWHERE, Access, Constants, PerPlane, PerSite, Step


def _at_site(constants: Constants, site: int) -> SimpleNamespace:
    """The constants as a body sees them at one site or plane: float32 scalars, whole numbers and arrays."""
    here: dict[str, object] = {}
    for name, value in constants.items():
        if isinstance(value, (PerSite, PerPlane)):
            here[name] = np.float32(value[site])
        elif isinstance(value, np.ndarray):
            here[name] = value if value.dtype.kind in "iub" else value.astype(np.float32)
        elif isinstance(value, (bool, int, np.integer)):
            here[name] = int(value)
        else:
            here[name] = np.float32(value)
    return SimpleNamespace(**here)


def _interpolated(step: Step, plane: Array, row: int, col: int, d_row: Any, d_col: Any) -> Any:
    """A WARP's plane so far from a pixel; outside, the outermost pixels are repeated."""
    rows, cols = plane.shape
    down, right = floored(d_row), floored(d_col)

    def seen(dr: int, dc: int) -> Any:
        return plane[held(row + down + dr, rows), held(col + right + dc, cols)]

    between, _ = interpolation(step)
    return between(seen, d_row - np.float32(down), d_col - np.float32(right))


def run_step(step: Step, planes: dict[str, Array], constants: Constants, period: int) -> Array | None:
    """Do one step in place of ``planes`` (name to a (rows, cols) array); returns the counters of a REDUCE.

    ``period`` is that of the CFA when the step reads a mosaic, else 1.
    """
    ins = [planes[name].astype(np.float32) for name in step.reads]
    shape = step.shape or ins[0].shape
    rows, cols = ins[0].shape
    outs = [np.empty(shape, np.float32) for _ in step.writes]
    counters = np.zeros(step.counters, np.int64)
    bodies = step.body if isinstance(step.body, tuple) else (step.body,) * period**2
    wanted = [[a for a in inspect.signature(body).parameters if a in ("k", "row", "col")] for body in bodies]
    looks_anywhere = step.access in ANYWHERE or step.access is Access.CELLS
    spaces = [_at_site(constants, s) for s in range(len(ins) if looks_anywhere else period**2)]
    with np.errstate(all="ignore"):
        for row in range(0, shape[0], step.every or 1):
            for col in range(shape[1]):
                site = 0 if looks_anywhere else (row % period) * period + col % period
                known = {"k": spaces[site], "row": row, "col": col}
                rest = [known[name] for name in wanted[site]]
                if looks_anywhere:
                    for n, plane in enumerate(ins):
                        own = [spaces[n] if r is spaces[site] else r for r in rest]
                        if step.access is Access.WARP:
                            outs[n][row, col] = _interpolated(step, plane, row, col, *bodies[0](*own))
                        else:
                            outs[n][row, col] = bodies[0](plane, *own)
                    continue
                if step.access is Access.STENCIL:
                    seen = [
                        lambda dr, dc, p=plane: p[mirror(row + dr, rows, period), mirror(col + dc, cols, period)]  # noqa: B023
                        for plane in ins
                    ]
                else:
                    seen = [plane[row, col] for plane in ins]
                value = bodies[site](*seen, *rest)
                values = value if isinstance(value, tuple) else (value,)
                if step.access is Access.REDUCE:
                    for index in values:
                        if 0 <= index < step.counters:
                            counters[index] += 1
                else:
                    for n, v in enumerate(values):
                        outs[n][row, col] = v
    if step.access is Access.REDUCE:
        return counters
    planes |= dict(zip(step.writes, outs, strict=True))
    return None


def run_passes(passes: Iterable[Pass], planes: dict[str, Array]) -> dict[str, Any]:
    """Do the steps of some passes in place of ``planes``; returns the results of each REDUCE, by name."""
    results: dict[str, Any] = {}
    for work in passes:
        for step in work.steps:
            counters = run_step(step, planes, step.resolved(results), work.period)
            if counters is not None:
                results[step.writes[0]] = step.summary(counters) if step.summary else counters
    return results
