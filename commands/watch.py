"""``tenbit watch``: a folder whose files are developed as they arrive."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from tenbit.commands._order import order_options
from tenbit.commands._text import SOME_FAILED

if TYPE_CHECKING:
    from tenbit.commands._order import Wanted


@click.command(epilog="Example: tenbit watch card/ -r -c fast -o 'proofs/{relative}.{ext}'")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    default="{stem}.{ext}",
    show_default=True,
    help="With the fields of develop's names but {index}; or a folder.",
)
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders below too, new ones as well.")
@click.option("--once", "is_once", is_flag=True, help="End when what is there was done, as for cron.")
@click.option(
    "--settle",
    type=click.FloatRange(0, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="A file has arrived when it has not changed for so long.",
)
@click.option(
    "--interval",
    type=click.FloatRange(0.05, 3600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks at the folder.",
)
@click.option("--format", "format_", help="The same as --set output.format=…: jpeg (jpg), png, tiff (tif), dng.")
@click.option("--quality", type=int, help="The same as --set output.quality=…: 1 to 100.")
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where finished work is noted; by default .tenbit-manifest.jsonl among the outputs.",
)
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="JSON lines of what was done.")
@order_options
def watch(
    folder: Path,
    output: str,
    recursive: bool,
    is_once: bool,
    settle: float,
    interval: float,
    format_: str | None,
    quality: int | None,
    manifest: Path | None,
    report: Path | None,
    wanted: Wanted,
) -> None:
    """Develop the raw files of DIR and what arrives there, each once; an earlier run's work is not done again."""
    from tenbit.pipeline import jobs, progress
    from tenbit.pipeline import manifest as manifests
    from tenbit.pipeline import watch as watching
    from tenbit.pipeline.errors import RequestError
    from tenbit.pipeline.report import Report

    if not folder.is_dir():
        raise RequestError(f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}")
    if "{index" in output:
        raise click.UsageError(
            "{index} counts the files of one batch, and a watched folder has no last one: use {frame}"
        )
    chain = wanted.for_pictures(output, format=format_, quality=quality)
    noted_in = manifest or manifests.default_path([], output)
    order = wanted.order(chain, manifest=noted_in)
    jobs.check_report(report, [])
    noted = manifests.Manifest(noted_in, order)
    reporter = wanted.reporter(None, "watching")
    watcher = watching.Watcher(folder, recursive=recursive, settle_s=settle, is_ours=noted.is_noted, said=reporter.say)
    naming = watching.Naming(watcher, output, format=str(chain.output.format), chain=chain.name, asked=wanted.asked)
    steps = watching.developed(watcher, order, naming, interval_s=interval, is_once=is_once, said=reporter.say)
    signal_number = 0
    try:
        with progress.stoppable() as signals, reporter, Report(report, order) as told, closing(cast(Any, steps)):
            for outcome in steps:
                with signals.telling():
                    told.add(outcome)
                    reporter.show(outcome, is_debug=wanted.debug)
    except KeyboardInterrupt as stop:
        signal_number = getattr(stop, "number", signal.SIGINT)
    reporter.sum_up(is_stopped=bool(signal_number))
    if signal_number:
        raise click.exceptions.Exit(128 + signal_number)
    if reporter.is_listing_lost or reporter.failed:
        raise click.exceptions.Exit(SOME_FAILED)
