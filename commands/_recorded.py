"""Options that say what is recorded of a command: a trace, NVTX ranges, Python's calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tenbit.pipeline.jobs import Job

_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Recorded:
    """What the user wants to have recorded; see `recorded_options`."""

    trace: Path | None
    nvtx: bool
    cprofile: Path | None

    def __bool__(self) -> bool:
        return self.nvtx or bool(self.trace or self.cprofile)

    def check(self, work: Sequence[Job], report: Path | None, *, option: str = "--report") -> None:
        """Refuse files that would be written over others; ``option`` is what asks for ``report``.

        Raises
        ------
        RequestError
            Naming the file.
        """
        from tenbit.pipeline.errors import RequestError
        from tenbit.pipeline.jobs import check_report

        check_report(self.trace, work, option="--trace", suffixes=(".json",))
        check_report(self.cprofile, work, option="--cprofile", suffixes=(".prof", ".pstats"))
        from tenbit.pipeline.trace import is_trace

        if self.trace is not None and not is_trace(self.trace):
            raise RequestError(f"--trace: {self.trace} exists and is no trace; give it a name of its own")
        named = [path.absolute() for path in (report, self.trace, self.cprofile) if path is not None]
        if len(named) > len(set(named)):
            raise RequestError(f"{option}, --trace and --cprofile need a file each")

    def recording(self) -> AbstractContextManager[None]:
        """Inside, it is recorded.

        Raises
        ------
        RequestError
            If a file cannot be written, or nvtx is not installed.
        """
        if not self:
            return nullcontext()
        from tenbit.pipeline.trace import recorded

        said = partial(click.echo, err=True)
        return recorded(trace=self.trace, nvtx=self.nvtx, cprofile=self.cprofile, said=said)


def recorded_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with options that say what is recorded of it; it gets them as ``recorded``."""

    @wraps(command)
    def with_recorded(*args: Any, trace: Path | None, nvtx: bool, cprofile: Path | None, **kwargs: Any) -> Any:
        return command(*args, recorded=Recorded(trace, nvtx, cprofile), **kwargs)

    wrapped: Callable[..., Any] = with_recorded
    for option in (
        click.option("--cprofile", type=_FILE, help="Count Python's calls in all threads, for pstats."),
        click.option("--nvtx", is_flag=True, help="Show what is done in Nsight Systems: nsys profile tenbit …"),
        click.option("--trace", type=_FILE, help="Write what was done when, for ui.perfetto.dev."),
    ):
        wrapped = option(wrapped)
    return wrapped
