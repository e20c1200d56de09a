"""The benchmark for cards, rehearsed: on numba's simulator, and on the strict stand-in for CuPy."""

import json

import gpu as benchmark
import numpy as np
import pytest

from tenbit.kernels import STAGES
from tenbit.pipeline.raw.packed import unpack_raw10


@pytest.fixture
def gpu(monkeypatch):
    """The benchmark as a module, with one bit depth and the quickest of chains to save time."""
    monkeypatch.setattr(benchmark, "CODES", {8: 1})
    monkeypatch.setattr(benchmark, "shipped_chains", lambda: ["fast"])
    quick = ("demosaic.method=bilinear", "highlights.method=clip")
    monkeypatch.setattr(benchmark, "LENS", (*benchmark.LENS, *quick))
    monkeypatch.setattr(benchmark, "REHEARSED", {"tiny": (8, 8)})
    return benchmark


def test_every_stage_is_held_against_the_cpu(gpu):
    cases = {name: chain for name, _, chain in gpu.cases(12, 16)}
    assert {name.split()[0] for name in cases} == {*STAGES, "raw10"}
    assert all(name in chain[-1] for name, chain in cases.items() if name in STAGES)
    for _, frame, chain in gpu.cases(12, 16):
        assert gpu.planned(frame, chain, 8).passes


def test_a_rehearsal_checks_and_times(gpu, tmp_path, monkeypatch, capsys):
    # All cases are compiled for the CPU in minutes; the stages' own tests hold both targets together.
    some = [case for case in gpu.cases(12, 16) if case[0] in ("tone", "histogram", "raw10")]
    monkeypatch.setattr(gpu, "cases", lambda rows, cols: some)
    assert gpu.main(["--rehearse", "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "simulator.json").read_text("utf-8"))
    assert found["is_rehearsal"]
    assert [(one["stage"], one["is_same"]) for one in found["parity"]] == [(case[0], True) for case in some]
    assert [one["chain"] for one in found["chains"]] == ["fast", "standard with a lens"]
    assert all(one["kernel_ms"] > 0 and one["frame_ms"] > 0 for one in found["chains"])
    assert set(found["copies_bytes_per_s"]) == {"card", "up", "down"}
    assert "beside the CPU" in capsys.readouterr().out


def test_a_wrong_picture_is_not_timed(gpu, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "cases", lambda rows, cols: [("tone", gpu.noise(rows, cols), gpu.BEFORE["display"])])
    monkeypatch.setattr(gpu, "CODES", {8: -1})
    assert gpu.main(["--rehearse", "--out", str(tmp_path)]) == 1
    found = json.loads((tmp_path / "simulator.json").read_text("utf-8"))
    assert "chains" not in found
    assert "nothing was timed" in " ".join(capsys.readouterr().out.split())


def test_the_packed_frame_is_raw10(gpu):
    frame = gpu.noise(4, 8)
    np.testing.assert_array_equal(unpack_raw10(gpu.packed(frame).samples), frame.samples)
