"""What the commands share: tables, counts, texts of options."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import click

SOME_FAILED = 1
CAMERA_HELP = (
    "For sensor dumps: a shipped camera's name, a camera file, or fields: '{rows: 480, cols: 640, cfa: RGGB}'."
)

DEFECTS_HELP = "Defective sites for defect_pixels: a file that `tenbit calibrate dark` wrote."


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, piped: int | None = None) -> None:
    """Rows under their columns; wrapped to the terminal's width, or to ``piped`` columns elsewhere."""
    from tenbit.pipeline.describe import table as as_text

    click.echo(as_text(columns, rows, width=shutil.get_terminal_size().columns if sys.stdout.isatty() else piped))


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('s') else 's'}"


def lens_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with options that say what files do not say of the lens; it gets them as ``asked``."""

    @wraps(command)
    def with_asked(
        *args: Any, lens: str | None, f_number: float | None, focus: str | None, sensor: str | None, **kwargs: Any
    ) -> Any:
        from tenbit.pipeline.lenses.asked import of_options

        return command(*args, asked=of_options(lens, f_number, focus, sensor), **kwargs)

    for option in (
        click.option("--sensor", metavar="SIZE", help="Where files do not say it: 36x24 in mm, full-frame, 1-inch …"),
        click.option("--focus", metavar="METRES", help="Distance that the lens was set to, or inf."),
        click.option("--f-number", type=click.FloatRange(0.5, 128), help="Aperture, where the file says none."),
        click.option("--lens", help="A lens ('summilux 35 fle', see tenbit lenses), a profile's file, or none."),
    ):
        with_asked = option(with_asked)
    return with_asked
