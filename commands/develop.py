"""``tenbit develop``: many files through one chain."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbit.commands._text import CAMERA_HELP, DEFECTS_HELP, SOME_FAILED, lens_options

if TYPE_CHECKING:
    from tenbit.pipeline.batch import Existing
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.outcome import Outcome


@click.command(epilog="Example: tenbit develop shoot/ -r -c standard -o 'out/{below}/{stem}.{ext}' --skip-existing")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-c", "--chain", default="standard", show_default=True, help="A shipped chain's name, or a chain file.")
@click.option(
    "-o",
    "--output",
    default="{stem}.{ext}",
    show_default=True,
    help="With fields {stem} {name} {ext} {parent} {below} {index} {chain}; or a folder.",
)
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders below a folder too.")
@click.option("--device", envvar="TENBIT_DEVICE", help="auto (default), cpu, cuda or cuda:N; cuda never falls back.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.NAME=VALUE", help="Change one value of the chain.")
@click.option("--long-edge", type=click.IntRange(min=1), metavar="PX", help="Length of the picture's longer side.")
@lens_options
@click.option("--format", "format_", help="The same as --set output.format=…: jpeg (jpg), png, tiff (tif), dng.")
@click.option("--quality", type=int, help="The same as --set output.quality=…: 1 to 100.")
@click.option("--camera", help=CAMERA_HELP)
@click.option("--defects", help=DEFECTS_HELP)
@click.option("--overwrite", is_flag=True, help="Replace outputs that exist.")
@click.option("--skip-existing", is_flag=True, help="Leave outputs that exist; not a failure.")
@click.option("--dry-run", is_flag=True, help="Say what would be written; read and write nothing.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write a JSON record of what was done.")
@click.option("--debug", is_flag=True, help="Show the traceback of internal errors.")
def develop(
    inputs: tuple[str, ...],
    chain: str,
    output: str,
    recursive: bool,
    device: str | None,
    overrides: tuple[str, ...],
    long_edge: int | None,
    asked: Asked,
    format_: str | None,
    quality: int | None,
    camera: str | None,
    defects: str | None,
    overwrite: bool,
    skip_existing: bool,
    dry_run: bool,
    report: Path | None,
    debug: bool,
) -> None:
    """Develop files, the raw files of folders (known by their suffix), and the files that quoted globs meet."""
    if overwrite and skip_existing:
        raise click.UsageError("--overwrite and --skip-existing exclude each other")
    from tenbit.pipeline import batch, config, console, drawings, foreseen, jobs
    from tenbit.pipeline.lenses.resolve import check_lens
    from tenbit.pipeline.outcome import report as as_report
    from tenbit.pipeline.outcome import write_report
    from tenbit.pipeline.raw.defects import defects_from

    aliases = {"jpg": "jpeg", "tif": "tiff"}
    shorthand = {
        "output.format": format_ and aliases.get(format_.lower(), format_.lower()),
        "output.quality": quality,
    }
    given = [*overrides, *(f"{name}={value}" for name, value in shorthand.items() if value is not None)]
    of_dumps, listed = foreseen.camera_from(camera), defects_from(defects)
    is_asked = any(text.startswith("output.format=") for text in given)
    by_suffix = None if is_asked else jobs.suffix_format(output)
    checked = config.load(chain, overrides=given, long_edge_px=long_edge, format=by_suffix)
    checked = foreseen.settled(checked, jobs.output_format(output, checked.output.format, is_asked=is_asked))
    if quality is not None and checked.output.format != "jpeg":
        click.echo(f"--quality is of a jpeg only; the output is {checked.output.format}, which has none", err=True)
    check_lens(checked, asked)
    found = jobs.find_inputs(inputs, recursive=recursive)
    work = jobs.name_outputs(found, output, format=str(checked.output.format), chain=checked.name)
    jobs.check_report(report, work)
    drawings.check_drawings(checked, work, report)
    existing: Existing = "replace" if overwrite else "skip" if skip_existing else "refuse"
    if dry_run:
        state = {"refuse": "  (exists: would fail)", "skip": "  (exists: skipped)", "replace": "  (replaced)"}
        for job in work:
            line = f"{job.source} -> {job.target}{state[existing] if job.target.exists() else ''}"
            click.echo(console.shown(line))
        return
    order = batch.Order(checked, device=device, camera=of_dumps, defects=listed, asked=asked, existing=existing)
    outcomes: list[Outcome] = []
    signal_number = 0
    progress = console.Progress(len(work))
    try:
        with console.stoppable(), progress:
            for outcome in batch.develop(work, order, said=progress.say):
                outcomes.append(outcome)
                progress.show(outcome, is_debug=debug)
    except KeyboardInterrupt as stop:
        signal_number = getattr(stop, "number", signal.SIGINT)
    finally:
        if report:
            write_report(report, as_report(outcomes, checked, is_interrupted=bool(signal_number)))
    progress.sum_up(outcomes, is_stopped=bool(signal_number))
    if signal_number:
        raise click.exceptions.Exit(128 + signal_number)
    if progress.is_listing_lost or any(outcome.status == "failed" for outcome in outcomes):
        raise click.exceptions.Exit(SOME_FAILED)
