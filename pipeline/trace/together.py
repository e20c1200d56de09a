"""Several recorders that listen at once."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import Any

from tenbit.kernels._spans import Recorder


class Together:
    """What tells each of several recorders, in their order.

    Parameters
    ----------
    *recorders : Recorder
    """

    def __init__(self, *recorders: Recorder) -> None:
        self._recorders = recorders

    def span(self, kind: str, name: str, facts: dict[str, Any]) -> AbstractContextManager[object]:
        return _Spans([one.span(kind, name, facts) for one in self._recorders])

    def wants(self, kind: str) -> bool:
        return any(one.wants(kind) for one in self._recorders)

    def add(self, kind: str, name: str, track: str, began_s: float, seconds: float, facts: dict[str, Any]) -> None:
        for one in self._recorders:
            if one.wants(kind):
                one.add(kind, name, track, began_s, seconds, facts)


class _Spans(ExitStack):
    """Contexts that are entered together."""

    def __init__(self, contexts: list[AbstractContextManager[object]]) -> None:
        super().__init__()
        self._contexts = contexts

    def __enter__(self) -> _Spans:
        for context in self._contexts:
            self.enter_context(context)
        return self
