"""What is installed, what is missing, and the command that adds it."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass
from importlib import metadata

from tenbit.pipeline.device import choose, driver_version, install_hint, is_simulated, usable_cores
from tenbit.pipeline.errors import DeviceError

_REPORTED = ("numpy", "numba", "rawpy", "imageio", "imagecodecs", "tifffile", "pillow", "pydantic", "ruamel.yaml")


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's answer; ``remedy`` is the command that helps, empty where nothing is wrong."""

    topic: str
    found: str
    remedy: str = ""


def versions() -> dict[str, str]:
    """Version of Python, of tenbit and of the packages that can change a picture, by name."""
    from tenbit import __version__

    found = {"python": platform.python_version(), "tenbit": __version__}
    for name in _REPORTED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def examine() -> list[Finding]:
    """Python, packages, devices, the cache of compiled loops."""
    from tenbit import __version__

    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    return [
        Finding("tenbit", __version__),
        Finding("python", f"{platform.python_version()} ({sys.executable})"),
        Finding("system", system),
        *_packages(),
        *_devices(),
        _cache(),
        _tuning(),
    ]


def _packages() -> list[Finding]:
    """Every package that tenbit asks for: present with its version, or with the command that adds it."""
    findings = []
    for requirement in metadata.requires("tenbit") or []:
        if "extra ==" in requirement:
            continue
        match = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert match is not None
        try:
            findings.append(Finding(match[0], metadata.version(match[0])))
        except metadata.PackageNotFoundError:
            findings.append(Finding(match[0], "missing", f"pip install '{requirement}'"))
    return findings


def _devices() -> list[Finding]:
    cores = usable_cores()
    findings = [Finding("cpu", f"{cores} usable core{'s' if cores > 1 else ''}")]
    for name in ("cupy-cuda12x", "cupy-cuda13x", "numba-cuda"):
        try:
            findings.append(Finding(name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    try:
        device = choose("cuda")[0]
    except DeviceError as error:
        found = str(error)
        if "not installed" not in found:
            return [*findings, Finding("gpu", found)]
        if driver_version() is None:
            return [*findings, Finding("gpu", "no NVIDIA driver, so the CPU is used")]
        hint = install_hint()
        return [*findings, Finding("gpu", found.replace(f" ({hint})", ""), hint)]
    free = device.free_bytes()
    memory = "" if free is None else f", {free / 2**30:.1f} GiB free"
    said = "simulated: NUMBA_ENABLE_CUDASIM is set" if is_simulated() else f"{device.name}{memory}"
    return [*findings, Finding("gpu", said)]


def _cache() -> Finding:
    """Where compiled loops are kept, how much they take, and whether more can be kept."""
    from tenbit.kernels._compile import cache_folder

    folder = cache_folder()
    if not folder.is_dir():
        return Finding("cache", f"{folder} (empty so far)")
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    found = f"{folder}: {len(list(folder.glob('tenbit_*.py')))} loops, {sum(sizes) / 2**20:.1f} MiB"
    if not os.access(folder, os.W_OK):
        return Finding("cache", f"{found}, not writable", "set TENBIT_CACHE to a folder that is")
    return Finding("cache", found)


def _tuning() -> Finding:
    """Whether the schedule goes by sizes of this machine's own."""
    from tenbit.pipeline.tune.kept import is_off, kept_for_cpu

    kept = kept_for_cpu()
    if kept.note:
        return Finding("tuning", kept.note, "tenbit tune")
    if not kept.record:
        return Finding("tuning", "switched off: TENBIT_TUNING" if is_off() else "none: default sizes")
    return Finding("tuning", f"{kept.setting} ({kept.path})")
