"""The benchmark's own modules, for tests that need its peers."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from types import ModuleType

import pytest

# As the script sets it, before Halide is loaded.
os.environ.setdefault("HL_NUM_THREADS", "2")


@pytest.fixture
def module() -> Callable[[str], ModuleType]:
    """``module("peers.opencv")``; the test is skipped where what it imports is not installed."""

    def imported(name: str) -> ModuleType:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in ("cv2", "halide"):
                raise
            pytest.skip(f"{error.name} is not installed (pip install 'tenbit[bench]')")

    return imported
