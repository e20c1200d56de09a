"""``tenbit contact``: frames on one page, to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbit.commands._text import CAMERA_HELP, SOME_FAILED, count, lens_options

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked


@click.command(epilog="Example: tenbit contact shoot/ -r -o sheet.html")
@click.argument("inputs", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default="sheet.html",
    show_default=True,
    help="One HTML file that holds everything.",
)
@click.option("-c", "--chain", help="For raw files, fast by default; its monitors are drawn as they stand in it.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.NAME=VALUE", help="Change one value of the chain.")
@click.option("-m", "--monitor", "monitors", multiple=True, metavar="NAME", help="Only this one; may stand repeatedly.")
@click.option("--thumb", type=click.IntRange(120, 1600), default=360, show_default=True, help="Longer side, px.")
@click.option("--title", default="Contact sheet", show_default=True, help="What stands above it.")
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders below a folder too.")
@click.option("--device", envvar="TENBIT_DEVICE", help="auto (default), cpu, cuda or cuda:N; cuda never falls back.")
@click.option("--camera", help=CAMERA_HELP)
@lens_options
@click.option("--overwrite", is_flag=True, help="Replace an output that exists.")
@click.option("--debug", is_flag=True, help="Show the traceback of internal errors.")
def contact(
    inputs: tuple[str, ...],
    output: Path,
    chain: str | None,
    overrides: tuple[str, ...],
    monitors: tuple[str, ...],
    thumb: int,
    title: str,
    recursive: bool,
    device: str | None,
    camera: str | None,
    asked: Asked,
    overwrite: bool,
    debug: bool,
) -> None:
    """Put FILEs, raw or developed, on one page with what monitors say of them; sort, filter, choose, copy the list.

    It opens from disk in any browser, needs no network, and a key does everything: ? lists them.
    """
    from tenbit.pipeline import contact as sheets
    from tenbit.pipeline import foreseen, jobs, measures, pictures
    from tenbit.pipeline import measured as measuring
    from tenbit.pipeline import progress as telling

    if output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; --overwrite replaces")
    wanted = measures.measures(chain, overrides=overrides, monitors=monitors)
    of_dumps = foreseen.camera_from(camera)
    suffixes = jobs.RAW_SUFFIXES | pictures.SUFFIXES
    paths = [found.path for found in jobs.find_inputs(inputs, recursive=recursive, suffixes=suffixes)]
    failed = 0
    progress = telling.reporter("auto", len(paths), doing="developing")

    def come() -> Iterator[measuring.Measured]:
        nonlocal failed
        for found in measuring.measured(
            paths,
            wanted,
            partial(sheets.made, wanted=wanted, long_edge=thumb),
            watch=sheets.watch,
            device=device,
            camera=of_dumps,
            asked=asked,
            said=progress.say,
        ):
            progress.tell(found.path, found.warnings, found.error, found.trace if debug else "")
            failed += bool(found.error)
            yield found

    with telling.stoppable(), progress:
        shown = sheets.write_sheet(output, sheets.Sheet(title, thumb), come())
    size = output.stat().st_size
    click.echo(f"{output}  {count(shown, 'frame')}, {size / 1e6:.1f} MB")
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)
