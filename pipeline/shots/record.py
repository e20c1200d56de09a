"""What every frame of a shot is given, in a file that several machines read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenbit.pipeline.config import Chain
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.images import replaced
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.shots.given import Given

_REMEDY = "remove it to measure again, or name another"


@dataclass(frozen=True)
class Asked:
    """What the values are of: how balance and exposure are held, and the stages that they depend on."""

    balance: str
    exposure: str
    takes_baseline: bool
    head: Chain

    def as_record(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        stages = self.head.as_record()["chain"]
        chain = {"stages": stages, "takes_baseline": self.takes_baseline}
        return {"balance": self.balance, "exposure": self.exposure, "chain": chain}


def write(path: Path, asked: Asked, found: Mapping[Path, Given | None]) -> None:
    """Write the values of a whole shot; the file is complete or absent.

    Raises
    ------
    RequestError
        If two frames are called alike: folder and name tell frames apart, because machines may mount them anywhere.
    WriteError
        If it cannot be written.
    """
    frames: dict[str, Any] = {}
    for source, given in found.items():
        key = _key(source)
        if key in frames:
            raise RequestError(f"--held: two frames are called {key}: {source} is one; hold their shots apart")
        frames[key] = None if given is None else {"gains": given.gains and list(given.gains), "ev": given.ev}
    with replaced(path) as handle:
        handle.write((json.dumps({"hold": asked.as_record(), "frames": frames}, indent=1) + "\n").encode())


def read(path: Path, asked: Asked, jobs: Sequence[Job]) -> list[Job]:
    """The jobs with the values that were kept for them.

    Raises
    ------
    RequestError
        If the file holds no such values, values of another chain or other options, or none of one of the jobs.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        frames = {
            key: value and Given(value["gains"] and tuple(map(float, value["gains"])), float(value["ev"]))
            for key, value in found["frames"].items()
        }
        kept = found["hold"]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RequestError(f"--held: {path} cannot be read: {error}; {_REMEDY}") from None
    for name, value in json.loads(json.dumps(asked.as_record())).items():
        if kept.get(name) != value:
            what = "another chain" if name == "chain" else f"--{name} {kept.get(name)}, not {value}"
            raise RequestError(f"--held: {path} is of {what}; {_REMEDY}")
    lacking = [str(job.source) for job in jobs if _key(job.source) not in frames]
    if lacking:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise RequestError(f"--held: {path} has no values for {lacking[0]}{more}; {_REMEDY}")
    return [dataclasses.replace(job, given=frames[_key(job.source)]) for job in jobs]


def _key(source: Path) -> str:
    source = source.absolute()
    return f"{source.parent.name}/{source.name}"
