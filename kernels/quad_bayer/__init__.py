"""Quad-Bayer: a mosaic of 2 × 2 blocks of one colour becomes a Bayer mosaic, or three colours at every site."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from tenbit.kernels._encode import Encode, encoding
from tenbit.kernels._facts import Facts
from tenbit.kernels._stage import Prepared, Stage, param, require_signal
from tenbit.kernels.quad_bayer import binned, direct


@dataclass(frozen=True)
class Parameters:
    """Interpolate a quad-Bayer mosaic, or turn it into a Bayer mosaic; a Bayer mosaic stays as it is."""

    method: Literal["bin", "direct"] = param(
        "bin",
        "bin: the mean of each block, a Bayer mosaic of a quarter of the pixels and half the noise; "
        "direct: three colours at every pixel, no demosaic after it.",
    )
    encode: Encode = param(
        "auto",
        "What direct interpolates. none: the samples; sqrt: their square roots; vst: square roots that even out the "
        "noise; auto: vst where the noise is known, else sqrt.",
    )


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The steps of the method.

    Raises
    ------
    StageError
        If the samples still hold their black level, unless they are binned.
    """
    assert facts.cfa is not None
    if not facts.cfa.is_quad:
        return Prepared(facts)
    if parameters.method == "bin":
        return binned.prepared(facts)
    require_signal("quad_bayer", facts)
    coded = encoding("quad_bayer", parameters.encode, facts)
    after = dataclasses.replace(coded.facts, state="linear", cfa=None, black=(0.0,) * 3, white=(1.0,) * 3)
    return Prepared(after, (*coded.before, *direct.steps(facts.cfa), *coded.after), notes=coded.notes)


STAGE = Stage("quad_bayer", Parameters, ("mosaic",), prepare)
