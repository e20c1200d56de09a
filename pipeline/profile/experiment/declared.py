"""What an experiment is: what is varied, how often each point is timed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenbit.pipeline.config import Chain
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile.experiment.axes import Usual


@dataclass(frozen=True)
class Experiment:
    """An experiment without faults.

    Parameters
    ----------
    name : str
    axes : mapping
        Values by the axis's name, those with one value too; see `axes`. One of them is ``chain``.
    chains : mapping
        Every chain by its name on that axis.
    drawn : int or None
        How many of all combinations are drawn at random; None for all of them.
    repeats, seed, quality
        See the file's keys.
    exclude : tuple of mapping
        Combinations that are left out: those with one of the values on each of the axes.
    baseline : mapping
        Every point is compared with the one that has these values and otherwise its own; empty for no comparison.
    folder : Path
        Where the file lies, and those that it names by relative paths.
    """

    name: str
    axes: Mapping[str, tuple[Any, ...]]
    chains: Mapping[str, Chain]
    drawn: int | None = None
    repeats: int = 5
    seed: int = 0
    quality: bool = False
    exclude: tuple[Mapping[str, tuple[Any, ...]], ...] = ()
    baseline: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    folder: Path = Path()

    @property
    def key(self) -> str:
        """Tells experiments apart: by their points and the order of these, not by repeats or what else is looked at."""
        chains = {name: chain.as_record() for name, chain in self.chains.items()}
        record = [dict(self.axes), chains, self.drawn, self.seed, [dict(each) for each in self.exclude]]
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:12]


def check_usual(experiment: Experiment) -> None:
    """What options of the command line may have made impossible.

    Raises
    ------
    RequestError
        If quality is asked of files.
    """
    if experiment.quality and "files" in experiment.axes:
        raise RequestError("--quality: files have no truth to be held against")


def usual(name: str) -> Any:
    """The value of a point on an axis that its experiment does not name."""
    return next(field.default for field in dataclasses.fields(Usual) if field.name == name)
