"""The device that is measured: that of every other command, or the CPU with threads and sizes of its own."""

from __future__ import annotations

from tenbit.kernels._schedule import Schedule
from tenbit.pipeline.device import CpuDevice, Device, choose
from tenbit.pipeline.errors import RequestError


def device_for(
    name: str | None, threads: int | None = None, schedule: Schedule | None = None
) -> tuple[Device, str | None]:
    """The device asked for, and why ``auto`` fell back to the CPU, if it did.

    Parameters
    ----------
    name : str or None
        See `tenbit.pipeline.device.choose`.
    threads : int, optional
        Of the CPU.
    schedule : Schedule, optional
        Its sizes.

    Raises
    ------
    DeviceError
        If the device cannot be had.
    RequestError
        If threads or sizes are asked of a card.
    """
    device, note = choose(name)
    if threads is None and schedule is None:
        return device, note
    if not isinstance(device, CpuDevice):
        raise RequestError(f"threads and sizes of bands are the CPU's; {device.name} has none: --device cpu")
    return CpuDevice(threads or device.threads, schedule or device.schedule), note
