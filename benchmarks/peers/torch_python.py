"""Which Python has torch: the one that ``--torch`` names, else the benchmark's own."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

VARIABLE = "BESIDE_TORCH"
# The wheel that PyPI has brings three gigabytes of CUDA; this index has one without.
INSTALL = (
    "python -m venv .torch && .torch/bin/pip install torch kornia --extra-index-url https://download.pytorch.org/whl/cpu"
    " && make peers TORCH=.torch/bin/python"
)


@cache
def python() -> str | None:
    """Its path; None if it cannot import torch."""
    path = os.environ.get(VARIABLE) or sys.executable
    is_there = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    try:
        return path if subprocess.run((path, "-c", is_there), capture_output=True).returncode == 0 else None
    except OSError:
        return None
