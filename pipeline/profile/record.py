"""What a profile holds: one chain on one frame and one device, timed in one run of the program or in several.

It is kept as JSON, read by reports and comparisons. Seconds, bytes and numbers per second throughout.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile.parts import Ceilings, First, PassProfile, Timing

VERSION = 1


@dataclass(frozen=True)
class Profile:
    """One chain on one frame and one device.

    Parameters
    ----------
    name : str
        Of the chain.
    chain : dict
        What it was, as pictures record it.
    frame : dict
        ``name``, ``rows``, ``cols``, ``state``, ``cfa``, ``stored`` (``uint16``, ``raw10`` …), ``bits`` of the result.
    device, target : str
    threads : int
        Of the CPU.
    schedule : dict
        Sizes that the schedule went by, see `tenbit.kernels._schedule`; empty on a card.
    machine, versions : dict
    commit : str or None
        Of a checkout; with ``+`` where tracked files differ from it.
    checked : str
        How near the picture was to its reference before anything was timed.
    ceilings : Ceilings
    planned_bytes, peak_bytes : int
        Memory: the plan's arrays at their fullest moment; the most that the process held during a warm frame.
    first : First
    frame_timing : Timing
        The whole frame, planned already, from its samples in memory to the finished picture.
    plan_timing : Timing
        Making the plan.
    host_timing : Timing
        What the frame takes beside its passes, its overlay and its copies: the host's own work.
    overlay_timing : Timing or None
        What monitors do to the finished picture; None where nothing is done.
    copies_timing : Timing or None
        Copies to a card and back; None on the CPU.
    passes : tuple of PassProfile
    notes : tuple of str
        What a reader must know: a spread too wide to conclude, estimates that do not add up.
    """

    name: str
    chain: dict[str, Any]
    frame: dict[str, Any]
    device: str
    target: Literal["cpu", "cuda"]
    threads: int
    machine: dict[str, Any]
    versions: dict[str, str]
    commit: str | None
    checked: str
    ceilings: Ceilings
    planned_bytes: int
    peak_bytes: int
    first: First
    frame_timing: Timing
    plan_timing: Timing
    host_timing: Timing
    passes: tuple[PassProfile, ...]
    overlay_timing: Timing | None = None
    copies_timing: Timing | None = None
    schedule: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def megapixels(self) -> float:
        return float(self.frame["rows"] * self.frame["cols"]) / 1e6

    @property
    def signature(self) -> str:
        """What two profiles must have in common to be runs of one measurement."""
        passes = [(one.label, one.rows, one.cols, [share.name for share in one.shares]) for one in self.passes]
        known = (self.chain, self.frame, self.device, self.threads, self.schedule, self.commit, passes)
        return json.dumps(known, sort_keys=True)

    def joined(self, other: Profile) -> Profile:
        """With another run's rounds behind these; what is no time is kept of this one.

        Raises
        ------
        RequestError
            If the other is no run of the same measurement.
        """
        if self.signature != other.signature:
            raise RequestError(
                f"{other.name} on {other.frame['name']}, {other.device}, {other.threads} threads, commit "
                f"{other.commit}: not the measurement of the runs before; save it to a file of its own"
            )
        passes = []
        for mine, theirs in zip(self.passes, other.passes, strict=True):
            shares = tuple(
                dataclasses.replace(a, timing=a.timing.joined(b.timing))
                for a, b in zip(mine.shares, theirs.shares, strict=True)
            )
            passes.append(dataclasses.replace(mine, timing=mine.timing.joined(theirs.timing), shares=shares))
        return dataclasses.replace(
            self,
            peak_bytes=max(self.peak_bytes, other.peak_bytes),
            frame_timing=self.frame_timing.joined(other.frame_timing),
            plan_timing=self.plan_timing.joined(other.plan_timing),
            host_timing=self.host_timing.joined(other.host_timing),
            overlay_timing=_joined(self.overlay_timing, other.overlay_timing),
            copies_timing=_joined(self.copies_timing, other.copies_timing),
            passes=tuple(passes),
        )

    def as_json(self, *, indent: int | None = 1) -> str:
        """As `read_profile` reads it; without an indent on one line."""
        record = {"kind": "tenbit profile", "version": VERSION, **dataclasses.asdict(self)}
        return json.dumps(record, indent=indent, ensure_ascii=False) + "\n"


def _joined(mine: Timing | None, theirs: Timing | None) -> Timing | None:
    return mine if mine is None or theirs is None else mine.joined(theirs)


def read_profiles(paths: Iterable[Path]) -> list[Profile]:
    """Profiles from their files; see `read_profile`."""
    return [read_profile(path) for path in paths]


def read_profile(path: Path) -> Profile:
    """A profile from a file that ``tenbit profile --save`` has written.

    Raises
    ------
    RequestError
        If it cannot be read, or is none.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not JSON"
        raise RequestError(f"{path}: {reason}; a profile is what tenbit profile --save writes") from None
    if not isinstance(record, dict) or record.pop("kind", None) != "tenbit profile":
        raise RequestError(f"{path}: not a profile; tenbit profile --save writes one")
    if (version := record.pop("version", None)) != VERSION:
        raise RequestError(f"{path}: a profile of version {version}; this tenbit reads version {VERSION}")
    try:
        return TypeAdapter(Profile).validate_python(record)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise RequestError(f"{path}: {place}: {fault['msg']}") from None
