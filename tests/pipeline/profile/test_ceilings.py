"""Ceilings: what the loops do is right, and what they moved is counted right; how fast they were says nothing here."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels._ceiling import multiply_add
from tenbit.kernels._count import operations
from tenbit.pipeline.device import CpuDevice, SimulatedDevice
from tenbit.pipeline.profile import ceilings as module
from tenbit.pipeline.profile.ceilings import TINY, ceilings


def test_every_value_is_multiplied_and_added_to_32_times():
    work = multiply_add(4, 32)
    # Twelve values, their starts and their sum.
    assert operations(work.steps[0]) == 12 * 32 * 2 + 11 + 11
    plane = np.linspace(0, 1, 4 * 32, dtype=np.float32).reshape(4, 32)
    done = CpuDevice(1).begin([work], {"mosaic": plane}, ("mosaic",)).finish().arrays["mosaic"]
    # x / 2 + 1 / 2, again and again, is 1.
    np.testing.assert_allclose(done, 12, rtol=1e-6)


def test_a_cpu_copies_in_memory_and_in_its_cache():
    effort = dataclasses.replace(TINY, copied=2**16)
    found = ceilings(CpuDevice(2), effort=effort)
    assert found.copy_bytes_per_s > 0
    assert found.operations_per_s > 0
    assert found.cache_bytes_per_s > 0
    assert (found.up_bytes_per_s, found.down_bytes_per_s) == (None, None)


def test_a_card_is_timed_by_its_own_clock(card):
    # By the stand-in's clock each thing takes a millisecond.
    found = ceilings(card, effort=dataclasses.replace(TINY, copied=1000))
    assert (found.copy_bytes_per_s, found.up_bytes_per_s, found.down_bytes_per_s) == (2e6, 1e6, 1e6)
    kernel_ms = operations(multiply_add(2, 4).steps[0]) * 2 * 4 / found.operations_per_s * 1e3
    assert kernel_ms == pytest.approx(round(kernel_ms))
    assert kernel_ms >= 1
    assert found.cache_bytes_per_s is None


def test_a_simulator_is_asked_for_next_to_nothing():
    found = ceilings(SimulatedDevice())
    assert min(found.copy_bytes_per_s, found.operations_per_s, found.up_bytes_per_s, found.down_bytes_per_s) > 0


def test_last_levels_of_cache_count_once_however_many_share_them(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CACHES", tmp_path)
    assert module._last_level_bytes() == 32 * 2**20  # where nothing is told
    for cpu, cores in enumerate(("0-1", "0-1", "2-3", "2-3")):
        for index, told in enumerate((("1", str(cpu), "48K"), ("3", cores, "24M"))):
            cache = tmp_path / f"cpu{cpu}" / "cache" / f"index{index}"
            cache.mkdir(parents=True)
            for name, text in zip(("level", "shared_cpu_list", "size"), told, strict=True):
                (cache / name).write_text(f"{text}\n", "ascii")
    assert module._last_level_bytes() == 2 * 24 * 2**20
