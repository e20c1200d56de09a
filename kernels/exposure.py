"""Exposure: linear light times a power of two."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tenbit.kernels._facts import Facts
from tenbit.kernels._noise import multiplied
from tenbit.kernels._stage import Prepared, Stage, param, point, require_signal


@dataclass(frozen=True)
class Parameters:
    """Make the picture brighter or darker by stops, in linear light."""

    ev: float = param(0.0, "Stops; 1 doubles the light.", unit="EV", low=-10, high=10)
    baseline: bool = param(True, "Add what the file asks for by itself (DNG BaselineExposure).")


def brighter_mosaic(mosaic, k):
    """One sample of a mosaic."""
    return mosaic * k.gain


def brighter(red, green, blue, k):
    """One pixel of three planes."""
    return red * k.gain, green * k.gain, blue * k.gain


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """One gain for every sample.

    Raises
    ------
    StageError
        If the samples still hold their black level.
    """
    require_signal("exposure", facts)
    ev = parameters.ev
    after = facts
    if parameters.baseline:
        ev += facts.baseline_exposure_ev
        after = dataclasses.replace(facts, baseline_exposure_ev=0.0)
    if ev == 0.0:
        return Prepared(after)
    after = dataclasses.replace(multiplied(after, (2.0**ev,) * 3), exposure_ev=facts.exposure_ev + ev)
    body = brighter_mosaic if facts.state == "mosaic" else brighter
    return Prepared(after, (point("exposure", body, facts, constants={"gain": 2.0**ev}),))


STAGE = Stage("exposure", Parameters, ("mosaic", "linear"), prepare)
