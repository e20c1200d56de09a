"""The encoding that demosaic works on: a square root, which makes steps of light look alike from dark to bright.

Colour differences that are constant across an edge are what demosaic methods rely on; in linear light they are not. As
seen on a display, in linear light of twelve pictures of Kodak and nine of McMaster at ISO 100, square roots lift DLMMSE
from 33.5 and 30.3 dB to 37.9 and 33.0, Hamilton–Adams from 33.4 and 30.8 to 36.7 and 33.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from numpy import float32 as f32

from tenbit.kernels._facts import Facts
from tenbit.kernels._noise import Measured, known
from tenbit.kernels._stage import PLANES, Access, Constants, Results, Step, point, require_signal

# Added before the root, as a fraction of white, so that noise about black is not cut off.
SHIFT = 0.01
LEAST_SHIFT, MOST_SHIFT = 0.002, 0.05

Encode = Literal["auto", "none", "sqrt", "vst"]
Profile = tuple[tuple[float, float], ...]
"""(scale, offset) per colour: variance = scale · signal + offset."""


def encoded(mosaic, k):
    """One sample of light as it is interpolated."""
    return f32(math.sqrt(max(mosaic + k.shift, 0.0)))


def decoded(red, green, blue, k):
    """Light of one interpolated pixel."""
    r, g, b = max(red, 0.0), max(green, 0.0), max(blue, 0.0)
    return r * r - k.shift, g * g - k.shift, b * b - k.shift


def shift_of(profile: Profile) -> float:
    """What makes the root stabilise the noise of a profile, as a fraction of white.

    Anscombe's: variance = scale · x + offset is the same everywhere after √(x + offset / scale + 3/8 scale). Here at
    least three standard deviations of black, lest its noise be cut off on one side. One number for all colours, so
    that grey stays grey: the largest.
    """
    shifts = [3.0 * math.sqrt(offset) for _, offset in profile]
    shifts += [offset / scale + 0.375 * scale for scale, offset in profile if scale > 0.0]
    return min(max(*shifts, LEAST_SHIFT), MOST_SHIFT)


@dataclass(frozen=True)
class Encoding:
    """Steps that stand before and behind those of a demosaic method.

    Parameters
    ----------
    facts : Facts
        Of the encoded mosaic.
    before, after : tuple of Step
        Empty where nothing is encoded.
    notes : tuple of str
        For the stage to hand on.
    """

    facts: Facts
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


def encoding(stage: str, encode: Encode, facts: Facts) -> Encoding:
    """How a mosaic is encoded before and decoded after.

    Parameters
    ----------
    stage : str
        For the names of the steps and for messages.
    encode : {"auto", "none", "sqrt", "vst"}
        auto: vst where the noise is known already, else sqrt; nothing while samples still hold their black level.
    facts : Facts
        Of the mosaic.

    Raises
    ------
    StageError
        If samples that still hold their black level shall be encoded.
    """
    if encode == "auto":
        is_known = facts.noise is not None or facts.measured_noise is not None
        encode = ("vst" if is_known else "sqrt") if facts.is_signal else "none"
    if encode == "none":
        return Encoding(facts)
    require_signal(f"{stage}: encode {encode}", facts)
    measured = known(facts) if encode == "vst" else Measured(facts)

    def late(results: Results) -> Constants:
        return {"shift": shift_of(measured.profile(results))}

    constants: Constants | Callable[[Results], Constants] = late if encode == "vst" else {"shift": SHIFT}
    planes = PLANES["linear"]
    before = point(f"{stage}.encode", encoded, measured.facts, constants=constants)
    after = Step(f"{stage}.decode", Access.POINT, decoded, planes, planes, constants)
    return Encoding(measured.facts, (*measured.steps, before), (after,), measured.notes)
