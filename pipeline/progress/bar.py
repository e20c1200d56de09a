"""A bar on a terminal, and the lines above it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from tenbit.pipeline.progress.reporter import Reporter
from tenbit.pipeline.progress.streams import shown

if TYPE_CHECKING:
    from rich.progress import Progress, Task
    from rich.text import Text


class Bar(Reporter):
    """Lines above a bar with the rate, what failed, the time to go and the file at work."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._progress: Progress | None = None
        self._at = ""

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn
        from rich.table import Column

        reporter = self

        class Figures(ProgressColumn):
            def render(self, task: Task) -> Text:
                return reporter._figures()

        class At(ProgressColumn):
            def render(self, task: Task) -> Text:
                return reporter._name()

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            Figures(Column(no_wrap=True)),
            At(Column(no_wrap=True, overflow="ellipsis")),
            console=Console(stderr=True),
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task(self._doing, total=self.tally.total)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._progress:
            # A terminal that was closed takes no last line; what stopped the batch must not be lost over it.
            with suppress(OSError):
                self._progress.stop()
            self._progress = None

    def _figures(self) -> Text:
        """``3.2 frames/s, 40 MP/s, 2 failed, 1:02 to go``, as far as it is known."""
        from rich.text import Text

        parts = [Text(text) for text in self.tally.speed]
        if self.failed:
            parts.append(Text(f"{self.failed} failed", "bold red"))
        if (eta_s := self.tally.eta_s) is not None:
            parts.append(Text(f"{clock(eta_s)} to go"))
        return Text(", ").join(parts)

    def _name(self) -> Text:
        from rich.text import Text

        return Text(shown(self._at), "dim")

    def _begun(self, source: Path) -> None:
        self._at = source.name

    def _finished(self, record: dict[str, Any]) -> None:
        if self._progress:
            self._progress.advance(self._task)

    def _put(self, text: str, stream: TextIO) -> None:
        if self._progress and stream.isatty():
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            super()._put(text, stream)


def clock(seconds: float) -> str:
    """``1:02``, or ``3:01:02`` of an hour and more."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
