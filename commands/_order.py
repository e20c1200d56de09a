"""Options that say how files are developed, for every command that develops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from tenbit.commands._text import CAMERA_HELP, DEFECTS_HELP, lens_options

if TYPE_CHECKING:
    from tenbit.pipeline.batch import Existing, Isolate, Order
    from tenbit.pipeline.config import Chain
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.progress import Kind, Log, Reporter


@dataclass(frozen=True)
class Wanted:
    """What the user says of how files are developed and what is told of them; see `order_options`."""

    chain: str
    overrides: tuple[str, ...]
    long_edge: int | None
    device: str | None
    asked: Asked
    camera: str | None
    defects: str | None
    isolate: str
    progress: str
    log: str | None
    debug: bool

    def order(self, chain: Chain, *, existing: Existing = "refuse", manifest: Path | None = None) -> Order:
        """The order for a chain that was checked.

        Raises
        ------
        RequestError
            If a camera, a list of defects or a lens cannot be meant.
        """
        from tenbit.pipeline import batch, foreseen
        from tenbit.pipeline.lenses.resolve import check_lens
        from tenbit.pipeline.raw.defects import defects_from

        of_dumps, listed = foreseen.camera_from(self.camera), defects_from(self.defects)
        check_lens(chain, self.asked)
        return batch.Order(
            chain,
            device=self.device,
            camera=of_dumps,
            defects=listed,
            asked=self.asked,
            existing=existing,
            manifest=manifest,
            isolate=cast("Isolate", self.isolate),
        )

    def reporter(self, total: int | None, doing: str) -> Reporter:
        """Who tells of the files."""
        from tenbit.pipeline import progress

        return progress.reporter(cast("Kind", self.progress), total, doing=doing, log=cast("Log | None", self.log))


def order_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with options that say how files are developed; it gets them as ``wanted``."""

    @wraps(command)
    def with_wanted(*args: Any, **kwargs: Any) -> Any:
        mine = {name: kwargs.pop(name) for name in Wanted.__dataclass_fields__}
        return command(*args, wanted=Wanted(**mine), **kwargs)

    wrapped: Callable[..., Any] = with_wanted
    for option in (
        click.option("--debug", is_flag=True, help="Show the traceback of internal errors."),
        click.option("--log", help="How warnings and failures are written to stderr: text (default) or json."),
        click.option("--progress", default="auto", show_default=True, help="Or json, openjd, none."),
        click.option(
            "--isolate",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            help="Read files in a process of its own: those of LibRaw, all, or none.",
        ),
        click.option("--defects", help=DEFECTS_HELP),
        click.option("--camera", help=CAMERA_HELP),
        lens_options,
        click.option("--device", envvar="TENBIT_DEVICE", help="auto (default), cpu, cuda or cuda:N."),
        click.option("--long-edge", type=click.IntRange(min=1), metavar="PX", help="Of the picture's longer side."),
        click.option("--set", "overrides", multiple=True, metavar="STAGE.NAME=VALUE", help="Change a chain's value."),
        click.option("-c", "--chain", default="standard", show_default=True, help="A shipped chain, or a chain file."),
    ):
        wrapped = option(wrapped)
    return wrapped
