"""Where passes run: the CPU, or a CUDA device. `choose` is the one place where ``auto`` becomes one or the other.

======== =========================================================================
contract what every device offers
host     the CPU, and numba's simulator of a card
cuda     a card through CuPy: the only importer of cupy
lanes    frames that overlap on a card
program  passes on fixed buffers, replayed as CUDA graphs
layout   where arrays lie in one block of device memory
numbers  constants and counters in one block of memory
buffers  host memory that is used again
driver   what the NVIDIA driver can do, asked without CuPy
======== =========================================================================
"""

from __future__ import annotations

import os
from functools import cache

from tenbit.pipeline.device.contract import Device, DeviceFullError, Done, Pending, Rows, Said
from tenbit.pipeline.device.cuda import CudaDevice, unusable
from tenbit.pipeline.device.driver import driver_extra, driver_version, install_hint, is_simulated
from tenbit.pipeline.device.host import CpuDevice, SimulatedDevice, usable_cores
from tenbit.pipeline.errors import DeviceError

__all__ = [
    "CpuDevice",
    "CudaDevice",
    "Device",
    "DeviceFullError",
    "Done",
    "Pending",
    "Rows",
    "Said",
    "SimulatedDevice",
    "choose",
    "driver_extra",
    "driver_version",
    "install_hint",
    "is_simulated",
    "unusable",
    "usable_cores",
]


@cache
def _opened(name: str) -> Device:
    """One device object per name and process: its threads and its memory are reused from frame to frame."""
    if name == "cpu":
        return CpuDevice()
    number = name.partition(":")[2] or "0"
    if not number.isdigit():
        raise DeviceError(f"device: {name!r} is not one of auto, cpu, cuda, cuda:N")
    return SimulatedDevice(int(number)) if is_simulated() else CudaDevice(int(number))


def choose(name: str | None = None) -> tuple[Device, str | None]:
    """The device asked for, and why ``auto`` fell back to the CPU, if it did.

    Parameters
    ----------
    name : str, optional
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; by default ``$TENBIT_DEVICE``, else ``auto``.

    Raises
    ------
    DeviceError
        If ``cuda`` is asked for and cannot be had, or the name is none of these.
    """
    name = (name or os.environ.get("TENBIT_DEVICE") or "auto").lower()
    if name == "auto":
        reason = unusable(0)
        try:
            if not reason:
                return _opened("cuda:0"), None
        except DeviceError as error:
            reason = str(error)
        return _opened("cpu"), f"no GPU is used: {reason}"
    if name != "cpu" and name.partition(":")[0] != "cuda":
        raise DeviceError(f"device: {name!r} is not one of auto, cpu, cuda, cuda:N")
    return _opened("cuda:0" if name == "cuda" else name), None
