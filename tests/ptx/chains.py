"""What is compiled: the shipped chains and enough variants of them that every body of every stage is in some kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import numpy as np

from tenbit.kernels import _cuda, stage
from tenbit.kernels._bound import Bound
from tenbit.kernels._ceiling import multiply_add
from tenbit.kernels._facts import Cfa, Facts, Opcode
from tenbit.kernels._optics import Flat, Law, Optics, Origin, Warp
from tenbit.kernels._pass import Packing, Pass, label
from tenbit.kernels._resample import interpolation
from tenbit.kernels._shared import blocks_of
from tenbit.kernels._stage import Access, Constants
from tenbit.pipeline.config import load, nominal, shipped_chains
from tenbit.pipeline.plan import plan

# A 10-bit phone's frame; then held upright, with a rectangle that its maker wants shown.
FLAT = nominal()[0]
BAYER = dataclasses.replace(FLAT, orientation=6, crop=(8, 16, 3056, 4064))
UNCOVERED = dataclasses.replace(BAYER, masked_black=None, masked_rows=None)
QUAD = dataclasses.replace(UNCOVERED, cfa=Cfa("QRGGB"), black=(64.0,) * 16, white=(1023.0,) * 16)
PLANAR = dataclasses.replace(UNCOVERED, state="linear", cfa=None, black=(64.0,) * 3, white=(1023.0,) * 3)
SHOWN = dataclasses.replace(FLAT, state="display", cfa=None, space="srgb", black=(0.0,) * 3, white=(1.0,) * 3)
_DELTAS = {"black_rows": np.ones(BAYER.rows), "black_cols": np.ones(BAYER.cols)}

LENS = (
    "lens.distortion=[-0.06, 0.01, 0]",
    "lens.red_scale=1.0008",
    "lens.blue_scale=0.9992",
)
# Of even powers, and with odd ones; each known up to a radius inside of the picture.
_LAWS = (Law("fisheye", (-0.05, 0.01), 35.0), Law("ptlens", (0.02, -0.05, 0.04), 12.0))
EVEN, ODD = (
    dataclasses.replace(FLAT, pixel_mm=36 / 4096, optics=Optics(warp=Warp((law,), Origin("made up", "P1", 20.0))))
    for law in _LAWS
)
MALVAR = {"demosaic": {"method": "malvar"}}
LIGHT = ["black_level", {"white_balance": {"highlights": "keep"}}]
PICTURE = [*LIGHT, MALVAR, "lens", "colour", "tone", "crop", "orient"]
ORDER_OF_CORRECTIONS = ["linearise", {"defect_pixels": {"detect": True}}, "black_level", "file_corrections"]
RAW_MONITORS = ["histogram", {"zebra": {"floor": True}}, "exposure_advice"]
SCOPES = ["histogram", {"waveform": {"channels": "rgb"}}, {"parade": {"channels": "yrgb"}}, "vectorscope"]
PEAKING = (("gradient", 0.0), ("contrast", 0.0), ("sharpness", 0.01), ("contrast", 0.01))
BINNED_FIRST = ["quad_bayer", "black_level", "white_balance", MALVAR]
METHODS = get_args(get_type_hints(stage("demosaic").parameters)["method"])
QUAD_METHODS = get_args(get_type_hints(stage("quad_bayer").parameters)["method"])
# Chains whose kernels are small: of them every way in and out.
SMALL = ("fast", "monitor")


def _opcodes(number: int, facts: Facts) -> tuple[Opcode, ...]:
    """One opcode of each kind, as a file may hold them."""
    names = ("Top", "Left", "Bottom", "Right", "Plane", "Planes", "RowPitch", "ColPitch")
    where = dict(zip(names, (0, 0, facts.rows, facts.cols, 0, facts.planes, 1, 1), strict=True))
    grid = {"MapSpacingV": 1.0, "MapSpacingH": 1.0, "MapOriginV": 0.0, "MapOriginH": 0.0, "MapPlanes": 1}
    site, nowhere = np.array([[2, 3]]), np.zeros((0, 4), int)
    pointwise = (
        Opcode(number, "MapTable", where | {"Table": np.arange(9, dtype=np.uint16)}),
        Opcode(number, "MapPolynomial", where | {"Coefficients": (0.0, 0.9, 0.1)}),
        Opcode(number, "MapPolynomial", where | {"Coefficients": (0.0, 0.9, 0.0, 0.0, 0.1)}),
        Opcode(number, "DeltaPerRow", where | {"Values": np.ones(facts.rows, np.float32)}),
        Opcode(number, "ScalePerColumn", where | {"Values": np.full(facts.cols, 2.0, np.float32)}),
        Opcode(number, "GainMap", where | grid | {"Gains": np.full((2, 2, 1), 1.5, np.float32)}),
    )
    if number == 2:
        return pointwise
    return (
        *pointwise,
        Opcode(1, "FixBadPixelsConstant", {"Constant": 0, "BayerPhase": 0}),
        Opcode(1, "FixBadPixelsList", {"BayerPhase": 0, "Points": site, "Rectangles": nowhere}),
        Opcode(1, "TrimBounds", {"Top": 4, "Left": 4, "Bottom": facts.rows, "Right": facts.cols}),
    )


def _with_opcodes(facts: Facts) -> Facts:
    """Facts of a file that holds opcodes of both lists, and whose maker knows defective sites."""
    opcodes = (*_opcodes(1, facts), *_opcodes(2, facts))
    # Of three planes each has steps of its own.
    opcodes = opcodes if facts.cfa else (*opcodes[1:6:4], opcodes[8], opcodes[10])
    return dataclasses.replace(facts, opcodes=opcodes, defects=np.array([[8, 9]]))


def _shaded(facts: Facts) -> Facts:
    """Facts of a frame for whose lens there is a map of gains."""
    size = {"height_mm": facts.rows / 1000, "width_mm": facts.cols / 1000}
    flat = Flat(np.full((4, 3, 4), 1.5, np.float32), "RGGB", origin=Origin("made up"), **size)
    return dataclasses.replace(facts, pixel_mm=0.001, optics=Optics(flat=flat))


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
    *(Case(f"{name}, 16 bits", name, facts=FLAT, bits=16) for name in SMALL),
    *(Case(f"{name}, upright and cropped", name) for name in SMALL),
    *(Case(f"{name}, {p}", name, facts=FLAT, packing=p) for p in get_args(Packing) for name in SMALL),
    *(Case(f"{name}, quad-Bayer", name, facts=QUAD) for name in ("fast", "quality", "quad-full")),
    *(Case(m, [*LIGHT, {"demosaic": {"method": m}}], facts=FLAT, bits=None) for m in METHODS),
    Case("adaptive, samples", [{"demosaic": {"method": "adaptive", "encode": "none"}}], facts=FLAT, bits=None),
    *(Case(f"quad_bayer {m}", [*LIGHT, {"quad_bayer": {"method": m}}], facts=QUAD, bits=None) for m in QUAD_METHODS),
    Case(
        "quad_bayer auto, samples",
        [*LIGHT, {"quad_bayer": {"method": "auto", "encode": "none"}}],
        facts=QUAD,
        bits=None,
    ),
    Case(
        "quad_bayer remosaic, unbalanced", ["black_level", {"quad_bayer": {"method": "remosaic"}}], facts=QUAD, bits=16
    ),
    *(
        Case(f"highlights {m}, {kind}", [*LIGHT, {"highlights": {"method": m}}], facts=facts, bits=None)
        for m in get_args(get_type_hints(stage("highlights").parameters)["method"])
        for kind, facts in (("Bayer", FLAT), ("quad-Bayer", QUAD), ("planes", PLANAR))
    ),
    *(
        Case(f"opcodes and defects, {kind}", ORDER_OF_CORRECTIONS, facts=_with_opcodes(facts), bits=None)
        for kind, facts in (("Bayer", BAYER), ("quad-Bayer", QUAD))
    ),
    Case("opcodes, planes", ["linearise", "black_level", "file_corrections"], facts=_with_opcodes(PLANAR), bits=None),
    Case("lateral colour, planes", ["black_level", "lateral_colour", "lens"], facts=PLANAR, bits=None),
    Case("denoise and sharpen, planes", [*LIGHT, {"denoise": {"chroma": 0.5}}, "sharpen"], facts=PLANAR, bits=None),
    Case("lens of even powers", PICTURE, facts=EVEN, bits=16),
    Case("lens of odd powers", PICTURE, facts=ODD, bits=16),
    Case("lens, lanczos3", PICTURE, (*LENS, "lens.resample=lanczos3"), bits=16),
    Case("lens, rings", PICTURE, (*LENS, "lens.anti_ringing=false"), bits=16),
    Case("lens, lanczos3, rings", PICTURE, (*LENS, "lens.resample=lanczos3", "lens.anti_ringing=false"), bits=16),
    *(
        Case(
            f"vignetting{of}, {kind}",
            ["black_level", {"vignetting": {"k": [-0.5, 0, 0], **more}}],
            (),
            facts,
            bits=None,
        )
        for of, more in (("", {}), (" by half", {"strength": 0.5}))
        for kind, facts in (("Bayer", FLAT), ("quad-Bayer", QUAD), ("planes", PLANAR))
    ),
    *(
        Case(f"flat field and vignetting, {kind}", ["black_level", "flat_field", "vignetting"], (), facts, bits=None)
        for kind, facts in (("Bayer", _shaded(FLAT)), ("quad-Bayer", _shaded(QUAD)))
    ),
    Case("lens, rec2020", PICTURE, (*LENS, "colour.space=rec2020"), bits=16),
    Case("lens, display-p3, float", PICTURE, (*LENS, "colour.space=display-p3"), dtype="float32", bits=None),
    Case("rec2020-linear", PICTURE, ("colour.space=rec2020-linear", "tone.curve=linear"), dtype="float32"),
    Case("uint8", "fast", dtype="uint8"),
    Case("grey world", PICTURE, ("white_balance.mode=grey_world", *LENS)),
    Case("monitor, lens", "monitor", (*LENS, "zebra.source=max"), bits=16),
    Case("monitor, floats", "monitor", dtype="float32", bits=None),
    *(
        Case(f"raw monitors, {kind}", RAW_MONITORS, facts=facts, bits=None)
        for kind, facts in (("Bayer", FLAT), ("quad-Bayer", QUAD))
    ),
    Case(
        "raw zebra, known noise",
        [{"zebra": {"floor": True}}],
        facts=dataclasses.replace(FLAT, noise=((1e-4, 1e-6),)),
        bits=None,
    ),
    Case("raw monitors of light", ["black_level", *RAW_MONITORS], facts=FLAT, bits=None),
    Case("light in false colour", ["black_level", MALVAR, "colour", {"false_colour": {"scale": "stops"}}, "tone"]),
    Case(
        "light in bands of one's own",
        ["black_level", MALVAR, "colour", {"false_colour": {"scale": "custom", "custom": [[-1, 1, "red"]]}}, "tone"],
    ),
    Case("edges only", [{"peaking": {"draw": "edges_only"}}], facts=SHOWN, dtype="uint8"),
    *(Case(f"peaking {m}", [{"peaking": {"mode": m, "share": s}}], facts=SHOWN, dtype="uint8") for m, s in PEAKING),
    *(
        Case(f"false colour {scale}", [{"false_colour": {"scale": scale, **more}}], facts=SHOWN, dtype="uint8")
        for scale, more in (("arri", {}), ("red", {"source": "max"}), ("custom", {"custom": [[0, 10, "red"]]}))
    ),
    Case("scopes of codes", SCOPES, facts=SHOWN, dtype="uint16", bits=16),
    Case("black level by row", "fast", ("white_balance.highlights=keep",), dataclasses.replace(BAYER, **_DELTAS)),
    Case("resized light", ["black_level", MALVAR, {"resize": {"scale": 0.5}}, "crop", "orient"], bits=None),
    Case("resized picture", ["black_level", MALVAR, "colour", "tone", {"resize": {"long_edge_px": 2048}}, "orient"]),
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
    Case("code values", ["zebra", "peaking", "histogram"], facts=SHOWN, dtype="uint8"),
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
    period : int
        Of the CFA that it meets, 1 for planes.
    bodies : tuple of str
        ``module.function`` of every body in it.
    stages : tuple of str
        Whose steps are in it.
    """

    name: str
    text: str
    arguments: tuple[tuple[str, int], ...]
    threads: int
    period: int
    bodies: tuple[str, ...]
    stages: tuple[str, ...]


def kernels() -> list[Kernel]:
    """Every kernel of every case, each once: two stages may have the same text, which is then of both.

    The last is no stage's: what measures how fast a card multiplies and adds.
    """
    found: dict[tuple[str, object], Kernel] = {}
    limit = _kernel("limits", multiply_add(64, 64), {"mosaic": ("float32", 2)}, {})
    for kernel in (*(kernel for case in CASES for kernel in _of(case)), limit):
        first = found.setdefault((kernel.text, kernel.arguments), kernel)
        bodies = tuple(dict.fromkeys((*first.bodies, *kernel.bodies)))
        stages = tuple(dict.fromkeys((*first.stages, *kernel.stages)))
        found[kernel.text, kernel.arguments] = dataclasses.replace(first, bodies=bodies, stages=stages)
    return list(found.values())


def _of(case: Case) -> Iterator[Kernel]:
    chain = load(case.chain, overrides=case.overrides, is_order_checked=False)
    arrays: dict[str, tuple[str, int]] = {}
    came = "uint8" if case.packing else case.dtype
    results: dict[str, Any] = {}
    came_bits = {"uint8": 8, "uint16": 16}.get(case.dtype)
    what = plan(chain.links, case.facts, bits=case.bits, packing=case.packing, came_bits=came_bits)
    # Paint is laid on by the CPU, from bodies that a card could run.
    for work in (*what.cuda_passes, *what.paint_passes):
        for name in work.ins:
            arrays.setdefault(name, (came, 3 if name == "rgb" else 2))
        yield _kernel(case.name, work, arrays, results)
        for tally in work.tallies:
            # One of everything: a result that the constants of later steps can be made from.
            counters = np.ones(tally.counters, np.int64)
            results[tally.writes[0]] = tally.summary(counters) if tally.summary else counters
        arrays |= {slot.name: (slot.dtype, len(slot.shape)) for slot in work.outs}


def _kernel(name: str, work: Pass, arrays: dict[str, tuple[str, int]], results: dict[str, Any]) -> Kernel:
    """The kernel of one pass, by what is there before it."""
    constants = [step.resolved(results) for step in work.steps]
    bound = Bound.of(constants)
    bodies = [body for step in work.steps for body in (step.body if isinstance(step.body, tuple) else (step.body,))]
    # What interpolates stands in the kernel as if it were a body.
    bodies += [interpolation(step)[0] for step in work.steps if step.access is Access.WARP]
    written = work.outs[0].dtype if work.outs else "counters"
    return Kernel(
        f"{name}: {label(work)} ({arrays[work.ins[0]][0]} to {written})",
        _cuda.source(work, bound),
        argument_types(work, bound, constants, arrays),
        blocks_of(work).count,
        work.period,
        tuple(dict.fromkeys(f"{body.__module__}.{body.__name__}" for body in bodies)),
        tuple(dict.fromkeys(step.name.partition(".")[0] for step in work.steps)),
    )


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
