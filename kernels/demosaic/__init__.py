"""Demosaic: three colours at every site of a Bayer mosaic. A method is a module with ``steps(cfa)``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tenbit.kernels._encode import Encode, encoding
from tenbit.kernels._facts import BLUE, GREEN, RED, Cfa, Facts, Triple
from tenbit.kernels._noise import Measured, known
from tenbit.kernels._stage import Constants, PerSite, Prepared, Results, Stage, Step, param
from tenbit.kernels.demosaic import adaptive, bilinear, dlmmse, gbtf, hamilton_adams, malvar, mlri
from tenbit.kernels.errors import StageError

# From a Bayer mosaic, encoded or not, to red, green and blue. `adaptive` wants to know the noise too.
METHODS: dict[str, Callable[[Cfa], tuple[Step, ...]]] = {
    "bilinear": bilinear.steps,
    "malvar": malvar.steps,
    "hamilton_adams": hamilton_adams.steps,
    "gbtf": gbtf.steps,
    "dlmmse": dlmmse.steps,
    "mlri": mlri.steps,
}
AUTO = "adaptive"
# Light at which noise that was not evened out is taken from its profile, as a fraction of white.
MIDDLE_GREY = 0.18
# Linear filters, which encoding would only slow down.
LINEAR = ("bilinear", "malvar")


@dataclass(frozen=True)
class Parameters:
    """Interpolate red, green and blue at every site of a Bayer mosaic."""

    method: Literal["auto", "bilinear", "malvar", "hamilton_adams", "gbtf", "dlmmse", "mlri", "adaptive"] = param(
        "auto",
        "bilinear: the mean of the nearest; malvar: linear filters, Malvar, He and Cutler 2004; "
        "hamilton_adams: green along edges, 1997; gbtf: colour differences of four directions, Pekkucuksen and "
        "Altunbasak 2010; dlmmse: of two, by their uncertainty, Zhang and Wu 2005; mlri: residual interpolation, for "
        "soft pictures, Kiku and others 2016; adaptive: our own, the last two as the picture asks; auto: adaptive.",
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
    asks_noise = method == "adaptive" and facts.is_signal
    measured = known(facts) if asks_noise else Measured(facts)
    coded = encoding("demosaic", "none" if is_plain else parameters.encode, measured.facts)
    after = dataclasses.replace(
        coded.facts,
        state="linear",
        cfa=None,
        black=_per_colour(facts.black, facts.cfa),
        white=_per_colour(facts.white, facts.cfa),
    )
    if method == "adaptive":
        noise = partial(_noise, measured, facts.cfa, is_even=bool(coded.before))
        steps = adaptive.steps(facts.cfa, noise if asks_noise else {"noise": 0.0})
    else:
        steps = METHODS[method](facts.cfa)
    notes = (*measured.notes, *coded.notes)
    return Prepared(after, (*measured.steps, *coded.before, *steps, *coded.after), notes=notes)


def _noise(measured: Measured, cfa: Cfa, results: Results, *, is_even: bool) -> Constants:
    """The variance of each site's samples as they are interpolated: after a root it is a quarter of the scale."""
    profile = measured.profile(results)
    variances = [scale / 4 if is_even else scale * MIDDLE_GREY + offset for scale, offset in profile]
    return {"noise": PerSite(variances[colour] for colour in cfa.sites)}


def _per_colour(levels: tuple[float, ...], cfa: Cfa) -> Triple:
    """Mean level of each colour's sites."""

    def mean(colour: int) -> float:
        here = [level for level, other in zip(levels, cfa.sites, strict=True) if other == colour]
        return sum(here) / len(here)

    return mean(RED), mean(GREEN), mean(BLUE)


STAGE = Stage("demosaic", Parameters, ("mosaic",), prepare)
