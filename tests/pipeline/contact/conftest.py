"""Sheets of made-up frames."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenbit.pipeline.contact import Sheet, write_sheet
from tenbit.pipeline.measured import Measured


def url(pixels: np.ndarray) -> str:
    handle = io.BytesIO()
    Image.fromarray(pixels).save(handle, "WEBP", quality=72)
    return f"data:image/webp;base64,{base64.b64encode(handle.getvalue()).decode()}"


def frames(count: int) -> list[Measured]:
    """Frame n has focus n / count, an ISO that runs the other way, one of three lenses; the last one is broken."""
    mark = np.zeros((30, 40, 4), np.uint8)
    mark[10, :] = 255
    panel = np.full((30, 54, 3), 40, np.uint8)
    made = []
    for n in range(count - 1):
        picture = np.full((60, 80, 3), (2 * n % 256, 90, 120), np.uint8)
        record: dict[str, Any] = {
            "chain": "fast",
            "exif": {"lens": ("Summilux 35", "Elmarit 28", None)[n % 3], "iso": 100 * (count - n)},
            "results": {
                "focus": {"score": n / count},
                "histogram": {"clipped": {"red": 0.001 * (n % 10), "green": 0.0}},
                "exposure_advice": {"suggested_ev": (n % 7 - 3) / 3} if n % 2 else {},
            },
        }
        pictures = {"rows": 60, "cols": 80, "thumb": url(picture), "marks": {"peaking": url(mark), "zebra": url(mark)},
                    "panels": {name: url(panel) for name in ("histogram", "waveform", "vectorscope")}}  # fmt: skip
        made.append(Measured(Path(f"in/frame-{n}.dng"), "raw", {"record": record, "pictures": pictures}))
    made[3] = Measured(Path("in/</script><img src=x onerror=alert(1)>.dng"), "raw", made[3].made)
    return [*made, Measured(Path("in/broken.dng"), error="no <b>such</b> file")]


@pytest.fixture(scope="session")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 300 frames."""
    path = tmp_path_factory.mktemp("sheet") / "sheet.html"
    write_sheet(path, Sheet("Walk <1> & {style}", 360), iter(frames(300)))
    return path


@pytest.fixture
def page(opened: Any, sheet: Path) -> Any:
    """The sheet, open."""
    found = opened(sheet, permissions=["clipboard-read"])
    found.wait_for_selector(".tile")
    return found
