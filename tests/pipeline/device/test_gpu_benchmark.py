"""What benchmarks/gpu.py asks of a card, on the strict stand-in for CuPy."""

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[3] / "benchmarks" / "gpu.py"


@pytest.fixture
def gpu(monkeypatch):
    spec = importlib.util.spec_from_file_location("gpu_benchmark", PATH)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_copies_are_timed_by_events(gpu, card):
    # The stand-in's clock says one millisecond, whatever is between two events.
    rates = gpu.ceilings(card, 1000, rounds=2)
    assert rates == {"card": 2e6, "up": 1e6, "down": 1e6}


def test_chains_are_timed_by_the_kernels_and_frame_to_frame(gpu, card, monkeypatch):
    monkeypatch.setattr(gpu, "shipped_chains", list)
    (timed,) = gpu.timings(card, {"tiny": (8, 12)}, {"card": 1e6, "up": 1e6, "down": 1e6}, rounds=2)
    assert (timed.chain, timed.kernel_ms) == ("standard with a lens", 1.0)
    assert timed.up_ms == pytest.approx(1.25 * 8 * 12 / 1e3)
    assert timed.down_ms == pytest.approx(3 * 8 * 12 / 1e3)
    assert timed.share_of_copy == pytest.approx(4.25 * 8 * 12 / 1e-3 / 1e6)
    assert timed.share_of_slowest > 0
    assert card.cupy.replays > 0
