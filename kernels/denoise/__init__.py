"""Denoise: noise is averaged away along what it does not hide, colour more than brightness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tenbit.kernels._facts import Facts
from tenbit.kernels._noise import Profile, known
from tenbit.kernels._stage import PLANES, Access, Constants, Prepared, Results, Stage, Step, param, require_signal
from tenbit.kernels.denoise._fine import fine, floors, restored
from tenbit.kernels.denoise._levels import LEVELS, reach, tails, tamed
from tenbit.kernels.denoise._roots import coloured, light, roots, stabilised, towards
from tenbit.kernels.errors import StageError

AVERAGED = ("denoise_luma", "denoise_red", "denoise_blue")
# As they came, for the end.
NOISY = ("noisy_luma", "noisy_red", "noisy_blue")
DETAILS = ("denoise_rows", "denoise_cols", "denoise_both")


@dataclass(frozen=True)
class Parameters:
    """Take away noise, as much as the noise profile says there is.

    Each of four levels averages 3 × 3 pixels, 1, 2, 4 and 8 apart, of those that differ by no more than noise; then the
    finest details of brightness come back as far as they stand out. Noise that the file does not tell is estimated.
    """

    luma: float = param(0.9, "Of the noise in brightness, how much goes; what is left looks like grain.", low=0, high=1)
    chroma: float = param(1.0, "Of the noise in colour, how much goes.", low=0, high=1)


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Roots, four levels of averages, fine details, light again; the noise measured before them where it is not known.

    Raises
    ------
    StageError
        If the samples still hold their black level, or are no longer the camera's colours.
    """
    require_signal("denoise", facts)
    if facts.space != "camera":
        raise StageError(f"denoise: the picture is in {facts.space} already; put it before colour")
    p = parameters
    if p.luma == 0.0 and p.chroma == 0.0:
        return Prepared(facts)
    noise = known(facts)
    facts = noise.facts

    def when_known(constants: Callable[[Profile], dict[str, float]]) -> Constants | Callable[[Results], Constants]:
        if facts.noise is not None and facts.gains is not None:
            return constants(noise.profile({}))
        return lambda results: constants(noise.profile(results))

    picture = PLANES[facts.state]
    steps = [Step("denoise.roots", Access.POINT, stabilised, picture, (*AVERAGED, *NOISY), when_known(roots))]
    steps.append(Step("denoise.tails", Access.STENCIL, tamed, AVERAGED, AVERAGED, when_known(tails), radius=1))
    for level, (apart, body) in enumerate(LEVELS):
        constants = when_known(partial(reach, level))
        steps.append(Step(f"denoise.{apart}", Access.STENCIL, body, AVERAGED, AVERAGED, constants, radius=apart))
    constants = when_known(lambda profile: {**floors(profile), "strength": p.luma})
    luma = (NOISY[0], AVERAGED[0], *DETAILS)
    steps += [
        Step("denoise.fine", Access.STENCIL, fine, AVERAGED[:1], DETAILS, radius=1),
        Step("denoise.luma", Access.STENCIL, restored, luma, AVERAGED[:1], constants, radius=1),
    ]
    if p.chroma < 1.0:
        planes = (*NOISY[1:], *AVERAGED[1:])
        steps.append(Step("denoise.chroma", Access.POINT, towards, planes, AVERAGED[1:], {"strength": p.chroma}))
    removed = 1.0 - (1.0 - 0.5 * (p.luma + p.chroma)) ** 2
    steps.append(Step("denoise", Access.POINT, coloured, AVERAGED, picture, when_known(partial(light, removed))))
    return Prepared(facts, (*noise.steps, *steps), notes=noise.notes)


STAGE = Stage("denoise", Parameters, ("linear",), prepare)
