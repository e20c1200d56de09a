"""``tenbit lenses suggest``: a draft of a profile from ordinary pictures."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbit.commands._text import CAMERA_HELP, SOME_FAILED, lens_options, table

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

_PATH = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog="Example: tenbit lenses suggest walk/*.dng --lens 'summilux 35 fle' -o draft.yaml")
@click.argument("inputs", nargs=-1, required=True, metavar="FILE...")
@lens_options
@click.option("--focal", "focal_mm", type=click.FloatRange(1, 5000), help="Of a lens with several focal lengths, mm.")
@click.option("--camera", help=CAMERA_HELP)
@click.option("-o", "--output", type=_PATH, help="Write the draft, a YAML file; by default it is only shown.")
@click.option("--plot", type=_PATH, help="Also as a picture, .png or .svg.")
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
def suggest(
    inputs: tuple[str, ...],
    asked: Asked,
    focal_mm: float | None,
    camera: str | None,
    output: Path | None,
    plot: Path | None,
    overwrite: bool,
) -> None:
    """What ordinary pictures by one lens say of it: distortion, lateral colour, fall-off, and how surely.

    Ten or more pictures of different things, at one aperture, are needed. A draft is never applied unasked: name its
    file as the lens to try it, or take out 'withheld' once you believe it.
    """
    from tenbit.pipeline import foreseen, jobs, plots
    from tenbit.pipeline.calibrate import kept
    from tenbit.pipeline.lenses import files
    from tenbit.pipeline.lenses import suggest as suggested

    if not isinstance(asked.lens, str):
        raise click.UsageError("--lens: which lens took these pictures? A slug or a name belongs there")
    if output is not None and output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; --overwrite replaces")
    place = kept.place_for(asked.lens, output, focal_mm=focal_mm)
    if plot is not None:
        plots.check(plot)
    usual = focal_mm or next(iter(place.focals_mm), None)
    paths = [found.path for found in jobs.find_inputs(inputs)]
    found, refused = suggested.suggest(
        paths,
        asked=replace(asked, lens=place.slug or None),
        focal_mm=usual,
        camera=foreseen.camera_from(camera),
        said=lambda text: click.echo(text, err=True),
    )
    table(suggested.COLUMNS, found.table())
    if panels := found.panels():
        click.echo(plots.as_text(panels, min(shutil.get_terminal_size().columns, 100)))
    for line in found.lines():
        click.echo(line)
    profile = found.profile(slug=place.slug, name=place.name, focal_mm=focal_mm, focus_m=asked.focus_m)
    if plot is not None:
        plots.save(plot, panels)
    if output is None:
        click.echo("nothing is written; -o draft.yaml keeps this as a draft")
    else:
        files.write_profile(output, profile, suggested.COMMENT)
        click.echo(f"{output}: a draft for {place.label}; develop --lens {output} tries it")
    if refused:
        raise click.exceptions.Exit(SOME_FAILED)
