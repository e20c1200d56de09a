"""Demosaic: three colours at every site of a Bayer mosaic. A method is a module with ``steps(cfa)``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tenbit.kernels._encode import Encode, encoding
from tenbit.kernels._facts import BLUE, GREEN, RED, Cfa, Facts, Triple
from tenbit.kernels._stage import Prepared, Stage, Step, param
from tenbit.kernels.demosaic import bilinear, dlmmse, gbtf, hamilton_adams, malvar, mlri
from tenbit.kernels.errors import StageError

# From a Bayer mosaic, encoded or not, to red, green and blue.
METHODS: dict[str, Callable[[Cfa], tuple[Step, ...]]] = {
    "bilinear": bilinear.steps,
    "malvar": malvar.steps,
    "hamilton_adams": hamilton_adams.steps,
    "gbtf": gbtf.steps,
    "dlmmse": dlmmse.steps,
    "mlri": mlri.steps,
}
AUTO = "malvar"
# Linear filters, which encoding would only slow down.
LINEAR = ("bilinear", "malvar")


@dataclass(frozen=True)
class Parameters:
    """Interpolate red, green and blue at every site of a Bayer mosaic."""

    method: Literal["auto", "bilinear", "malvar", "hamilton_adams", "gbtf", "dlmmse", "mlri"] = param(
        "auto",
        "bilinear: the mean of the nearest; malvar: linear filters, Malvar, He and Cutler 2004; "
        "hamilton_adams: green along edges, 1997; gbtf: colour differences of four directions, Pekkucuksen and "
        "Altunbasak 2010; dlmmse: of two, by their uncertainty, Zhang and Wu 2005; mlri: residual interpolation, for "
        "soft pictures, Kiku and others 2016; auto: malvar.",
    )
    encode: Encode = param(
        "auto",
        "What is interpolated. none: the samples; sqrt: their square roots; vst: square roots that even out the noise; "
        "auto: none for bilinear and malvar, else vst where the noise is known and sqrt where it is not.",
    )


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The steps of the method in the phase of the frame's CFA, between those that encode and decode.

    Raises
    ------
    StageError
        For a quad-Bayer mosaic, and if samples that still hold their black level shall be encoded.
    """
    assert facts.cfa is not None
    if facts.cfa.is_quad:
        raise StageError(f"demosaic: the mosaic is quad-Bayer ({facts.cfa.name}); put quad_bayer before it")
    method = AUTO if parameters.method == "auto" else parameters.method
    is_plain = parameters.encode == "auto" and method in LINEAR
    coded = encoding("demosaic", "none" if is_plain else parameters.encode, facts)
    after = dataclasses.replace(
        coded.facts,
        state="linear",
        cfa=None,
        black=_per_colour(facts.black, facts.cfa),
        white=_per_colour(facts.white, facts.cfa),
    )
    return Prepared(after, (*coded.before, *METHODS[method](facts.cfa), *coded.after), notes=coded.notes)


def _per_colour(levels: tuple[float, ...], cfa: Cfa) -> Triple:
    """Mean level of each colour's sites."""

    def mean(colour: int) -> float:
        here = [level for level, other in zip(levels, cfa.sites, strict=True) if other == colour]
        return sum(here) / len(here)

    return mean(RED), mean(GREEN), mean(BLUE)


STAGE = Stage("demosaic", Parameters, ("mosaic",), prepare)
