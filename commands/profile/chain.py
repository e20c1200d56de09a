"""``tenbit profile CHAIN``: where the time of a chain goes."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", metavar="CHAIN")
def chain(name: str) -> None:
    """Time a chain on a frame, pass by pass, beside what this machine can do at best."""
    raise click.UsageError(f"{name}: not yet")
