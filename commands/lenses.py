"""``tenbit lenses``: the catalogue, what is known of a lens, and which one a file was taken with."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tenbit.commands._text import CAMERA_HELP, SOME_FAILED, count, lens_options, table
from tenbit.commands.suggest import suggest

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

_PIPED_COLUMNS = 120
_LEVELS = ("P0", "P1", "P2", "P3", "P4")


@click.group(
    invoke_without_command=True,
    epilog="How known: P0 measured by you, P1 by others on the same design, P2 maker's figures, P3 computed from the "
    "published design, P4 or a dash: unknown. Example: tenbit lenses --focal 28-35 --faster 2",
)
@click.option("--focal", "focal", metavar="MM", help="Of this focal length, or of a range: 28-35.")
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Of this maximum aperture.")
@click.option("--faster", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Of this one or a larger.")
@click.option("--provenance", type=click.Choice(_LEVELS, case_sensitive=False), help="Of which this is the best known.")
@click.option("--json", "is_json", is_flag=True, help="A list of objects.")
@click.option("--markdown", is_flag=True, help="What is shipped, as Markdown.")
@click.pass_context
def lenses(
    ctx: click.Context,
    focal: str | None,
    speed: float | None,
    faster: float | None,
    provenance: str | None,
    is_json: bool,
    markdown: bool,
) -> None:
    """List the lenses, show what is known of one, find the one that a file names."""
    if ctx.invoked_subcommand is not None:
        if any(value is not None for value in (focal, speed, faster, provenance)) or is_json or markdown:
            raise click.UsageError(f"options of the list belong to no {ctx.invoked_subcommand}; put them behind it")
        return
    from tenbit.pipeline.lenses import catalogue, page, show

    if markdown:
        click.echo(page.markdown(), nl=False)
        return
    low, high = _range(focal)
    found = [
        entry
        for entry in catalogue.entries()
        if (focal is None or any(low <= length <= high for length in entry.focal_mm))
        and (speed is None or (entry.max_aperture is not None and abs(entry.max_aperture - speed) < 1e-6))
        and (faster is None or (entry.max_aperture is not None and entry.max_aperture <= faster + 1e-6))
        and (provenance is None or entry.provenance == provenance.upper())
    ]
    for fault in catalogue.faults():
        click.echo(fault, err=True)
    if is_json:
        click.echo(json.dumps([show.list_record(entry) for entry in found], indent=2, ensure_ascii=False))
    elif found:
        table(show.LIST_COLUMNS, show.list_rows(found), piped=160)
        click.echo(count(len(found), "lens"))
    else:
        click.echo("no lens is like that", err=True)


@lenses.command(epilog="Example: tenbit lenses show summilux-m-35-1.4-asph-fle --sensor 1-inch --plot fle.png")
@click.argument("lens")
@click.option("--sensor", default="36x24", show_default=True, help="36x24, aps-c, 1-inch, or width x height in mm.")
@click.option("--pixel-um", type=click.FloatRange(min=0.1, max=100), help="Pixel pitch of the sensor, µm.")
@click.option("--f-number", type=click.FloatRange(min=0.5, max=64), help="Fall-off at this aperture only.")
@click.option("--focal", "focal_mm", type=click.FloatRange(min=1), help="Of a lens with several focal lengths, mm.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write the curves as .png or .svg.")
@click.option("--json", "is_json", is_flag=True, help="An object with all of it.")
def show(
    lens: str,
    sensor: str,
    pixel_um: float | None,
    f_number: float | None,
    focal_mm: float | None,
    plot: Path | None,
    is_json: bool,
) -> None:
    """All that is known of LENS (a slug, or its name as in 'summilux 35 fle'), with curves to a sensor's corner."""
    from tenbit.pipeline import plots
    from tenbit.pipeline.lenses import catalogue, draw, names, sensors
    from tenbit.pipeline.lenses import show as shown
    from tenbit.pipeline.lenses.best import Settings

    slug = names.resolved(lens)[0]
    on = sensors.sensor_of(sensor, pixel_um)
    known = catalogue.lens(slug)
    settings = Settings(focal_mm or (known.focal_mm[0] if len(known.focal_mm) == 1 else None), f_number)
    for fault in catalogue.faults():
        click.echo(fault, err=True)
    curves = [panel for panel in draw.panels(slug, on, settings) if panel.curves]
    if plot is not None:
        if not curves:
            raise click.UsageError(f"--plot: nothing is known of {slug} that could be drawn")
        plots.save(plot, curves)
    if is_json:
        click.echo(json.dumps(shown.record(slug, on, settings), indent=2, ensure_ascii=False))
        return
    table(("lens", known.name), shown.fact_rows(slug), piped=_PIPED_COLUMNS)
    optics, notes = draw.applied(slug, settings, on)
    click.echo(f"\nOn {on.name} (corner {on.corner_mm:.2f} mm from the axis, pixels of {on.pixel_um:g} µm)")
    table(shown.APPLIED_COLUMNS, shown.applied_rows(optics, on), piped=_PIPED_COLUMNS)
    for note in notes:
        click.echo(f"note: {note}")
    if measured := shown.measured_rows(slug):
        click.echo("\nWhat is known")
        table(shown.MEASURED_COLUMNS, measured, piped=_PIPED_COLUMNS)
    if curves:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 80
        click.echo("\n" + plots.as_text(curves, min(width, 100)))
    else:
        click.echo("\nNothing is known that could be drawn: tenbit calibrate measures a lens.")
    if plot is not None:
        click.echo(f"\n{plot}")


@lenses.command(epilog="Example: tenbit lenses match phone/*.dng --lens 'summilux 35 fle' --remember")
@click.argument("inputs", nargs=-1, required=True, metavar="FILE...")
@lens_options
@click.option("--camera", help=CAMERA_HELP)
@click.option("--remember", is_flag=True, help="Write --lens and what else is given into the folder's tenbit.yaml.")
@click.option("--json", "is_json", is_flag=True, help="A list of objects.")
def match(inputs: tuple[str, ...], asked: Asked, camera: str | None, remember: bool, is_json: bool) -> None:
    """Which lens each FILE was taken with, why, and what of it would be corrected."""
    from tenbit.pipeline import foreseen, jobs
    from tenbit.pipeline.errors import ReadError, TenbitError
    from tenbit.pipeline.lenses import beside, catalogue, matched, names

    if remember and asked.lens is None:
        raise click.UsageError("--remember writes what --lens says, and there is none")
    of_dumps = foreseen.camera_from(camera)
    if isinstance(asked.lens, str) and asked.lens != "none":
        asked = replace(asked, lens=names.resolved(asked.lens, "--lens")[0])
    paths = [found.path for found in jobs.find_inputs(inputs)]
    for folder in dict.fromkeys(path.parent for path in paths) if remember else ():
        click.echo(f"{beside.remember(folder, asked)}: remembered", err=True)
    for fault in catalogue.faults():
        click.echo(fault, err=True)
    records, failed = [], 0
    for path in paths:
        try:
            records.append(matched.matched(path, asked, camera=of_dumps))
        except TenbitError as error:
            failed += 1
            click.echo(f"{path}: {error.reason if isinstance(error, ReadError) else error}", err=True)
        else:
            if not is_json:
                click.echo("\n".join(matched.told(records[-1])))
    if is_json:
        click.echo(json.dumps(records, indent=2, ensure_ascii=False))
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


@lenses.command("import", epilog="Example: tenbit lenses import ~/profiles/fle.lcp --lens 'summilux 35 fle'")
@click.argument("file", type=click.Path(path_type=Path))
@lens_options
@click.option("--unit-mm", type=click.FloatRange(1, 100), help="Radius that counts as 1 in a .cpf; else the corner's.")
@click.option(
    "--aperture-is",
    type=click.Choice(("apex", "f-number")),
    default="apex",
    show_default=True,
    help="What an .lcp's ApertureValue is.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A YAML file of your own.")
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
def import_profile(
    file: Path,
    asked: Asked,
    unit_mm: float | None,
    aperture_is: Literal["apex", "f-number"],
    output: Path | None,
    overwrite: bool,
) -> None:
    """Make a profile of yours from FILE: an .lcp (Adobe), a .cpf (CornerFix) or a .json (gyroflow)."""
    from tenbit.pipeline.lenses import imports

    wishes = imports.wishes_of(asked, unit_mm=unit_mm, aperture_is=aperture_is)
    place = imports.place_for(file, wishes, output)
    if place.exists() and not overwrite:
        raise click.UsageError(f"{place} exists already; --overwrite replaces")
    imported = imports.import_file(file, wishes)
    imports.keep(place, file, imported)
    for text in imported.found:
        click.echo(text)
    for text in imported.left_out:
        click.echo(f"note: {text}", err=True)
    click.echo(f"{place}: {imports.meant_for(imported.profile, place)}")


lenses.add_command(suggest)


def _range(text: str | None) -> tuple[float, float]:
    """Focal lengths from and to."""
    if text is None:
        return 0.0, 0.0
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:\s*-\s*(\d+(?:\.\d+)?))?(?:\s*mm)?", text)
    if found is None:
        raise click.UsageError(f"--focal: {text!r} is no focal length, such as 35 or 28-35")
    low, high = sorted((float(found[1]), float(found[2] or found[1])))
    return low, high
