"""Experiments from YAML: a document is checked whole, every fault with its place."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenbit.kernels._stage import param
from tenbit.pipeline import config
from tenbit.pipeline.config import Chain
from tenbit.pipeline.document import Document, Way, label, parse
from tenbit.pipeline.errors import ChainError, RequestError
from tenbit.pipeline.profile.experiment.axes import OF_SAMPLES, axis
from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.schema import checked, hint

_ROOT = Path(__file__).resolve().parents[3] / "configs" / "experiments"
_SUFFIXES = (".yaml", ".yml")
_BLOCKS = ("chain", "axes", "points", "exclude", "baseline")
_MOST_POINTS = 100_000


@dataclass(frozen=True)
class _Plain:
    """What is one value each."""

    name: str | None = param(None, "Shown in tables; by default the file's name.")
    repeats: int = param(5, "Counted rounds.", low=1, high=10_000)
    seed: int = param(0, "Of the random order, and of the points that are drawn.", low=0, high=2**31 - 1)
    quality: bool = param(False, "Whether pictures are held against the simulated truth.")


def shipped_experiments() -> tuple[str, ...]:
    """Names of the experiments that come with tenbit."""
    return tuple(sorted(path.stem for path in _ROOT.glob("*.yaml")))


def load(file: str) -> Experiment:
    """An experiment, checked whole.

    Parameters
    ----------
    file : str
        A YAML file, or a shipped experiment's name.

    Raises
    ------
    ChainError
        With every fault, a line each.
    """
    path = _ROOT / f"{file}.yaml" if file in shipped_experiments() else Path(file)
    if path.suffix.lower() not in _SUFFIXES and len(path.parts) == 1:
        raise ChainError([f"{file!r}: no shipped experiment; {hint(file, shipped_experiments())} (or a path to .yaml)"])
    document = parse(path, path.name if path.parent == _ROOT else file)
    reader = _Reader(document, path.parent)
    made = reader.experiment(path.stem)
    if reader.faults or made is None:
        raise ChainError(sorted(reader.faults, key=_place))
    return made


def _place(fault: str) -> list[int]:
    """Line and column of a fault."""
    match = re.match(r"[^:]*:(\d+):(\d+): ", fault)
    return [int(number) for number in match.groups()] if match else []


class _Reader:
    """A document to an experiment; gathers every fault on the way."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document, self.folder = document, folder
        self.faults: list[str] = []

    def fault(self, way: Way, text: str, *, is_key: bool = False) -> None:
        self.faults.append(self.document.fault(way, text, is_key=is_key))

    def experiment(self, stem: str) -> Experiment | None:
        top = self.document.value
        if not isinstance(top, dict):
            self.fault((), "a mapping with 'axes:' belongs here")
            return None
        known = [field.name for field in dataclasses.fields(_Plain)]
        plain, wrong = checked(_Plain, {key: value for key, value in top.items() if key in known})
        for more, text, is_key in wrong:
            self.fault(more, text, is_key=is_key)
        for key in top:
            if key not in (*known, *_BLOCKS):
                self.fault((key,), f"no such key; {hint(key, [*known, *_BLOCKS])}", is_key=True)
        name = (plain and plain.name) or stem
        axes = self._axes(top.get("axes"))
        chains = self._chains(top, axes, name)
        axes = {"chain": tuple(chains), **{key: values for key, values in axes.items() if key != "chain"}}
        self._check_frames(axes, quality=bool(plain and plain.quality))
        self._check_stages(axes, chains)
        drawn = self._drawn(top.get("points", "all"))
        exclude = self._excluded(top.get("exclude"), axes)
        baseline = self._baseline(top.get("baseline"), axes)
        if plain is None or self.faults:
            return None
        return Experiment(
            name, axes, chains, drawn, plain.repeats, plain.seed, plain.quality, exclude, baseline, self.folder
        )

    def _axes(self, found: Any) -> dict[str, tuple[Any, ...]]:
        if not isinstance(found, dict) or not found:
            self.fault(("axes",), "missing" if found is None else "not a mapping of axes, such as {threads: [1, 2]}")
            return {}
        axes = {}
        for name, values in found.items():
            way: Way = ("axes", name)
            each = values if isinstance(values, list) else [values]
            if not each:
                self.fault(way, "has no values")
            elif kept := self._values(name, [((*way, n) if values is each else way, v) for n, v in enumerate(each)]):
                axes[name] = kept
                if len(set(map(repr, kept))) != len(kept):
                    self.fault(way, "has a value twice")
        return axes

    def _values(self, name: str, found: list[tuple[Way, Any]]) -> tuple[Any, ...]:
        """Values of one axis; those with faults are left out."""
        try:
            known = axis(name)
        except RequestError as error:
            self.fault(found[0][0][:2], str(error), is_key=True)
            return ()
        kept = []
        for way, value in found:
            try:
                kept.append(known.checked(value))
            except RequestError as error:
                self.fault(way, str(error))
        return tuple(kept)

    def _chains(self, top: Mapping[str, Any], axes: Mapping[str, tuple[Any, ...]], name: str) -> dict[str, Chain]:
        if "chain" in axes and "chain" in top:
            self.fault(("chain",), "said twice: it is an axis too", is_key=True)
        if "chain" in axes:
            found = enumerate(axes["chain"])
            return {text: made for n, text in found if (made := self._chain(("axes", "chain", n), text))}
        given = top.get("chain")
        if isinstance(given, list):
            made = self._chain(("chain",), given)
            return {name: dataclasses.replace(made, name=name)} if made else {}
        if not isinstance(given, str):
            self.fault(("chain",), "missing" if given is None else "not a chain's name, a path or a list of stages")
            return {}
        made = self._chain(("chain",), given)
        return {given: made} if made else {}

    def _chain(self, way: Way, given: Any) -> Chain | None:
        if isinstance(given, str) and given not in config.shipped_chains():
            beside = self.folder / given
            given = str(beside) if beside.is_file() else given
        try:
            return config.load(given)
        except ChainError as error:
            for text in error.faults:
                if isinstance(given, str):
                    self.fault(way, text)
                else:
                    self._of_stages(text)
            return None

    def _of_stages(self, text: str) -> None:
        """A fault of a chain that stands in the experiment's own file, at its place there."""
        ways = {label(way): way for way in self.document.values if way[:1] == ("chain",)}
        where, _, said = text.partition(": ")
        if where in ways:
            self.fault(ways[where], said, is_key=said.startswith("no such"))
        else:
            self.fault(("chain",), text)

    def _check_frames(self, axes: Mapping[str, tuple[Any, ...]], *, quality: bool) -> None:
        if "files" not in axes:
            return
        if quality:
            self.fault(("quality",), "files have no truth to be held against; leave one of the two out")
        for name in ("sample", *OF_SAMPLES):
            if name in axes:
                self.fault(("axes", name), "of simulated frames, not of files; leave one of the two out", is_key=True)

    def _check_stages(self, axes: Mapping[str, tuple[Any, ...]], chains: Mapping[str, Chain]) -> None:
        """A stage's axis is of a stage that some chain has."""
        for name in axes:
            try:
                known = axis(name)
            except RequestError:
                continue
            has = [sum(link.stage.name == known.stage for link in chain.links) for chain in chains.values()]
            if known.stage and has and max(has) <= (known.number or 0):
                which = ", ".join(chains)
                self.fault(("axes", name), f"no {name.partition('.')[0]} in the chain {which}", is_key=True)

    def _drawn(self, found: Any) -> int | None:
        if found == "all":
            return None
        number = found.get("random") if isinstance(found, dict) and list(found) == ["random"] else None
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= _MOST_POINTS:
            self.fault(("points",), f"not 'all' or {{random: N}}, N in 1..{_MOST_POINTS}")
            return None
        return number

    def _excluded(self, found: Any, axes: Mapping[str, tuple[Any, ...]]) -> tuple[Mapping[str, tuple[Any, ...]], ...]:
        if found is None:
            return ()
        if not isinstance(found, list):
            self.fault(("exclude",), "not a list of combinations, such as [{fuse: false, sample: 50mp}]")
            return ()
        kept = []
        for n, each in enumerate(found):
            if not isinstance(each, dict) or not each:
                self.fault(("exclude", n), "not a combination, such as {fuse: false, sample: 50mp}")
                continue
            many = {key: value if isinstance(value, list) else [value] for key, value in each.items()}
            kept.append({key: self._on_axis(("exclude", n, key), key, values, axes) for key, values in many.items()})
        return tuple(kept)

    def _baseline(self, found: Any, axes: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        if found is None:
            return {}
        if not isinstance(found, dict) or not found:
            self.fault(("baseline",), "not a combination, such as {demosaic.method: malvar}")
            return {}
        kept = {key: self._on_axis(("baseline", key), key, [value], axes) for key, value in found.items()}
        return {key: values[0] for key, values in kept.items() if values}

    def _on_axis(self, way: Way, name: str, values: list[Any], axes: Mapping[str, tuple[Any, ...]]) -> tuple[Any, ...]:
        """Values that an axis has."""
        if name not in axes:
            if name not in (self.document.value.get("axes") or {}):
                self.fault(way, f"no such axis here; {hint(name, axes)}", is_key=True)
            return ()
        kept = self._values(name, [(way, value) for value in values])
        for value in kept:
            if value not in axes[name]:
                self.fault(way, f"{value!r} is not on this axis")
        return kept
