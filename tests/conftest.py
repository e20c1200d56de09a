"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

if not os.environ.get("TENBIT_TEST_GPU"):
    # Before anything imports numba: its CUDA becomes the simulator, its CPU compiler stays.
    os.environ["NUMBA_ENABLE_CUDASIM"] = "1"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real raw files beside the repository; tests that need it are skipped where it is absent."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"shared data is not here: {folder}")
    return folder
