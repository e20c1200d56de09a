"""What is installed and what is missing."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from tenbit.pipeline import doctor
from tenbit.pipeline.device import driver
from tenbit.pipeline.errors import DeviceError


def by_topic() -> dict[str, doctor.Finding]:
    return {finding.topic: finding for finding in doctor.examine()}


def test_every_package_has_its_version() -> None:
    found = by_topic()
    for name in ("numpy", "numba", "rawpy", "pydantic", "ruamel.yaml", "click"):
        assert found[name] == doctor.Finding(name, metadata.version(name))
    assert "pytest" not in found


def test_a_missing_package_comes_with_the_command_that_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name == "rawpy":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    missing = by_topic()["rawpy"]
    assert missing.found == "missing"
    assert missing.remedy.startswith("pip install 'rawpy")
    assert doctor.versions()["rawpy"] == "missing"


@pytest.mark.parametrize(
    ("version", "found", "remedy"),
    [
        ((13, 0), "cuda:0: CuPy is not installed", "pip install 'tenbit[cuda13]'"),
        ((12, 4), "cuda:0: CuPy is not installed", "pip install 'tenbit[cuda12]'"),
        (
            (11, 8),
            "cuda:0: CuPy is not installed",
            "the driver knows CUDA 11.8; one that knows 12.0 or newer is needed",
        ),
        (None, "no NVIDIA driver, so the CPU is used", ""),
    ],
)
def test_a_gpu_without_its_packages_comes_with_the_command_for_its_driver(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int] | None, found: str, remedy: str
) -> None:
    def choose(name: str) -> None:
        raise DeviceError(f"cuda:0: CuPy is not installed ({driver.install_hint()})")

    monkeypatch.setattr(doctor, "choose", choose)
    for module in (doctor, driver):
        monkeypatch.setattr(module, "driver_version", lambda: version)
    assert by_topic()["gpu"] == doctor.Finding("gpu", found, remedy)


def test_a_gpu_that_fails_for_another_reason_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(name: str) -> None:
        raise DeviceError("cuda:0: no usable NVIDIA driver (stub)")

    monkeypatch.setattr(doctor, "choose", choose)
    assert by_topic()["gpu"] == doctor.Finding("gpu", "cuda:0: no usable NVIDIA driver (stub)")


def test_the_cache_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENBIT_CACHE", str(tmp_path / "cache"))
    assert by_topic()["cache"].found == f"{tmp_path / 'cache'} (empty so far)"
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "tenbit_1.py").write_bytes(b" " * (3 << 20))
    assert by_topic()["cache"].found == f"{tmp_path / 'cache'}: 1 loops, 3.0 MiB"
