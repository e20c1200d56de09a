"""The shipped chains compiled ahead, so that developing compiles nothing."""

from __future__ import annotations

import dataclasses
import itertools
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from typing import get_args

import numpy as np

from tenbit.kernels._facts import CFA_NAMES, Cfa
from tenbit.kernels._optics import Falloff, Lateral, Law, Optics, Origin, Warp
from tenbit.kernels._pass import Packing
from tenbit.pipeline.config import Chain, load, nominal, shipped_chains
from tenbit.pipeline.device import choose, is_simulated, usable_cores
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.foreseen import likely_format, planned, settled
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.raw.camera import PACKINGS, camera_file, shipped_cameras
from tenbit.pipeline.run import Said, run_plan

# A loop knows no sizes: what is compiled for a small frame serves all.
_SIDE_PX, _CROP = 64, (8, 8, 48, 48)
# Orientation 1 needs no turn; all others share one loop.
_UPRIGHT, _TURNED = 1, 6
# Lenses of which nothing is known, distortion alone, and all that shipped profiles say: other laws have the same loops.
_KNOWN = Origin("known")
_BENT = Warp((Law("even", (-0.01,), 20.0),), _KNOWN)
_COLOUR = Law("poly3", (1.0002, 0.0, 0.0001), 20.0)
_LENSES = {
    "": None,
    "distortion": Optics(warp=_BENT),
    "a known lens": Optics(
        warp=_BENT,
        lateral=Lateral(_COLOUR, _COLOUR, _KNOWN),
        falloff=Falloff(Law("table", (0.0, 0.0, 10.0, -0.3, 20.0, -1.5), 1.0), _KNOWN),
    ),
}
# A file that says nothing of its noise has it measured, which is a loop of its own.
_NOISES = {"": None, "known noise": ((1e-4, 1e-6),)}
# numba's compiler holds one core and 0.4 GB.
_MOST_PROCESSES = 8


@dataclass(frozen=True)
class Case:
    """A shipped chain and a kind of frame that it meets."""

    chain: str
    cfa: str
    orientation: int
    crop: tuple[int, int, int, int] | None
    packing: Packing | None = None
    lens: str = ""
    noise: str = ""

    def __str__(self) -> str:
        packed = f" in {self.packing}" if self.packing else ""
        return ", ".join(filter(None, (self.chain, f"{self.cfa}{packed}", self.lens, self.noise)))

    def frame(self) -> Frame:
        """A small frame of this kind, as a reader would give it."""
        cfa = Cfa(self.cfa)
        facts = dataclasses.replace(
            nominal()[0],
            rows=_SIDE_PX,
            cols=_SIDE_PX,
            cfa=cfa,
            black=(64.0,) * cfa.period**2,
            white=(1023.0,) * cfa.period**2,
            orientation=self.orientation,
            crop=self.crop,
            optical_centre=((_SIDE_PX - 1) / 2, (_SIDE_PX - 1) / 2),
            pixel_mm=0.5,
            optics=_LENSES[self.lens],
            noise=_NOISES[self.noise],
        )
        if self.packing:
            row_bytes = _SIDE_PX * PACKINGS[self.packing] // 8
            return Frame(np.full((_SIDE_PX, row_bytes), 128, np.uint8), facts, packing=self.packing)
        return Frame(np.full((_SIDE_PX, _SIDE_PX), 512, np.uint16), facts)


def warm(*, chains: Sequence[str] | None = None, cfas: Sequence[str] = CFA_NAMES, said: Said | None = None) -> int:
    """Number of loops that had to be compiled for the shipped chains; 0 when all were there.

    For the CPU, and for the first CUDA device where there is one; for every CFA, packed too where a shipped camera is,
    for frames upright and turned, whole and with a crop, by a lens of which nothing, a little or all is known, for
    noise that is known and not, and for the bits of the chains' own outputs. Any number of processes may do it at once.

    Parameters
    ----------
    chains : sequence of str, optional
        Names of shipped chains; by default all.
    cfas : sequence of str
        Of the frames.
    said : callable, optional
        Told, a line each, of every loop that was compiled and how far this has come.
    """
    cases = list(_cases(chains or shipped_chains(), cfas))
    devices = _devices()
    count, number = 0, 0
    for device in devices:
        for case, lines in _compiled_by_all(cases) if device == "cpu" else ((c, compiled(c, device)) for c in cases):
            number += 1
            count += len(lines)
            for line in lines if said else ():
                assert said is not None
                said(f"{number} of {len(cases) * len(devices)}: {case}, {device}: {line}")
    return count


def _cases(chains: Sequence[str], cfas: Sequence[str]) -> Iterator[Case]:
    """Every case that needs a pass which none before it has needed."""
    seen, packings = set[object](), _packings()
    for name in chains:
        chain = _settled(name)
        for cfa in cfas:
            known: tuple[Packing | None, ...] = (None, *packings.get(cfa, ()))
            kinds = itertools.product(_NOISES, _LENSES, known, (_UPRIGHT, _TURNED), (None, _CROP))
            for noise, lens, packing, orientation, crop in kinds:
                case = Case(name, cfa, orientation, crop, packing, lens, noise)
                what = planned(case.frame().facts, chain, packing=packing)
                new = {work.signature for work in (*what.passes, *what.paint_passes)} - seen
                seen |= new
                if new:
                    yield case


def _packings() -> dict[str, tuple[Packing, ...]]:
    """MIPI's packings of the shipped cameras, by their CFA."""
    found: dict[str, tuple[Packing, ...]] = {}
    for name in shipped_cameras():
        _, fields, _ = camera_file(name)
        cfa, packing = fields["cfa"], fields["packing"]
        if packing in get_args(Packing) and packing not in found.get(cfa, ()):
            found[cfa] = (*found.get(cfa, ()), packing)
    return found


def _settled(name: str) -> Chain:
    chain = load(name)
    return settled(chain, likely_format(chain))


def compiled(case: Case, device: str) -> list[str]:
    """What a device says that it compiles for a case, a line per loop."""
    frame = case.frame()
    lines: list[str] = []
    what = planned(frame.facts, _settled(case.chain), packing=case.packing)
    run_plan(frame, what, choose(device)[0], said=lines.append)
    return lines


def _compiled_by_all(cases: Sequence[Case]) -> Iterator[tuple[Case, list[str]]]:
    """The cases on the CPU as they are done, by a process per core: numba compiles with one thread only."""
    workers = min(usable_cores(), len(cases), _MOST_PROCESSES)
    if workers < 2:
        yield from ((case, compiled(case, "cpu")) for case in cases)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=_deaf) as pool:
        futures: dict[Future[list[str]], Case] = {pool.submit(compiled, case, "cpu"): case for case in cases}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _deaf() -> None:
    """Ctrl-C reaches every process of a terminal; the first one tells the others when to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _devices() -> list[str]:
    """``cpu``, and ``cuda`` where it can be used. A simulated device compiles nothing."""
    found = ["cpu"]
    if not is_simulated():
        with suppress(DeviceError):
            choose("cuda")
            found.append("cuda")
    return found
