"""Choosing a device: auto falls back and says why, cuda never does."""

import os

import pytest

from tenbit.pipeline import device
from tenbit.pipeline.device import cuda, driver, host
from tenbit.pipeline.errors import DeviceError


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    monkeypatch.delenv("TENBIT_DEVICE", raising=False)
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "0")
    device._opened.cache_clear()
    yield
    device._opened.cache_clear()


def without_cupy(monkeypatch):
    monkeypatch.setattr(cuda.importlib.util, "find_spec", lambda name: None)


def with_driver(monkeypatch, version):
    monkeypatch.setattr(driver, "driver_version", lambda: version)


def test_auto_without_cupy_is_the_cpu_and_says_why(monkeypatch):
    without_cupy(monkeypatch)
    with_driver(monkeypatch, None)
    chosen, note = device.choose("auto")
    assert chosen.name == "cpu"
    assert note is not None
    assert note.startswith("no GPU is used: CuPy is not installed (pip install 'tenbit[cuda12]' or 'tenbit[cuda13]'")


@pytest.mark.parametrize(
    ("version", "extra", "hint"),
    [
        (None, "", "pip install 'tenbit[cuda12]' or 'tenbit[cuda13]', as the driver supports"),
        ((11, 8), "", "the driver knows CUDA 11.8; one that knows 12.0 or newer is needed"),
        ((12, 0), "cuda12", "pip install 'tenbit[cuda12]'"),
        ((12, 9), "cuda12", "pip install 'tenbit[cuda12]'"),
        ((13, 0), "cuda13", "pip install 'tenbit[cuda13]'"),
        ((14, 1), "cuda13", "pip install 'tenbit[cuda13]'"),
    ],
)
def test_the_extra_is_the_one_that_the_driver_supports(monkeypatch, version, extra, hint):
    with_driver(monkeypatch, version)
    without_cupy(monkeypatch)
    assert device.driver_extra() == extra
    assert device.choose("auto")[1] == f"no GPU is used: CuPy is not installed ({hint})"


class Library:
    """A driver's library that answers with a number, or an error."""

    def __init__(self, number, status=0):
        self.number, self.status = number, status

    def cuDriverGetVersion(self, pointer):  # noqa: N802  the driver's name
        pointer._obj.value = self.number
        return self.status


@pytest.mark.parametrize(
    ("library", "version"),
    [
        (Library(13020), (13, 2)),
        (Library(12040), (12, 4)),
        (Library(0), None),
        (Library(12040, status=1), None),
        (object(), None),
    ],
)
def test_the_driver_is_asked_for_its_version(monkeypatch, library, version):
    monkeypatch.setattr(driver.ctypes, "CDLL", lambda name: library)
    assert device.driver_version() == version


def test_a_machine_without_a_driver_has_no_version(monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(driver.ctypes, "CDLL", missing)
    assert device.driver_version() is None


def test_auto_without_a_driver_says_so(monkeypatch):
    monkeypatch.setattr(device, "unusable", lambda number: "no usable NVIDIA driver (no CUDA-capable device)")
    assert device.choose(None)[1] == "no GPU is used: no usable NVIDIA driver (no CUDA-capable device)"


def test_auto_on_a_card_that_cannot_be_opened_says_so(monkeypatch):
    def broken(number):
        raise DeviceError("cuda:0: cudaErrorDevicesUnavailable: all CUDA-capable devices are busy")

    monkeypatch.setattr(device, "unusable", lambda number: None)
    monkeypatch.setattr(device, "CudaDevice", broken)
    chosen, note = device.choose("auto")
    assert chosen.name == "cpu"
    assert note == "no GPU is used: cuda:0: cudaErrorDevicesUnavailable: all CUDA-capable devices are busy"
    with pytest.raises(DeviceError, match="devices are busy"):
        device.choose("cuda")


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


def test_the_simulator_is_a_device_of_its_own(monkeypatch):
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "1")
    assert device.choose("cuda:0")[0].name == "cuda:0 (simulator)"


@pytest.mark.parametrize(
    ("text", "expected"), [("max 100000", 64), ("200000 100000", 2), ("150000 100000", 2), ("1 100000", 1), ("", 64)]
)
def test_a_container_has_as_many_cores_as_its_time_is_worth(text, expected, tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text(text)
    monkeypatch.setattr(host, "_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert host.usable_cores() == expected
    monkeypatch.setattr(host, "_QUOTA", tmp_path / "not-there")
    assert host.usable_cores() == 64
