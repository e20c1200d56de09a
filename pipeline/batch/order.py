"""What is to be done to every file of a batch, in whatever process does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tenbit.pipeline.config import Chain
from tenbit.pipeline.errors import FullError
from tenbit.pipeline.foreseen import CameraLike
from tenbit.pipeline.raw.defects import DefectList

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.outcome import Outcome

Existing = Literal["refuse", "skip", "replace"]
Isolate = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class Limits:
    """What reading one file may take in a process of its own."""

    seconds: float = 120.0
    memory_bytes: int = 4 * 2**30


@dataclass(frozen=True)
class Order:
    """How the files of a batch are developed; fit for `pickle`.

    Parameters
    ----------
    chain : Chain
        Its output's format is that of every job.
    device : str, optional
        See `tenbit.pipeline.device.choose`.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    defects : DefectList, optional
        Sites of the sensor that are known to be defective, for `defect_pixels`.
    asked : Asked, optional
        What the user says of the lens, its aperture and distance, and of the sensor's size.
    existing : {"refuse", "skip", "replace"}
        What happens where an output is there already.
    manifest : Path, optional
        Where finished work is noted: what it holds, of the same bytes, chain and version, is not done again.
    isolate : {"auto", "always", "never"}
        Which files are read in a process of their own: those that LibRaw must decode, all, or none.
    limits : Limits
        Of that process.
    retries : int
        How many times more a file is tried that failed.
    on_error : {"skip", "stop"}
        Whether the batch goes on after a file that failed; a full disk ends it.
    memory_bytes : int, optional
        What the frames on their way may take together; at least one is always on its way. By default a quarter of the
        machine's memory.
    threads : int, optional
        Of the CPU, that the batch may use; by default all that the process may.
    """

    chain: Chain
    device: str | None = None
    camera: CameraLike = None
    defects: DefectList | None = None
    asked: Asked | None = None
    existing: Existing = "refuse"
    manifest: Path | None = None
    isolate: Isolate = "auto"
    limits: Limits = Limits()
    retries: int = 0
    on_error: Literal["skip", "stop"] = "skip"
    memory_bytes: int | None = None
    threads: int | None = None

    def is_ended_by(self, outcome: Outcome) -> bool:
        """Whether nothing more is begun after this one: it failed and was to stop the batch, or the disk is full."""
        return outcome.status == "failed" and (self.on_error == "stop" or outcome.kind == FullError.__name__)
