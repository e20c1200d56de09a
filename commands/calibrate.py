"""``tenbit calibrate``: measure a camera or a lens from frames taken for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from tenbit.commands._text import CAMERA_HELP, SOME_FAILED, count, table

F = TypeVar("F", bound=Callable[..., Any])
OUTPUT_HELP = "A profile; by default the lens's own in the folder of your profiles."


@click.group()
def calibrate() -> None:
    """Measure a camera or a lens from frames taken for it."""


@calibrate.command(epilog="Example: tenbit calibrate dark dark/*.dng -o dark.yaml, then develop --defects dark.yaml")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A YAML file.")
@click.option("--k-sigma", type=click.FloatRange(3, 50), default=6.0, show_default=True, help="What is a defect.")
@click.option("--camera", help=CAMERA_HELP)
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
def dark(inputs: tuple[str, ...], output: Path, k_sigma: float, camera: str | None, overwrite: bool) -> None:
    """Black level, read noise and defective sites from frames taken with the lens cap on."""
    from tenbit.pipeline import foreseen, jobs
    from tenbit.pipeline.calibrate import dark as measured

    if output.suffix not in (".yaml", ".yml"):
        raise click.UsageError(f"--output: {output} is no .yaml file")
    if output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; --overwrite replaces")
    of_dumps = foreseen.camera_from(camera)
    paths = [found.path for found in jobs.find_inputs(inputs)]
    found, failed = measured.dark(paths, camera=of_dumps, k_sigma=k_sigma, said=lambda text: click.echo(text, err=True))
    measured.write_dark(output, found)
    table(measured.COLUMNS, found.table())
    click.echo(f"{output}: {count(len(found.sites), 'defective site')} of {found.rows} x {found.cols}")
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _of_lens(command: F) -> F:
    """Options of the commands that measure a lens from frames."""
    options = [
        click.argument("inputs", nargs=-1, required=True, metavar="SHOT..."),
        click.option("--lens", required=True, help="A slug or a name, as tenbit lenses lists them."),
        click.option("--focal", type=click.FloatRange(1, 5000), help="Focal length, mm: of a lens that has several."),
        click.option("--focus", metavar="METRES", help="Distance that the lens was focused to, or inf."),
        click.option("--sensor", metavar="SIZE", help="36x24 in mm, 1-inch …, where files do not say it."),
        click.option("--camera", help=CAMERA_HELP),
        click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=OUTPUT_HELP),
        click.option(
            "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Also as a picture, .png or .svg."
        ),
        click.option("--overwrite", is_flag=True, help="Replace a measurement for the same settings."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@calibrate.command(epilog="Example: tenbit calibrate lines chart/*.dng --lens 'summilux 35 fle' --plot lines.png")
@_of_lens
@click.option(
    "--model",
    type=click.Choice(["even", "ptlens"]),
    default="even",
    show_default=True,
    help="Formula: even powers of the radius, as a lens has them; or lensfun's ptlens.",
)
def lines(model: str, **given: Any) -> None:
    """Distortion of a lens from frames of a chart, a grid, or anything with long straight edges."""
    from tenbit.pipeline.calibrate import lines as measured

    _measured(measured.lines, measured.COLUMNS, model=model, **given)


@calibrate.command(epilog="Example: tenbit calibrate colour walks/*.dng --lens 'summilux 35 fle'")
@_of_lens
def colour(**given: Any) -> None:
    """Lateral colour of a lens from the edges of many frames of anything."""
    from tenbit.pipeline.calibrate import colour as measured

    _measured(measured.colour, measured.COLUMNS, **given)


@calibrate.command(epilog="Example: tenbit calibrate flat sky/*.dng --lens 'summilux 35 fle' --illuminant overcast")
@_of_lens
@click.option("--f-number", type=click.FloatRange(0.5, 128), help="Of all frames, where files do not say it.")
@click.option("--illuminant", help="What the light was, for the profile.")
@click.option("--turned", "is_turned", is_flag=True, help="Half of the frames: camera turned by 180 degrees.")
@click.option(
    "--defects", type=click.Path(dir_okay=False, path_type=Path), help="Sites to leave out, of calibrate dark."
)
def flat(defects: Path | None, **given: Any) -> None:
    """Fall-off and colour shading of a lens on a sensor from frames of even light.

    Such frames show nothing: an overcast sky or a wall through white paper or acrylic before the lens, four or more for
    each aperture, half of them with the camera turned by 180 degrees; well exposed, no colour clipped.
    """
    from tenbit.pipeline.calibrate import flat as measured
    from tenbit.pipeline.raw.defects import load_defects

    sites = None if defects is None else load_defects(defects)
    _measured(measured.flat, measured.COLUMNS, defects=sites, **given)


def _measured(
    measure: Callable[..., tuple[Any, int]],
    columns: Sequence[str],
    *,
    inputs: tuple[str, ...],
    lens: str,
    focal: float | None,
    focus: str | None,
    sensor: str | None,
    camera: str | None,
    output: Path | None,
    plot: Path | None,
    overwrite: bool,
    **more: Any,
) -> None:
    """Measure, tell, plot, write."""
    from tenbit.pipeline import foreseen, jobs, plots
    from tenbit.pipeline.calibrate import kept
    from tenbit.pipeline.lenses import asked as asking

    place = kept.place_for(lens, output, focal_mm=focal)
    if plot is not None:
        plots.check(plot)
    asked = asking.of_options(lens=place.slug or None, focus=focus, sensor=sensor)
    of_dumps = foreseen.camera_from(camera)
    paths = [found.path for found in jobs.find_inputs(inputs)]
    found, refused = measure(paths, asked=asked, camera=of_dumps, said=lambda text: click.echo(text, err=True), **more)
    measurement = found.measurement(focal_mm=focal, focus_m=asked.focus_m)
    table(columns, found.table())
    click.echo(plots.as_text(found.panels(), min(shutil.get_terminal_size().columns, 100)))
    for line in found.lines():
        click.echo(line)
    kept.keep(place, measurement, is_replacing=overwrite)
    click.echo(f"{place.path}: {measurement.source} of {place.label}")
    if plot is not None:
        plots.save(plot, found.panels())
    if refused:
        raise click.exceptions.Exit(SOME_FAILED)
