"""Host memory that is used again."""

import numpy as np
import pytest

from tenbit.pipeline.device import CpuDevice
from tenbit.pipeline.device.buffers import Buffers
from tenbit.pipeline.run import run_plan


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_comes_back_when_the_last_view_is_gone():
    buffers = Buffers(1000)
    array = buffers.empty((4, 5), "float32")
    first, view = address(array), array[1:, ::2].T
    del array
    assert address(buffers.empty((4, 5), "float32")) != first
    view[:] = 3.0
    del view
    assert address(buffers.empty((20,), np.uint32)) == first
    assert buffers.lent == 0


def test_arrays_have_the_shape_and_the_dtype_asked_for():
    array = Buffers(1000).empty((3, 2), "uint16")
    assert (array.shape, array.dtype, array.flags.c_contiguous, array.flags.writeable) == (
        (3, 2),
        np.uint16,
        True,
        True,
    )
    assert Buffers(1000).empty((0, 2), "uint16").shape == (0, 2)


def test_no_more_is_kept_than_allowed_and_the_oldest_goes_first():
    buffers = Buffers(200)
    arrays = [buffers.empty((n,), "uint8") for n in (100, 90, 80)]
    places = [address(a) for a in arrays]
    while arrays:
        arrays.pop(0)
    kept = [memory.nbytes for memory in buffers._free]
    assert kept == [90, 80]
    assert [address(buffers.empty((n,), "uint8")) for n in (90, 80)] == places[1:]
    buffers.drop()
    assert buffers._free == []


def test_whose_memory_it_is_is_known():
    buffers = Buffers(1000)
    array = buffers.empty((4, 4), "uint8")
    assert buffers.owns(array) and buffers.owns(array[1:].reshape(-1))
    assert not buffers.owns(np.zeros(4)) and not Buffers(1000).owns(array)


def test_what_is_kept_is_given_up_before_memory_is_short():
    count = [2]

    def scarce(size):
        if not count[0]:
            count[0] = 1
            raise MemoryError
        count[0] -= 1
        return np.empty(size, np.uint8)

    buffers = Buffers(1000, scarce)
    del (array := [buffers.empty((10,), "uint8"), buffers.empty((11,), "uint8")])[:]
    assert len(buffers._free) == 2 and array == []
    buffers.empty((12,), "uint8")
    assert [memory.nbytes for memory in buffers._free] == [12]


def test_memory_that_is_not_there_is_not_counted_as_lent():
    def none(size):
        raise MemoryError

    buffers = Buffers(1000, none)
    with pytest.raises(MemoryError):
        buffers.empty((10,), "uint8")
    assert buffers.lent == 0


def test_the_cpu_develops_into_the_memory_of_the_frame_before(scene, planned):
    device, frame = CpuDevice(1), scene(40, 40)
    what = planned(frame, "black_level", "demosaic", "tone")
    first = run_plan(frame, what, device).samples.copy()
    kept = sorted(address(memory) for memory in device._buffers._free)
    for _ in range(2):
        again = run_plan(frame, what, device)
        np.testing.assert_array_equal(again.samples, first)
        del again
    assert sorted(address(memory) for memory in device._buffers._free) == kept
