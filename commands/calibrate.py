"""``tenbit calibrate``: measure a camera or a lens from frames taken for it."""

from __future__ import annotations

from pathlib import Path

import click

from tenbit.commands._text import CAMERA_HELP, SOME_FAILED, count, table


@click.group()
def calibrate() -> None:
    """Measure a camera from frames taken for it."""


@calibrate.command(epilog="Example: tenbit calibrate dark dark/*.dng -o dark.yaml, then develop --defects dark.yaml")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A YAML file.")
@click.option("--k-sigma", type=click.FloatRange(3, 50), default=6.0, show_default=True, help="What is a defect.")
@click.option("--camera", help=CAMERA_HELP)
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
def dark(inputs: tuple[str, ...], output: Path, k_sigma: float, camera: str | None, overwrite: bool) -> None:
    """Black level, read noise and defective sites from frames taken with the lens cap on."""
    from tenbit.pipeline import batch, jobs
    from tenbit.pipeline.calibrate import dark as measured

    if output.suffix not in (".yaml", ".yml"):
        raise click.UsageError(f"--output: {output} is no .yaml file")
    if output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; --overwrite replaces")
    of_dumps = batch.camera_from(camera)
    paths = [found.path for found in jobs.find_inputs(inputs)]
    found, failed = measured.dark(paths, camera=of_dumps, k_sigma=k_sigma, said=lambda text: click.echo(text, err=True))
    measured.write_dark(output, found)
    table(measured.COLUMNS, found.table())
    click.echo(f"{output}: {count(len(found.sites), 'defective site')} of {found.rows} x {found.cols}")
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)
