"""What is compiled: the shipped chains and enough variants of them that every body of every stage is in some kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import numpy as np

from tenbit.kernels import _cuda, stage
from tenbit.kernels._bound import Bound
from tenbit.kernels._compile import label
from tenbit.kernels._facts import Cfa, Facts
from tenbit.kernels._resample import between
from tenbit.kernels._stage import Access, Constants, Packing, Pass
from tenbit.pipeline.config import load, nominal, shipped_chains
from tenbit.pipeline.plan import plan

# A 10-bit phone's frame; then held upright, with a rectangle that its maker wants shown.
FLAT = nominal()[0]
BAYER = dataclasses.replace(FLAT, orientation=6, crop=(8, 16, 3056, 4064))
QUAD = dataclasses.replace(BAYER, cfa=Cfa("QRGGB"), black=(64.0,) * 16, white=(1023.0,) * 16)
PLANAR = dataclasses.replace(BAYER, state="linear", cfa=None, black=(64.0,) * 3, white=(1023.0,) * 3)
SHOWN = dataclasses.replace(FLAT, state="display", cfa=None, space="srgb", black=(0.0,) * 3, white=(1.0,) * 3)
_DELTAS = {"black_rows": np.ones(BAYER.rows), "black_cols": np.ones(BAYER.cols)}

LENS = (
    "lens.distortion=[-0.06, 0.01, 0]",
    "lens.red_scale=1.0008",
    "lens.blue_scale=0.9992",
    "lens.vignetting=[-0.3, 0, 0]",
)
BINNED_FIRST = ["quad_bayer", "black_level", "white_balance", "demosaic"]
METHODS = get_args(get_type_hints(stage("demosaic").parameters)["method"])


@dataclass(frozen=True)
class Case:
    """One chain on one frame.

    Parameters
    ----------
    name : str
    chain : str or list
        As `load` takes it.
    overrides : tuple of str
    facts : Facts
    dtype : str
        Of the samples as read, where they are not packed.
    packing : Packing or None
    bits : int or None
    """

    name: str
    chain: Any
    overrides: tuple[str, ...] = ()
    facts: Facts = BAYER
    dtype: str = "uint16"
    packing: Packing | None = None
    bits: int | None = 8


CASES = (
    *(Case(name, name, facts=FLAT) for name in shipped_chains()),
    *(Case(f"{name}, 16 bits", name, facts=FLAT, bits=16) for name in shipped_chains()),
    *(Case(f"{name}, upright and cropped", name) for name in shipped_chains()),
    *(Case(f"{name}, {p}", name, facts=FLAT, packing=p) for p in get_args(Packing) for name in shipped_chains()),
    *(Case(f"{name}, quad-Bayer", name, facts=QUAD) for name in shipped_chains()),
    *(Case(f"{name}, {m}", name, (f"demosaic.method={m}",), FLAT) for m in METHODS for name in shipped_chains()),
    Case("standard, lens, rec2020", "standard", (*LENS, "colour.space=rec2020"), bits=16),
    Case(
        "standard, lens, display-p3, float", "standard", (*LENS, "colour.space=display-p3"), dtype="float32", bits=None
    ),
    Case("standard, rec2020-linear", "standard", ("colour.space=rec2020-linear", "tone.curve=linear"), dtype="float32"),
    Case("standard, uint8", "standard", dtype="uint8"),
    Case("standard, grey world", "standard", ("white_balance.mode=grey_world", *LENS)),
    Case("monitor, lens", "monitor", (*LENS, "zebra.source=max", "histogram.scale=log"), bits=16),
    Case(
        "monitor without paint",
        "monitor",
        ("peaking.opacity=0", "zebra.opacity=0", "histogram.overlay=false"),
        dtype="float32",
        bits=None,
    ),
    Case("black level by row", "fast", ("white_balance.highlights=keep",), dataclasses.replace(BAYER, **_DELTAS)),
    Case("resized light", ["black_level", "demosaic", {"resize": {"scale": 0.5}}, "crop", "orient"], bits=None),
    Case(
        "resized picture", ["black_level", "demosaic", "colour", "tone", {"resize": {"long_edge_px": 2048}}, "orient"]
    ),
    Case("unpacked", BINNED_FIRST, facts=QUAD, packing="raw12", bits=None),
    Case("mosaic", ["black_level", "white_balance", {"exposure": {"ev": 1}}], bits=16),
    Case("planes", ["black_level", "white_balance", {"exposure": {"ev": 1}}, "colour", "tone"], facts=PLANAR),
    Case(
        "planes, grey world",
        ["black_level", {"white_balance": {"mode": "grey_world", "highlights": "keep"}}, "colour", "tone"],
        facts=dataclasses.replace(PLANAR, **_DELTAS),
        dtype="float32",
        bits=16,
    ),
    Case("planes, lens first", [{"lens": {"distortion": [-0.06, 0.01, 0]}}], facts=PLANAR, bits=None),
    Case("code values", ["peaking", "zebra", "histogram"], facts=SHOWN, dtype="uint8"),
)


@dataclass(frozen=True)
class Kernel:
    """One generated module.

    Parameters
    ----------
    name : str
        The first case that has it, its steps, and how it reads and writes.
    text : str
        Source; its ``kernel`` takes ``arguments``.
    arguments : tuple of (str, int)
        dtype and number of dimensions of each argument, all C-ordered arrays.
    threads : int
        Of a block, as it is launched.
    bodies : tuple of str
        ``module.function`` of every body in it.
    """

    name: str
    text: str
    arguments: tuple[tuple[str, int], ...]
    threads: int
    bodies: tuple[str, ...]


def kernels() -> Iterator[Kernel]:
    """Every kernel of every case, each once."""
    seen = set()
    for case in CASES:
        for kernel in _of(case):
            if (kernel.text, kernel.arguments) not in seen:
                seen.add((kernel.text, kernel.arguments))
                yield kernel


def _of(case: Case) -> Iterator[Kernel]:
    chain = load(case.chain, overrides=case.overrides, is_order_checked=False)
    arrays: dict[str, tuple[str, int]] = {}
    came = "uint8" if case.packing else case.dtype
    results: dict[str, Any] = {}
    came_bits = {"uint8": 8, "uint16": 16}.get(case.dtype)
    for work in plan(chain.links, case.facts, bits=case.bits, packing=case.packing, came_bits=came_bits).cuda_passes:
        for name in work.ins:
            arrays.setdefault(name, (came, 3 if name == "rgb" else 2))
        constants = [step.resolved(results) for step in work.steps]
        bound = Bound.of(constants)
        bodies = [body for step in work.steps for body in (step.body if isinstance(step.body, tuple) else (step.body,))]
        # What interpolates stands in the kernel as if it were a body.
        bodies += [between] * any(step.access is Access.WARP for step in work.steps)
        written = work.outs[0].dtype if work.outs else "counters"
        yield Kernel(
            f"{case.name}: {label(work)} ({arrays[work.ins[0]][0]} to {written})",
            _cuda.source(work, bound),
            argument_types(work, bound, constants, arrays),
            _cuda.BLOCK[0] * _cuda.BLOCK[1],
            tuple(dict.fromkeys(f"{body.__module__}.{body.__name__}" for body in bodies)),
        )
        for tally in work.tallies:
            # One of everything: a result that the constants of later steps can be made from.
            counters = np.ones(tally.counters, np.int64)
            results[tally.writes[0]] = tally.summary(counters) if tally.summary else counters
        arrays |= {slot.name: (slot.dtype, len(slot.shape)) for slot in work.outs}


def argument_types(
    work: Pass, bound: Bound, constants: list[Constants], arrays: dict[str, tuple[str, int]]
) -> tuple[tuple[str, int], ...]:
    """dtype and dimensions of each argument of a pass's kernel, as `CudaPass` hands them over.

    Parameters
    ----------
    arrays : dict
        Name to the dtype and the dimensions of what is there before the pass.
    """
    kf, ki, tables = bound.packed(constants)
    return (
        *((str(table.dtype), table.ndim) for table in (kf, ki)),
        *(arrays[name] for name in work.ins),
        *((str(table.dtype), table.ndim) for table in tables),
        *((slot.dtype, len(slot.shape)) for slot in work.outs),
        *(("int32", 1) for _ in work.tallies),
    )
