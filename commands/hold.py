"""``tenbit hold``: what every frame of a shot is given, before any is developed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbit.commands._order import order_options
from tenbit.commands._text import SOME_FAILED, table

if TYPE_CHECKING:
    from tenbit.commands._order import Wanted


@click.command(epilog="Example: tenbit hold 'A001_####.dng' --balance lock=1 --exposure smooth=25 -o A001.hold.json")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--balance", default="each", show_default=True, help="White balance: each, lock=N or smooth=W frames.")
@click.option("--exposure", default="each", show_default=True, help="Brightness: each, lock=N or smooth=W frames.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the values, for --held of every machine that develops a part of the shot.",
)
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders below a folder too.")
@click.option("--overwrite", is_flag=True, help="Replace values that were kept.")
@order_options
def hold(
    inputs: tuple[str, ...],
    balance: str,
    exposure: str,
    output: Path | None,
    recursive: bool,
    overwrite: bool,
    wanted: Wanted,
) -> None:
    """Measure a shot: the gains and the exposure that each frame is to be developed with. No picture is written."""
    from tenbit.pipeline import config, jobs, progress
    from tenbit.pipeline.raw import number_of
    from tenbit.pipeline.shots import hold as holding
    from tenbit.pipeline.shots import pattern

    if output is not None and output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; --overwrite replaces it")
    if balance.strip() == exposure.strip() == "each":
        raise click.UsageError("nothing is held: give --balance, --exposure or both")
    order = wanted.order(config.load(wanted.chain, overrides=wanted.overrides, long_edge_px=wanted.long_edge))
    work = [
        jobs.Job(one.path, Path(), number_of(one.path) if one.number is None else one.number)
        for one in jobs.find_inputs(inputs, recursive=recursive)
    ]
    reporter = wanted.reporter(len(work), "measuring")
    with progress.stoppable(), reporter:
        for note in pattern.gap_notes(inputs):
            reporter.say(note)
        held = holding.held(
            work,
            order,
            balance=balance,
            exposure=exposure,
            kept=output,
            is_measured_anew=overwrite,
            said=reporter.say,
            seen=lambda source, error: reporter.tell(source, (), error),
        )
    rows = []
    for job in held:
        given = job.given
        gains = "" if given is None or given.gains is None else "  ".join(f"{gain:.4f}" for gain in given.gains)
        rows.append((progress.shown(str(job.source)), str(job.number), gains, f"{given.ev:+.3f}" if given else ""))
    table(("file", "frame", "red, green, blue gain", "EV"), rows)
    reporter.sum_up()
    if reporter.failed:
        raise click.exceptions.Exit(SOME_FAILED)
