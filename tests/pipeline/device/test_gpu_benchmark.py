"""What benchmarks/gpu.py asks of a card, on the strict stand-in for CuPy."""

import gpu
import pytest


def test_chains_are_timed_by_the_kernels_and_frame_to_frame(card, monkeypatch):
    monkeypatch.setattr(gpu, "shipped_chains", list)
    (timed,) = gpu.timings(card, {"tiny": (8, 12)}, {"card": 1e6, "up": 1e6, "down": 1e6}, rounds=2)
    assert timed.chain == "standard with a lens"
    assert timed.kernel_ms > 0
    assert timed.up_ms == pytest.approx(1.25 * 8 * 12 / 1e3)
    assert timed.down_ms == pytest.approx(3 * 8 * 12 / 1e3)
    assert timed.share_of_copy == pytest.approx(4.25 * 8 * 12 / (timed.kernel_ms / 1e3) / 1e6)
    assert timed.share_of_slowest > 0
    assert card.cupy.replays > 0
