"""tenbit develops 10-bit RAW through one YAML chain, on the GPU when there is one and on the CPU when there is not.

>>> import numpy as np, tenbit
>>> frame = tenbit.Frame.from_mosaic(np.full((4, 6), 0.5, np.float32), cfa="RGGB")
>>> tenbit.run(frame, [{"demosaic": {"method": "bilinear"}}], device="cpu").samples.shape
(4, 6, 3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Frame", "TenbitError", "__version__", "read", "run", "write"]

if TYPE_CHECKING:
    from tenbit.pipeline.errors import TenbitError
    from tenbit.pipeline.frame import Frame
    from tenbit.pipeline.raw import read
    from tenbit.pipeline.run import run
    from tenbit.pipeline.write import write

_HOMES = {"Frame": "frame", "TenbitError": "errors", "read": "raw", "run": "run", "write": "write"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tenbit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"tenbit.pipeline.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
