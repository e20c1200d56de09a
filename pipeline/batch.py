"""Many frames through one chain: read, run, write; a file that fails leaves the others alone."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from tenbit.kernels._facts import Facts
from tenbit.pipeline.config import Chain, Format, Output, final_facts, nominal
from tenbit.pipeline.device import Device, choose
from tenbit.pipeline.errors import ChainError, ReadError, RequestError, TenbitError, WriteError
from tenbit.pipeline.images import FORMATS, check_options, default_bits, replaced, write
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.plan import Plan, PlanError, plan
from tenbit.pipeline.raw import read
from tenbit.pipeline.run import Said, is_auto, run_plan

CameraLike = str | Mapping[str, Any] | None
Existing = Literal["refuse", "skip", "replace"]


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Parameters
    ----------
    job : Job
    status : {"done", "skipped", "failed"}
    seconds : float
        Wall time of reading, developing and writing.
    error : str
        Why it failed, one line.
    cause : BaseException or None
        The exception behind an error that tenbit did not expect.
    warnings : tuple of str
    results : mapping
        Of measuring stages, fit for JSON.
    device : str
        Where it was developed.
    """

    job: Job
    status: Literal["done", "skipped", "failed"]
    seconds: float = 0.0
    error: str = ""
    cause: BaseException | None = None
    warnings: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    device: str = ""

    def as_record(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        return {
            "input": str(self.job.source),
            "output": str(self.job.target),
            "status": self.status,
            "seconds": round(self.seconds, 4),
            "device": self.device,
            "error": self.error or None,
            "warnings": list(self.warnings),
            "results": dict(self.results),
        }


def develop(
    jobs: Sequence[Job],
    chain: Chain,
    *,
    device: str | None = None,
    camera: CameraLike = None,
    existing: Existing = "refuse",
    said: Said | None = None,
) -> Iterator[Outcome]:
    """Outcomes of the jobs, one by one, as they are done.

    Parameters
    ----------
    jobs : sequence of Job
    chain : Chain
        Its output's format is that of every job.
    device : str, optional
        See `tenbit.pipeline.device.choose`.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    existing : {"refuse", "skip", "replace"}
        What happens where an output is there already.
    said : callable, optional
        Told, a line each, of a fall-back to the CPU and of compiles that take seconds.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    """
    where, note = choose(device)
    if note and said:
        said(note)
    for job in jobs:
        began = time.perf_counter()
        try:
            outcome = _kept(job, existing) or _one(
                job, chain, where, camera=camera, said=said, may_fall_back=is_auto(device)
            )
        except ReadError as error:
            outcome = Outcome(job, "failed", error=" ".join(error.reason.split()))
        except TenbitError as error:
            outcome = Outcome(job, "failed", error=" ".join(str(error).split()))
        except MemoryError as error:
            outcome = Outcome(job, "failed", error="too little memory for this picture", cause=error)
        except OSError as error:
            outcome = Outcome(job, "failed", error=f"{job.target}: {error.strerror or error}", cause=error)
        except Exception as error:  # A fault of tenbit's own must not end a batch of a thousand files.
            text = " ".join(f"internal error: {type(error).__name__}: {error}".split())
            outcome = Outcome(job, "failed", error=text, cause=error)
        yield dataclasses.replace(outcome, seconds=time.perf_counter() - began)


def _kept(job: Job, existing: Existing) -> Outcome | None:
    """The outcome when an output that is there already stays; None when the job is to be done."""
    if existing == "replace" or not job.target.exists():
        return None
    if existing == "skip":
        return Outcome(job, "skipped")
    raise WriteError(f"{job.target} exists already; --overwrite replaces it, --skip-existing leaves it")


def _one(
    job: Job,
    chain: Chain,
    device: Device,
    *,
    camera: str | Mapping[str, Any] | None,
    said: Said | None,
    may_fall_back: bool,
) -> Outcome:
    frame = read(job.source, camera=camera)
    what = planned(frame.facts, chain)
    done = run_plan(frame, what, device, said=said, may_fall_back=may_fall_back)
    output = chain.output
    record = {**done.record, "source": job.source.name, "chain": chain.as_record()}
    write(
        job.target,
        done.samples,
        space=done.facts.space,
        state=done.state,
        format=output.format,
        bits=_bits(output),
        quality=output.quality,
        subsampling=output.subsampling,
        compression=output.compression,
        exif=frame.exif,
        orientation=done.facts.orientation,
        record=record,
    )
    results = {name: as_json(value) for name, value in done.results.items()}
    return Outcome(job, "done", warnings=done.warnings, results=results, device=str(done.record["device"]))


def planned(facts: Facts, chain: Chain) -> Plan:
    """The passes for one frame, ending in the whole numbers that its output needs.

    Raises
    ------
    StageError
        If a stage cannot work on the frame.
    WriteError
        If what the chain makes of the frame does not fit the output.
    """
    bits = _bits(chain.output)
    what = plan(chain.links, facts, bits=None if bits == 32 else bits)
    if faults := output_faults(chain.output, what.facts):
        raise WriteError("; ".join(chain.document.fault(("output", name), text) for name, text in faults))
    return what


def planned_for(chain: Chain, path: str | None, *, camera: CameraLike = None) -> tuple[Plan, Facts, str]:
    """The plan for one raw file, or for a nominal 12 MP frame; the facts of that frame, and its samples' dtype."""
    frame = read(path, camera=camera) if path is not None else None
    facts = frame.facts if frame else nominal()[0]
    try:
        return planned(facts, chain), facts, str(frame.samples.dtype) if frame else "uint16"
    except WriteError as error:
        raise ChainError([str(error)]) from None
    except PlanError as error:
        # Without a frame it is the chain that is wrong.
        if path is not None:
            raise
        raise ChainError(error.faults) from None


def camera_from(text: str | None) -> CameraLike:
    """What ``--camera`` says: a name, a path, or the fields in braces, ``{camera: imx296, black: 61}``, as a mapping.

    Raises
    ------
    RequestError
        If there is no camera of that name or path, or the file or the fields are broken, misspelt or impossible.
    """
    from tenbit.pipeline.document import parse_value
    from tenbit.pipeline.raw.camera import check_camera

    if text is None:
        return None
    try:
        camera = dict(parse_value(text)) if text.lstrip().startswith("{") else text
        check_camera(camera)
    except (ReadError, ChainError, OSError, TypeError, ValueError) as error:
        raise RequestError(f"--camera: {error}") from None
    return camera


def settled(chain: Chain, format: Format) -> Chain:  # noqa: A002  the chain file's word
    """The chain with the format of its output decided.

    Raises
    ------
    ChainError
        If the options of the output do not fit the format, or the picture that the chain makes of a usual frame.
    """
    output = dataclasses.replace(chain.output, format=format)
    if faults := output_faults(output, final_facts(chain)):
        raise ChainError([chain.document.fault(("output", name), text) for name, text in faults])
    return dataclasses.replace(chain, output=output)


def likely_format(chain: Chain) -> Format:
    """The chain's format; where a suffix is still to say it, the first that can hold what the chain makes."""
    facts = final_facts(chain)
    able = [f for f in FORMATS if not output_faults(dataclasses.replace(chain.output, format=cast(Format, f)), facts)]
    return chain.output.format or cast(Format, (able or ["jpeg"])[0])


def output_faults(output: Output, facts: Facts) -> list[tuple[str, str]]:
    """Why a frame at the end of its chain cannot be written so, as (option, text) pairs; empty when it can."""
    format_ = output.format or "jpeg"
    if facts.state == "mosaic" and format_ == "jpeg":
        return [("format", "a mosaic has one plane, which jpeg cannot hold: add demosaic, or write png or tiff")]
    if _bits(output) != 32 and not facts.is_signal:
        text = (
            "whole numbers are made of samples between black and white, not of counts: put black_level into the chain"
        )
        return [("bits", f"{text}, or write 32 bits (tiff)")]
    known = {**dataclasses.asdict(output), "format": format_}
    return check_options(**known, space=facts.space, state=facts.state)


def _bits(output: Output) -> int:
    return output.bits or default_bits(output.format or "jpeg")


def as_json(value: Any) -> Any:
    """A result of a stage as numbers, texts, lists and dicts."""
    if hasattr(value, "as_record"):
        return as_json(value.as_record())
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def report(outcomes: Sequence[Outcome], chain: Chain, *, is_interrupted: bool = False) -> dict[str, Any]:
    """What was done, fit for JSON: versions, the chain with every value, a record per file."""
    from tenbit.pipeline.doctor import versions

    return {
        "versions": versions(),
        "chain": chain.as_record(),
        "interrupted": is_interrupted,
        "files": [outcome.as_record() for outcome in outcomes],
    }


def write_report(path: Path, record: Mapping[str, Any]) -> None:
    """Write a report as JSON; the file is complete or absent.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    with replaced(path) as handle:
        handle.write((json.dumps(record, indent=2) + "\n").encode())
