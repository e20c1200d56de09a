"""``tenbit lenses``: the catalogue, what is known of a lens, and which one a file was taken with."""

from __future__ import annotations

import click


@click.group(invoke_without_command=True)
@click.pass_context
def lenses(ctx: click.Context) -> None:
    """List the lenses, show what is known of one, find the one that a file names."""
