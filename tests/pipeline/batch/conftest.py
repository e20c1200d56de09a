"""Frames that come from no file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenbit.pipeline import foreseen
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Frame


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Frame]:
    """Instead of reading files: a small frame by the file's name; ``broken`` and worse names fail."""

    def read(path: Path, *, camera: Any = None, keep_packed: bool = False) -> Frame:
        faults: dict[str, BaseException] = {
            "broken": ReadError("cut off"),
            "huge": MemoryError(),
            "bug": ZeroDivisionError("division\nby zero"),
            "stop": KeyboardInterrupt(),
        }
        if fault := faults.get(Path(path).stem):
            raise fault
        mosaic = np.random.default_rng(len(str(path))).integers(64, 1024, (8, 12), np.uint16)
        return Frame.from_mosaic(mosaic, cfa="RGGB", black=64, white=1023)

    monkeypatch.setattr(foreseen, "read", read)
    return read
