"""The stand-in for CuPy finds what it is there to find."""

import sys
import warnings

import numpy as np
import pytest


@pytest.fixture
def cupy(strict):
    """The stand-in, and faults that the test has provoked are forgotten."""
    made = strict(4096)
    with made.cuda.Device(0):
        yield made
    made.faults.clear()


@pytest.fixture
def stream(cupy):
    return cupy.cuda.Stream(non_blocking=True)


def refused(text):
    return pytest.raises(Exception, match=text)


def pinned(cupy, count=8):
    return np.frombuffer(cupy.cuda.alloc_pinned_memory(count), np.uint8, count)


def on_card(cupy, stream, count=8):
    with stream:
        return cupy.empty((count,), np.uint8)


def up(cupy, target, source, stream):
    cupy.cuda.runtime.memcpyAsync(target.data.ptr, source.ctypes.data, source.nbytes, 1, stream.ptr)


def down(cupy, target, source, stream):
    cupy.cuda.runtime.memcpyAsync(target.ctypes.data, source.data.ptr, source.nbytes, 2, stream.ptr)


def test_numpy_cannot_take_a_device_array(cupy, stream):
    with refused("implicit conversion"):
        np.asarray(on_card(cupy, stream))


def test_nothing_happens_before_it_is_waited_for(cupy, stream):
    source, target, array = pinned(cupy), pinned(cupy), on_card(cupy, stream)
    source[:] = 7
    up(cupy, array, source, stream)
    down(cupy, target, array, stream)
    event = cupy.cuda.Event()
    event.record(stream)
    assert not event.done and set(target) == {0xA5}
    event.synchronize()
    assert event.done and set(target) == {7}


def test_a_copy_from_memory_that_is_not_pinned(cupy, stream):
    with refused("not pinned"):
        up(cupy, on_card(cupy, stream), np.zeros(8, np.uint8), stream)


def test_memory_that_was_given_back(cupy, stream):
    array, source = on_card(cupy, stream), pinned(cupy)
    pointer = array.data.ptr
    del array
    with refused("use after free"):
        cupy.cuda.runtime.memcpyAsync(pointer, source.ctypes.data, 8, 1, stream.ptr)


def test_memory_given_back_too_early(cupy, stream):
    array, source = on_card(cupy, stream), pinned(cupy)
    up(cupy, array, source, stream)
    del array
    assert cupy.faults == ["memory given back while queued work needs it"]
    with refused("use after free"):
        stream.synchronize()


@pytest.mark.parametrize("copy", [up, down])
def test_pinned_memory_written_to_on_the_way(cupy, stream, copy):
    array, host = on_card(cupy, stream), pinned(cupy)
    copy(cupy, *((array, host) if copy is up else (host, array)), stream)
    host[3] = 1
    with refused("written to while a copy is on its way"):
        stream.synchronize()


def test_two_streams_without_an_event(cupy, stream):
    other = cupy.cuda.Stream(non_blocking=True)
    array, source, target = on_card(cupy, stream), pinned(cupy), pinned(cupy)
    up(cupy, array, source, stream)
    event = cupy.cuda.Event()
    event.record(stream)
    with refused("no event between"):
        down(cupy, target, array, other)
    other.wait_event(event)
    down(cupy, target, array, other)


def test_what_a_capture_cannot_do(cupy, stream):
    array, source = on_card(cupy, stream), pinned(cupy)
    stream.begin_capture()
    with refused("allocating while capturing"):
        on_card(cupy, stream)
    with refused("waiting while capturing"):
        stream.synchronize()
    with refused("copying while capturing"):
        up(cupy, array, source, stream)
    with refused("loading a kernel while capturing"):
        cupy.launch(stream, [array], print)
    with refused("an event recorded while capturing"):
        cupy.cuda.Event().record(stream)


def test_a_graph_happens_when_it_is_launched(cupy, stream):
    array, seen = on_card(cupy, stream), []
    cupy.launch(stream, [array], print)
    stream.synchronize()
    stream.begin_capture()
    cupy.launch(stream, [array], lambda: seen.append(1))
    graph = stream.end_capture()
    stream.synchronize()
    assert seen == []
    graph.launch(stream)
    graph.launch(stream)
    stream.synchronize()
    assert seen == [1, 1]


def test_memory_is_counted(cupy, stream):
    array = on_card(cupy, stream, 4000)
    with refused("out of memory"):
        on_card(cupy, stream, 100)
    del array
    on_card(cupy, stream, 4096)


def test_the_default_stream_and_another_device(cupy, stream):
    with refused("default stream"):
        cupy.empty((1,), np.uint8)
    with refused("default stream"):
        cupy.launch(0, [], print)
    with cupy.cuda.Device(1), refused("not current"):
        on_card(cupy, stream)


def test_the_stand_in_has_no_name_that_cupy_lacks(strict, monkeypatch):
    made = strict()
    monkeypatch.delitem(sys.modules, "cupy")
    with warnings.catch_warnings():
        # CuPy warns where there is no driver.
        warnings.simplefilter("ignore")
        real = pytest.importorskip("cupy")
    assert [name for name in vars(made.cuda) if not hasattr(real.cuda, name)] == []
    assert [name for name in vars(made.cuda.runtime) if not hasattr(real.cuda.runtime, name)] == []
    assert hasattr(real.cuda.memory, "OutOfMemoryError") and hasattr(real, "empty")
    pool = real.get_default_memory_pool()
    assert [name for name in vars(made.get_default_memory_pool()) if not hasattr(pool, name)] == []
    stream, extra = (
        made.cuda.Stream(non_blocking=True),
        {"ptr", "put", "done_up_to", "queue", "captured", "awaited", "before", "is_timed"},
    )
    for ours, theirs in ((stream, real.cuda.Stream), (made.cuda.Event(), real.cuda.Event)):
        assert [n for n in dir(ours) if n[0] != "_" and n not in extra and not hasattr(theirs, n)] == []
