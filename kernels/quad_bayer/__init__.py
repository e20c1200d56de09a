"""Quad-Bayer: a mosaic of 2 × 2 blocks of one colour becomes a Bayer mosaic, or three colours at every site."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from tenbit.kernels._camera import gains_of, scene_neutral
from tenbit.kernels._encode import Encode, encoding
from tenbit.kernels._facts import Cfa, Facts
from tenbit.kernels._noise import known, multiplied
from tenbit.kernels._stage import Prepared, Stage, param, require_signal
from tenbit.kernels.errors import StageError
from tenbit.kernels.quad_bayer import binned, blended, direct, remosaic


@dataclass(frozen=True)
class Parameters:
    """Interpolate a quad-Bayer mosaic, or turn it into a Bayer mosaic; a Bayer mosaic stays as it is."""

    method: Literal["bin", "direct", "auto", "remosaic"] = param(
        "bin",
        "bin: the mean of each block, a Bayer mosaic of a quarter of the pixels and half the noise; "
        "direct: three colours at every pixel, no demosaic after it; auto: direct, but means of blocks where detail "
        "is lost in noise; remosaic: a Bayer mosaic of as many pixels, for other programs.",
    )
    encode: Encode = param(
        "auto",
        "What is interpolated, unless blocks are binned. none: the samples; sqrt: their square roots; vst: square "
        "roots that even out the noise; auto: vst where the noise is known, else sqrt.",
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
    if parameters.method == "remosaic":
        return _remosaiced(parameters, facts)
    measured = known(facts) if parameters.method == "auto" else None
    coded = encoding("quad_bayer", parameters.encode, measured.facts if measured else facts)
    blend = blended.steps(coded, measured) if measured else ()
    before = measured.steps if measured else ()
    after = dataclasses.replace(coded.facts, state="linear", cfa=None, black=(0.0,) * 3, white=(1.0,) * 3)
    steps = (*before, *coded.before, *direct.steps(facts.cfa), *blend, *coded.after)
    return Prepared(after, steps, notes=(*(measured.notes if measured else ()), *coded.notes))


def _remosaiced(parameters: Parameters, facts: Facts) -> Prepared:
    """Direct, in balanced colours, and a Bayer mosaic of it."""
    assert facts.cfa is not None
    try:
        gains = (1.0, 1.0, 1.0) if facts.is_balanced else gains_of(scene_neutral(facts))
    except StageError as error:
        raise StageError(f"quad_bayer: {error}") from None
    coded = encoding("quad_bayer", parameters.encode, multiplied(facts, gains))
    bayer = Cfa(facts.cfa.name.removeprefix("Q"))
    back = (1.0 / gains[0], 1.0 / gains[1], 1.0 / gains[2])
    after = dataclasses.replace(multiplied(coded.facts, back), cfa=bayer, black=(0.0,) * 4, white=(1.0,) * 4)
    direct_steps = (*coded.before, *direct.steps(facts.cfa), *coded.after)
    steps = (*remosaic.balance(facts.cfa, gains), *direct_steps, remosaic.sample(bayer, gains))
    return Prepared(after, steps, notes=coded.notes)


STAGE = Stage("quad_bayer", Parameters, ("mosaic",), prepare)
