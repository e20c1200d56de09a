"""What the NVIDIA driver of this machine can do, asked without CuPy."""

from __future__ import annotations

import ctypes
import os
import sys


def is_simulated() -> bool:
    """Whether numba simulates CUDA in this process."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def driver_version() -> tuple[int, int] | None:
    """The newest CUDA that the driver knows, (major, minor); None when there is no driver.

    Asks ``cuDriverGetVersion`` of the driver's library, which needs no device and starts nothing.
    """
    try:
        library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        number = ctypes.c_int(0)
        if library.cuDriverGetVersion(ctypes.byref(number)) != 0:
            return None
    except (OSError, AttributeError):
        return None
    # 13020 is CUDA 13.2; stub libraries answer 0.
    return (number.value // 1000, number.value % 1000 // 10) if number.value else None


def driver_extra() -> str:
    """The extra of tenbit that fits the driver: ``cuda13`` or ``cuda12``; empty when there is no driver for either."""
    version = driver_version()
    if version is None or version < (12, 0):
        return ""
    return "cuda13" if version >= (13, 0) else "cuda12"


def install_hint() -> str:
    """The command that adds what a CUDA device needs, for the driver found."""
    if extra := driver_extra():
        return f"pip install 'tenbit[{extra}]'"
    if version := driver_version():
        return f"the driver knows CUDA {version[0]}.{version[1]}; one that knows 12.0 or newer is needed"
    return "pip install 'tenbit[cuda12]' or 'tenbit[cuda13]', as the driver supports"


def device_count() -> int:
    """CUDA devices that this process may use; 0 without a driver, 1 for the simulator. Starts nothing on them."""
    if is_simulated():
        return 1
    try:
        library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        if library.cuInit(0) != 0 or library.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value
