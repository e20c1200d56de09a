"""``tenbit scopes``: the numbers of all monitors, for raw files and for pictures that are developed already."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenbit.commands._text import CAMERA_HELP, SOME_FAILED, lens_options

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked


@click.command(epilog="Example: tenbit scopes proofs/*.jpg --csv -o numbers.csv")
@click.argument("inputs", nargs=-1, required=True, metavar="FILE...")
@click.option("-c", "--chain", help="For raw files, fast by default; its monitors are measured as they stand in it.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.NAME=VALUE", help="Change one value of the chain.")
@click.option("-m", "--monitor", "monitors", multiple=True, metavar="NAME", help="Only this one; may stand repeatedly.")
@click.option(
    "--csv/--json", "is_csv", default=None, help="A table, or an object per line (default; .csv says it too)."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="By default standard output.")
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders below a folder too.")
@click.option("--device", envvar="TENBIT_DEVICE", help="auto (default), cpu, cuda or cuda:N; cuda never falls back.")
@click.option("--camera", help=CAMERA_HELP)
@lens_options
@click.option("--overwrite", is_flag=True, help="Replace an output that exists.")
@click.option("--debug", is_flag=True, help="Show the traceback of internal errors.")
def scopes(
    inputs: tuple[str, ...],
    chain: str | None,
    overrides: tuple[str, ...],
    monitors: tuple[str, ...],
    is_csv: bool | None,
    output: Path | None,
    recursive: bool,
    device: str | None,
    camera: str | None,
    asked: Asked,
    overwrite: bool,
    debug: bool,
) -> None:
    """Measure FILEs: raw, through a chain, or JPEG, PNG and TIFF as they are. Nothing is drawn, no picture written."""
    from tenbit.pipeline import foreseen, jobs, measures, pictures
    from tenbit.pipeline import measured as measuring
    from tenbit.pipeline import progress as telling
    from tenbit.pipeline import scopes as records
    from tenbit.pipeline.images import replaced

    if output is not None and output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; --overwrite replaces")
    wanted = measures.measures(chain, overrides=overrides, monitors=monitors)
    of_dumps = foreseen.camera_from(camera)
    suffixes = jobs.RAW_SUFFIXES | pictures.SUFFIXES
    paths = [found.path for found in jobs.find_inputs(inputs, recursive=recursive, suffixes=suffixes)]
    is_table = output is not None and output.suffix.lower() == ".csv" if is_csv is None else is_csv
    kept: list[dict[str, Any]] = []
    has_failed = False
    progress = telling.reporter("auto", len(paths), doing="measuring")
    # Opened first: an output that cannot be written is told before hours of measuring.
    with replaced(output) if output else nullcontext() as handle:

        def put(text: str) -> None:
            if handle is None:
                click.echo(text)
            else:
                # A name that is no UTF-8 stands as in JSON.
                handle.write(f"{text}\n".encode("utf-8", "backslashreplace"))

        with telling.stoppable(), progress:
            for found in measuring.measured(
                paths,
                wanted,
                partial(records.of_frame, wanted=wanted),
                device=device,
                camera=of_dumps,
                asked=asked,
                said=progress.say,
            ):
                progress.tell(found.path, found.warnings, found.error, found.trace if debug else "")
                has_failed |= bool(found.error)
                if is_table:
                    kept.append(records.record(found))
                else:
                    put(records.line(found))
        if is_table:
            put(records.table(kept).rstrip("\n"))
    if has_failed:
        raise click.exceptions.Exit(SOME_FAILED)
