"""Options that say how files are developed, for every command that develops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import click

from tenbit.commands._text import CAMERA_HELP, DEFECTS_HELP, lens_options

if TYPE_CHECKING:
    from tenbit.pipeline.batch import Isolate, Order
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
    read_timeout: float
    memory: str | None
    retries: int
    progress: str
    log: str | None
    debug: bool

    def for_pictures(self, output: str, *, format: str | None, quality: int | None) -> Chain:  # noqa: A002
        """The chain with the format of its pictures decided, as the outputs' names say it.

        Raises
        ------
        ChainError, RequestError
            If the chain is wrong, or the name, the format and the chain do not fit each other.
        """
        from tenbit.pipeline import config, foreseen, jobs

        aliases = {"jpg": "jpeg", "tif": "tiff"}
        shorthand = {"output.format": format and aliases.get(format.lower(), format.lower()), "output.quality": quality}
        given = [*self.overrides, *(f"{name}={value}" for name, value in shorthand.items() if value is not None)]
        is_asked = any(text.startswith("output.format=") for text in given)
        by_suffix = None if is_asked else jobs.suffix_format(output)
        chain = config.load(self.chain, overrides=given, long_edge_px=self.long_edge, format=by_suffix)
        return foreseen.settled(chain, jobs.output_format(output, chain.output.format, is_asked=is_asked))

    def order(self, chain: Chain, **more: Any) -> Order:
        """The order for a chain that was checked, with more of its fields.

        Raises
        ------
        RequestError
            If a camera, a list of defects, a lens or a size of memory cannot be meant.
        """
        from tenbit.pipeline import batch, foreseen
        from tenbit.pipeline.batch.budget import bytes_from
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
            isolate=cast("Isolate", self.isolate),
            limits=batch.Limits(seconds=self.read_timeout),
            memory_bytes=None if self.memory is None else bytes_from(self.memory),
            retries=self.retries,
            **more,
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
        click.option(
            "--read-timeout",
            type=click.FloatRange(0, 86_400, min_open=True),
            default=120.0,
            show_default=True,
            metavar="SECONDS",
            help="For reading a file in a process of its own.",
        ),
        click.option("--memory", help="Memory for frames under way: 1.5GiB, 800M; by default a quarter of all."),
        click.option(
            "--retries",
            type=click.IntRange(0, 100),
            default=0,
            show_default=True,
            help="More tries of a file that fails.",
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
