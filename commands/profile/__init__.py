"""``tenbit profile``: time a chain, run an experiment, compare, make a page."""

from __future__ import annotations

import click

from tenbit.commands.profile.chain import chain
from tenbit.commands.profile.compare import compare
from tenbit.commands.profile.experiment import experiment
from tenbit.commands.profile.report import report


class _Profile(click.Group):
    """A group whose first argument may be a chain: then it is ``chain``, the command that is left out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_help = args[:1] in (["-h"], ["--help"])
        if args and args[0] not in self.commands and not asks_help:
            args = ["chain", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Profile,
    epilog="Example: tenbit profile standard --sample 50mp --split --save standard.json",
    options_metavar="",
    subcommand_metavar="CHAIN [FILE]... | COMMAND [ARGS]...",
)
def profile() -> None:
    """Time a chain pass by pass; or run an experiment, compare profiles, make a page of them.

    Without the name of a command it is `chain`: tenbit profile standard.
    """


profile.add_command(chain)
profile.add_command(compare)
profile.add_command(experiment)
profile.add_command(report)
