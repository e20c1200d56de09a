"""``tenbit develop``: many files through one chain."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import click

from tenbit.commands._order import order_options
from tenbit.commands._recorded import recorded_options
from tenbit.commands._text import SOME_FAILED

if TYPE_CHECKING:
    from tenbit.commands._order import Wanted
    from tenbit.commands._recorded import Recorded
    from tenbit.pipeline.batch import Existing, Order
    from tenbit.pipeline.jobs import Job
    from tenbit.pipeline.outcome import Outcome
    from tenbit.pipeline.run import Said

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog="Example: tenbit develop shoot/ -r -c standard -o 'out/{below}/{stem}.{ext}' --resume")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    default="{stem}.{ext}",
    show_default=True,
    help="With fields: {stem} {name} {ext} {parent} {below} {relative} {index} {frame} {lens} {iso} {date} {chain}; "
    "or a folder.",
)
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders below a folder too.")
@click.option("--frames", help="Of numbered files, only these: 1-100,200-300x2.")
@click.option("--shard", metavar="I/N", help="Only one of N even pieces, I from 0: 0/8 to 7/8.")
@click.option("--balance", default="each", show_default=True, help="White balance: each, lock=N or smooth=W frames.")
@click.option("--exposure", default="each", show_default=True, help="Brightness: each, lock=N or smooth=W frames.")
@click.option("--held", type=_FILE, help="Keep what --balance and --exposure have found, or read it from here.")
@click.option("--format", "format_", help="The same as --set output.format=…: jpeg (jpg), png, tiff (tif), dng.")
@click.option("--quality", type=int, help="The same as --set output.quality=…: 1 to 100.")
@click.option("--overwrite", is_flag=True, help="Replace outputs that exist.")
@click.option("--skip-existing", is_flag=True, help="Leave outputs that exist; not a failure.")
@click.option("--resume", is_flag=True, help="Do what a manifest does not hold of these bytes, chain and version.")
@click.option("--manifest", type=_FILE, help="Of --resume; by default .tenbit-manifest.jsonl in the outputs' folder.")
@click.option(
    "--on-error",
    type=click.Choice(["skip", "stop"]),
    default="skip",
    show_default=True,
    help="Whether a file that fails ends the batch.",
)
@click.option("-j", "--jobs", type=click.IntRange(1, 1024), default=1, show_default=True, help="Processes.")
@click.option("--cluster", metavar="ADDRESS", help="Give frames to dask workers: tcp://host:8786, or local:4.")
@click.option("--report", type=_FILE, help="Write JSON lines of what was done, one per file.")
@click.option("--dry-run", is_flag=True, help="Say what would be written; read and write nothing.")
@recorded_options
@order_options
def develop(
    inputs: tuple[str, ...],
    output: str,
    recursive: bool,
    frames: str | None,
    shard: str | None,
    balance: str,
    exposure: str,
    held: Path | None,
    format_: str | None,
    quality: int | None,
    overwrite: bool,
    skip_existing: bool,
    resume: bool,
    manifest: Path | None,
    on_error: str,
    jobs: int,
    cluster: str | None,
    report: Path | None,
    dry_run: bool,
    wanted: Wanted,
    recorded: Recorded,
) -> None:
    """Develop files, the raw files of folders, what quoted globs meet, numbered shots (A001_####.dng) and @lists."""
    if overwrite + skip_existing + resume > 1:
        raise click.UsageError("--overwrite, --skip-existing and --resume exclude each other")
    if manifest is not None and not resume:
        raise click.UsageError("--manifest is of --resume")
    if cluster is not None and jobs > 1:
        raise click.UsageError("--jobs is of this machine; --cluster local:N has N workers")
    if (jobs > 1 or cluster is not None) and recorded:
        raise click.UsageError("--trace, --nvtx and --cprofile are of one process: leave out --jobs and --cluster")
    from tenbit.pipeline import drawings, progress
    from tenbit.pipeline import jobs as naming
    from tenbit.pipeline.manifest import default_path
    from tenbit.pipeline.report import Report
    from tenbit.pipeline.shots import hold
    from tenbit.pipeline.shots.pattern import gap_notes
    from tenbit.pipeline.shots.ranges import select
    from tenbit.pipeline.shots.shard import part

    chain = wanted.for_pictures(output, format=format_, quality=quality)
    if quality is not None and chain.output.format != "jpeg":
        click.echo(f"--quality is of a jpeg only; the output is {chain.output.format}, which has none", err=True)
    existing: Existing = "replace" if overwrite else "skip" if skip_existing else "refuse"
    order = wanted.order(
        chain,
        existing=existing,
        manifest=(manifest or default_path((), output)) if resume else None,
        on_error=cast(Literal["skip", "stop"], on_error),
    )
    found = naming.find_inputs(inputs, recursive=recursive)
    work = naming.name_outputs(found, output, format=str(chain.output.format), chain=chain.name, asked=wanted.asked)
    naming.check_report(report, work)
    drawings.check_drawings(chain, work, report)
    recorded.check(work, report)
    with progress.stoppable() as signals, ExitStack() as around:
        chosen = work
        if frames is not None:
            chosen = select(chosen, [job.number for job in chosen], frames)
        if shard is not None:
            chosen = part(chosen, shard)
        if dry_run:
            hold.check(work, order, only=chosen, balance=balance, exposure=exposure, kept=held)
            _foretell(chosen, order)
            return
        around.enter_context(recorded.recording())
        first = wanted.reporter(len(work), "measuring")
        for note in gap_notes(inputs):
            first.say(note)
        with first if {balance.strip(), exposure.strip()} != {"each"} else nullcontext():
            # Of the whole shot, so that every machine finds the same.
            work = hold.held(
                work,
                order,
                only=chosen,
                balance=balance,
                exposure=exposure,
                kept=held,
                said=first.say,
                seen=lambda source, error: first.tell(source, (), error),
            )
        reporter = wanted.reporter(len(work), "developing")

        def tell(outcome: Outcome) -> None:
            with signals.telling():
                written.add(outcome)
                reporter.show(outcome, is_debug=wanted.debug)

        with Report(report, order) as written:
            with reporter:
                number = _told(_outcomes(reporter.at_work(work), order, jobs, cluster, reporter.say), tell)
            written.is_interrupted = bool(number)
            # Before a report that could not be written is told of.
            reporter.sum_up(is_stopped=bool(number))
    if number:
        raise click.exceptions.Exit(128 + number)
    if reporter.is_listing_lost or reporter.failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _foretell(work: list[Job], order: Order) -> None:
    """Say what would be written, and what would become of outputs that are there."""
    from tenbit.pipeline.errors import ReadError
    from tenbit.pipeline.manifest import opened
    from tenbit.pipeline.progress import shown

    manifest = opened(order)
    state = {"refuse": "  (exists: would fail)", "skip": "  (exists: skipped)", "replace": "  (replaced)"}
    for job in work:
        said = state[order.existing] if job.target.exists() else ""
        if manifest is not None and said:
            with suppress(ReadError):
                entry = manifest.entry(job)
                said = state["replace" if manifest.may_replace(entry) else "refuse"]
                said = "  (done: skipped)" if manifest.is_done(entry) else said
        click.echo(shown(f"{job.source} -> {job.target}{said}"))


Outcomes: TypeAlias = "Generator[Outcome, None, None]"


def _outcomes(work: Iterable[Job], order: Order, processes: int, cluster: str | None, said: Said) -> Outcomes:
    """From this process, from several, or from a cluster's workers."""
    if cluster is not None:
        from tenbit.pipeline.farm import cluster as workers

        return cast("Outcomes", workers.develop(work, order, cluster, said=said))
    if processes > 1:
        from tenbit.pipeline import crew

        return cast("Outcomes", crew.develop(work, order, processes, said=said))
    from tenbit.pipeline import batch

    return batch.develop(work, order, said=said)


def _told(steps: Outcomes, tell: Callable[[Outcome], None]) -> int:
    """Tell of all outcomes; returns the number of the signal that ended them early, or 0."""
    try:
        for outcome in steps:
            tell(outcome)
        return 0
    except KeyboardInterrupt as stop:
        fault = stop
    # Where it came when an outcome had been told, those that are left are told too.
    with suppress(KeyboardInterrupt, StopIteration):
        tell(steps.throw(fault))
        for outcome in steps:
            tell(outcome)
    return int(getattr(fault, "number", signal.SIGINT))
