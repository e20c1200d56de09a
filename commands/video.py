"""``tenbit video``: the frames of a shot as one video."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from tenbit.commands._order import order_options
from tenbit.commands._text import SOME_FAILED, count

if TYPE_CHECKING:
    from tenbit.commands._order import Wanted
    from tenbit.pipeline.video import Missing


@click.command(epilog="Example: tenbit video 'A001_####.dng' -c standard -o A001.mov --fps 23.976 --exposure smooth=25")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The video: .mov, .mp4 or .mkv says which."
)
@click.option("--codec", help="prores (of .mov), hevc (of .mp4) or ffv1 (of .mkv); .mov and .mkv hold others too.")
@click.option("--fps", default="24", show_default=True, help="Frames per second: 25, 23.976, 30000/1001.")
@click.option("--timecode", help="Of the first frame: 01:00:00:00, or 01:00:00;00 for drop frame.")
@click.option("--crf", type=click.FloatRange(0, 51), help="Of hevc: 0 is the best, 51 the smallest; 16 by default.")
@click.option("--frames", help="Only these numbers, in this order: 1-100,200-300x2.")
@click.option("--balance", default="each", show_default=True, help="White balance: each, lock=N or smooth=W frames.")
@click.option("--exposure", default="each", show_default=True, help="Brightness: each, lock=N or smooth=W frames.")
@click.option(
    "--held",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep what --balance and --exposure have found, or read it from here.",
)
@click.option(
    "--on-error",
    type=click.Choice(["stop", "hold", "black"]),
    default="stop",
    show_default=True,
    help="For a frame that fails or is not there: no video, the frame before it, or black.",
)
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders below a folder too.")
@click.option("--overwrite", is_flag=True, help="Replace a video that exists.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="JSON lines of what was done.")
@order_options
def video(
    inputs: tuple[str, ...],
    output: Path,
    codec: str | None,
    fps: str,
    timecode: str | None,
    crf: float | None,
    frames: str | None,
    balance: str,
    exposure: str,
    held: Path | None,
    on_error: str,
    recursive: bool,
    overwrite: bool,
    report: Path | None,
    wanted: Wanted,
) -> None:
    """Develop a shot, named as A001_####.dng, or files and folders in order of name, into one video."""
    from tenbit.pipeline import config, jobs, progress
    from tenbit.pipeline import video as videos
    from tenbit.pipeline.raw import number_of
    from tenbit.pipeline.report import Report
    from tenbit.pipeline.shots import hold, pattern, ranges
    from tenbit.pipeline.video.codec import pyav

    rate = videos.rate_from(fps)
    how = videos.Film(
        videos.codec_for(output, codec),
        rate,
        videos.timecode_from(timecode, rate) if timecode else "",
        crf,
        cast("Missing", on_error),
        # In a folder of a photographer's choice a gap is no fault.
        is_numbered=frames is None and all(pattern.is_pattern(text) for text in inputs),
    )
    if crf is not None and how.codec.name != "hevc":
        raise click.UsageError(f"--crf is of hevc only, and {output} is {how.codec.name}")
    if output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; --overwrite replaces it")
    pyav()
    # What a picture would be written with does not matter; a chain file's say about it may be at odds with video.
    order = wanted.order(
        videos.for_video(
            config.load(wanted.chain, overrides=wanted.overrides, long_edge_px=wanted.long_edge, format="tiff")
        )
    )
    work = [
        jobs.Job(one.path, output, number_of(one.path) if one.number is None else one.number)
        for one in jobs.find_inputs(inputs, recursive=recursive)
    ]
    jobs.check_report(report, work)
    began = time.monotonic()
    with progress.stoppable() as signals:
        chosen = work if frames is None else ranges.select(work, [job.number for job in work], frames)
        # Before a shot is measured in vain.
        filled = len(videos.lacking(chosen, output, how))
        say = partial(click.echo, err=True)
        work = hold.held(work, order, balance=balance, exposure=exposure, only=chosen, kept=held, said=say)
        reporter = wanted.reporter(len(work), "filming")
        try:
            steps = videos.film(work, order, output, how, said=reporter.say)
            with reporter, Report(report, order) as told, closing(cast(Any, steps)):
                for outcome in steps:
                    trace = outcome.trace if wanted.debug else ""
                    with signals.telling():
                        told.add(outcome)
                        reporter.tell(outcome.job.source, outcome.warnings, outcome.error, trace)
        except KeyboardInterrupt as stop:
            reporter.sum_up(is_stopped=True)
            raise click.exceptions.Exit(128 + getattr(stop, "number", signal.SIGINT)) from None
    seconds = time.monotonic() - began
    click.echo(f"{progress.shown(str(output))}  {count(len(work) + filled, 'frame')}, {seconds:.2f} s")
    reporter.sum_up()
    if reporter.failed:
        raise click.exceptions.Exit(SOME_FAILED)
