"""Spans as NVTX ranges, which NVIDIA's Nsight Systems shows beside what the card and its driver do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from tenbit.pipeline.errors import RequestError

# Nsight times these by itself; to be told of them would keep kernels from being replayed as a graph.
_OF_THE_CARD = ("pass", "up", "down")


class Ranges:
    """A recorder that pushes and pops ranges of the domain ``tenbit``, their category a span's kind.

    Without Nsight around the process a range costs next to nothing, and shows nowhere.

    Raises
    ------
    RequestError
        If nvtx is not installed.
    """

    def __init__(self) -> None:
        try:
            import nvtx
        except ImportError:
            raise RequestError("nvtx is not installed: pip install 'tenbit[profile]'") from None
        self._domain: Any = nvtx.get_domain("tenbit")

    def span(self, kind: str, name: str, facts: dict[str, Any]) -> AbstractContextManager[object]:
        return _Range(self._domain, self._domain.get_event_attributes(message=name, category=kind))

    def wants(self, kind: str) -> bool:
        return kind not in _OF_THE_CARD

    def add(self, kind: str, name: str, track: str, began_s: float, seconds: float, facts: dict[str, Any]) -> None:
        """Nothing: a range cannot be told of when it is over."""


class _Range:
    __slots__ = ("_attributes", "_domain")

    def __init__(self, domain: Any, attributes: Any) -> None:
        self._domain, self._attributes = domain, attributes

    def __enter__(self) -> None:
        self._domain.push_range(self._attributes)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._domain.pop_range()
