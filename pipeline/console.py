"""The former home of `tenbit.pipeline.progress`, until nothing imports it."""

from __future__ import annotations

from typing import Any

from tenbit.pipeline import progress
from tenbit.pipeline.progress import Stopped, let_go, shown, stoppable

__all__ = ["Progress", "Stopped", "let_go", "shown", "stoppable"]


class Progress:
    """A reporter of kind ``auto``."""

    def __init__(self, total: int, doing: str = "developing") -> None:
        self._reporter = progress.reporter("auto", total, doing=doing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reporter, name)

    def __enter__(self) -> progress.Reporter:
        return self._reporter.__enter__()

    def __exit__(self, *what: Any) -> None:
        self._reporter.__exit__(*what)

    def sum_up(self, outcomes: object, *, is_stopped: bool) -> None:
        """Of all outcomes that were shown."""
        self._reporter.sum_up(is_stopped=is_stopped)
