"""Points of an experiment: all combinations or some of them, and the order in which they are timed."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile.experiment.axes import OF_SAMPLES, Usual
from tenbit.pipeline.profile.experiment.declared import Experiment, usual

MOST = 100_000
"""Combinations that are listed; of more, some are drawn without that."""
_TRIES = 100


@dataclass(frozen=True)
class Point:
    """One combination.

    Parameters
    ----------
    values : mapping
        By the axis's name, the usual axes too. A frame is a ``sample`` or one of ``files``.
    """

    values: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """Twelve digits that are the same whenever it is met again."""
        return hashlib.sha256(json.dumps(dict(self.values), sort_keys=True).encode()).hexdigest()[:12]


def points(experiment: Experiment) -> list[Point]:
    """The points, in the order of the axes' values.

    Raises
    ------
    RequestError
        If there are too many, or fewer than are to be drawn.
    """
    sizes = [len(values) for values in experiment.axes.values()]
    total, drawn = math.prod(sizes), experiment.drawn
    rng = random.Random(experiment.seed)
    if total <= MOST:
        found = [at for at in itertools.product(*map(range, sizes)) if not _is_excluded(experiment, at)]
        if drawn is not None:
            _check_enough(drawn, len(found))
            found = sorted(rng.sample(found, drawn))
    elif drawn is None:
        raise RequestError(f"{total} points are more than {MOST}; points: {{random: N}} draws some of them")
    else:
        kept: set[tuple[int, ...]] = set()
        for _ in range(_TRIES * drawn):
            if len(kept) == drawn:
                break
            at = tuple(rng.randrange(size) for size in sizes)
            if not _is_excluded(experiment, at):
                kept.add(at)
        _check_enough(drawn, len(kept))
        found = sorted(kept)
    if not found:
        raise RequestError("no point is left: all are excluded")
    return [Point(_whole(_at(experiment, at))) for at in found]


def _check_enough(drawn: int, there: int) -> None:
    if there < drawn:
        raise RequestError(f"{drawn} points are to be drawn, and there are {there}")


def _at(experiment: Experiment, at: Sequence[int]) -> dict[str, Any]:
    return {name: values[n] for n, (name, values) in zip(at, experiment.axes.items(), strict=True)}


def _is_excluded(experiment: Experiment, at: Sequence[int]) -> bool:
    if not experiment.exclude:
        return False
    values = _at(experiment, at)
    return any(all(values[name] in some for name, some in each.items()) for each in experiment.exclude)


def _whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values on all axes: the usual ones first."""
    is_of_file = "files" in values
    left_out = ("sample", *OF_SAMPLES) if is_of_file else ("files",)
    names = [field.name for field in dataclasses.fields(Usual) if field.name not in left_out]
    return {name: values.get(name, usual(name)) for name in names} | dict(values)


def order(found: Sequence[Point], seed: int, turn: int) -> list[Point]:
    """The points in the order of one round: random, another one each time, the same for the same seed."""
    mixed = list(found)
    random.Random(f"{seed}:{turn}").shuffle(mixed)
    return mixed


def label(experiment: Experiment, point: Point) -> str:
    """What tells a point from the others, for a line about it: ``demosaic.method=gbtf, iso=800``."""
    names = [name for name, values in experiment.axes.items() if len(values) > 1] or ["chain"]
    return ", ".join(f"{name}={as_yaml(point.values[name])}" for name in names)


def as_yaml(value: Any) -> str:
    """A value as YAML has it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
