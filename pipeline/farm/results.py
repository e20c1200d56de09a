"""What the tasks of a job have done together, from their reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.progress import shown
from tenbit.pipeline.report import merged, read

# Of one class of error; the rest is counted, and in the merged report.
_MOST_SHOWN = 20


class Part(NamedTuple):
    """A heading, and the columns and rows below it."""

    heading: str
    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()


def reports_in(wanted: Iterable[str], output: Path | None = None) -> list[Path]:
    """Reports that are named, and all ``.jsonl`` of folders, but for what they are merged to.

    Raises
    ------
    RequestError
        For what is not there, and for folders without a report.
    """
    found = dict[Path, None]()
    for text in wanted:
        path = Path(text)
        here = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if output is not None:
            here = [one for one in here if one.absolute() != output.absolute()]
        if not here or not all(one.is_file() for one in here):
            raise RequestError(f"{text}: no report{' in this folder' if path.is_dir() else ' of such a name'}")
        found.update(dict.fromkeys(here))
    return list(found)


def summed(
    paths: Sequence[Path], output: Path | None, *, expected: int | None = None, frames: str | None = None
) -> dict[str, Any]:
    """What reports amount to, as `tenbit.pipeline.report.merged` says it, and what is missing of what there must be.

    Parameters
    ----------
    paths : sequence of Path
    output : Path, optional
        Where they are written as one report.
    expected : int, optional
        How many files there must be.
    frames : str, optional
        Which frames there must be, as `tenbit.pipeline.shots.ranges.parse` takes them.

    Returns
    -------
    dict
        Also ``missing``, how many files are not there, ``missing_frames``, as ranges, and ``is_complete``: no file has
        failed and none is missing. Where nothing says what there must be, every report must have come to its end.

    Raises
    ------
    ReadError, WriteError, RequestError
        For reports, the merged one, and frames.
    """
    from tenbit.pipeline.raw import number_of
    from tenbit.pipeline.shots import ranges

    total = merged(paths, output)
    missing, gone = max((expected or 0) - total["files"], 0), ""
    if frames:
        there = {
            record.get("frame") or number_of(Path(record["input"])) for path in paths for record in read(path).files
        }
        absent = set(ranges.parse(frames)) - there
        missing, gone = max(missing, len(absent)), ranges.compact(absent)
    is_whole = not missing if expected or frames else not total["unfinished"]
    return {**total, "missing": missing, "missing_frames": gone, "is_complete": is_whole and not total["failed"]}


def parts(total: dict[str, Any]) -> Iterator[Part]:
    """The same for people."""
    counts = ", ".join(f"{total[status]} {status}" for status in ("done", "skipped", "failed"))
    repeated = f"; {total['repeated']} were in more than one" if total["repeated"] else ""
    of = " in ".join(f"{total[name]} {name[:-1] if total[name] == 1 else name}" for name in ("files", "reports"))
    yield Part(f"{of}: {counts}{repeated}")
    if total["missing"]:
        frames = f", frames {total['missing_frames']}" if total["missing_frames"] else ""
        yield Part(f"missing: {total['missing']}{frames}")
    if total["unfinished"]:
        yield Part(shown(f"not finished: {', '.join(total['unfinished'][:_MOST_SHOWN])}"))
    if total["chains"] > 1:
        yield Part(f"they are of {total['chains']} different chains")
    for kind, of_class in total["failures"].items():
        files = [(shown(one["input"]), shown(str(one["error"]))) for one in of_class["files"][:_MOST_SHOWN]]
        more = f", of which {_MOST_SHOWN}" if of_class["count"] > _MOST_SHOWN else ""
        yield Part(f"\n{kind}: {of_class['count']}{more}", ("file", "error"), files)
    if total["phases"]:
        seconds = [(name, f"{seconds:.1f}") for name, seconds in total["phases"].items()]
        yield Part(f"\n{total['seconds']:.1f} s of all files", ("part", "s"), seconds)
    if total["devices"]:
        yield Part("\nwhere", ("device", "files"), [(name, str(count)) for name, count in total["devices"].items()])
    if slowest := [one for one in total["slowest"] if one["seconds"]][:3]:
        yield Part("\nslowest", ("file", "s"), [(shown(one["input"]), f"{one['seconds']:.2f}") for one in slowest])
