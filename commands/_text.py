"""What the commands share: tables, counts, texts of options."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

import click

SOME_FAILED = 1
CAMERA_HELP = (
    "For sensor dumps: a shipped camera's name, a camera file, or fields: '{rows: 480, cols: 640, cfa: RGGB}'."
)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, piped: int | None = None) -> None:
    """Rows under their columns; wrapped to the terminal's width, or to ``piped`` columns elsewhere."""
    from tenbit.pipeline.describe import table as as_text

    click.echo(as_text(columns, rows, width=shutil.get_terminal_size().columns if sys.stdout.isatty() else piped))


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('s') else 's'}"
