"""``tenbit profile report``: profiles and experiments as one page."""

from __future__ import annotations

from pathlib import Path

import click

from tenbit.commands._text import count

_TABLES = (".csv", ".parquet")


@click.command(epilog="Example: tenbit profile report standard.json methods.parquet -o report.html")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="One HTML file that holds everything.",
)
@click.option("--title", default="Profile", show_default=True, help="What stands above it.")
@click.option("--overwrite", is_flag=True, help="Replace an output that exists.")
def report(files: tuple[Path, ...], output: Path, title: str, overwrite: bool) -> None:
    """Put FILEs on one page: profiles that --save wrote, tables of experiments (.csv, .parquet).

    Rooflines, where the time goes, speed against quality, time by size, and all figures as tables. It opens from disk
    in any browser, needs no network, and prints.
    """
    from tenbit.pipeline.profile.page import write_page
    from tenbit.pipeline.profile.page.points import read_points
    from tenbit.pipeline.profile.record import read_profiles

    if output.resolve() in [path.resolve() for path in files]:
        raise click.UsageError(f"{output} is one of the files that the page is made of")
    if output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; --overwrite replaces it")
    profiles = read_profiles(path for path in files if path.suffix.lower() not in _TABLES)
    tables = [read_points(path) for path in files if path.suffix.lower() in _TABLES]
    size = write_page(output, title, profiles, tables)
    held = [count(len(some), noun) for some, noun in ((profiles, "profile"), (tables, "experiment")) if some]
    click.echo(f"{output}  {', '.join(held)}, {size / 1e3:.0f} kB")
