"""Choosing a device: auto falls back and says why, cuda never does."""

import pytest

from tenbit.pipeline import device
from tenbit.pipeline.errors import DeviceError


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    monkeypatch.delenv("TENBIT_DEVICE", raising=False)
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "0")
    device._opened.cache_clear()
    yield
    device._opened.cache_clear()


def without_cupy(monkeypatch):
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: None)


def test_auto_without_cupy_is_the_cpu_and_says_why(monkeypatch):
    without_cupy(monkeypatch)
    chosen, note = device.choose("auto")
    assert chosen.name.startswith("cpu (")
    assert note is not None
    assert note.startswith("no GPU is used: CuPy is not installed (pip install 'tenbit[cuda12]' or 'tenbit[cuda13]'")


def test_auto_without_a_driver_says_so(monkeypatch):
    monkeypatch.setattr(device, "_unusable", lambda number: "no usable NVIDIA driver (no CUDA-capable device)")
    assert device.choose(None)[1] == "no GPU is used: no usable NVIDIA driver (no CUDA-capable device)"


def test_cuda_never_falls_back(monkeypatch):
    without_cupy(monkeypatch)
    with pytest.raises(DeviceError, match="cuda:0: CuPy is not installed"):
        device.choose("cuda")
    monkeypatch.setenv("TENBIT_DEVICE", "cuda:1")
    with pytest.raises(DeviceError, match="cuda:1: CuPy is not installed"):
        device.choose()


def test_the_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("TENBIT_DEVICE", "cpu")
    assert device.choose() == (device.choose("cpu")[0], None)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda0", "cuda:-1"])
def test_other_names_are_refused(name):
    with pytest.raises(DeviceError, match=f"device: '{name}' is not one of auto, cpu, cuda, cuda:N"):
        device.choose(name)


def test_a_device_is_opened_once():
    assert device.choose("cpu")[0] is device.choose("cpu")[0]
