"""Python's calls in every thread, as pstats reads them."""

import io
import pstats
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.trace import cprofiling


def inner(n):
    return sum(range(n))


def lane(count):
    for _ in range(count):
        inner(100)


def deeper(n):
    return 0 if n == 0 else 1 + deeper(n - 1)


def of(path, name):
    """Primitive calls, calls, own and whole seconds of a function, and who called it."""
    stats = pstats.Stats(str(path)).stats
    return next(found for (_, _, function), found in stats.items() if name in function)


def test_calls_of_all_threads_are_added_up(tmp_path):
    with cprofiling(tmp_path / "c.prof"), ThreadPoolExecutor(3) as pool:
        list(pool.map(lane, [20, 30, 40]))
        lane(10)
    first, every, own, whole, callers = of(tmp_path / "c.prof", "inner")
    assert (first, every) == (100, 100)
    assert 0 < own < whole
    assert [(name, calls[1]) for (_, _, name), calls in callers.items()] == [("lane", 100)]
    assert of(tmp_path / "c.prof", "lane")[1] == 4
    assert of(tmp_path / "c.prof", "<built-in method builtins.sum>")[1] == 100
    table = io.StringIO()
    pstats.Stats(str(tmp_path / "c.prof"), stream=table).sort_stats("tottime").print_stats()
    assert "(inner)" in table.getvalue()


def test_a_function_that_calls_itself_has_its_time_once(tmp_path):
    with cprofiling(tmp_path / "c.prof"):
        deeper(50)
    first, every, own, whole, callers = of(tmp_path / "c.prof", "deeper")
    assert (first, every) == (1, 51)
    assert own == pytest.approx(whole)
    (by_itself,) = callers.values()
    assert by_itself[:2] == (0, 50)


def test_calls_that_end_by_an_exception_and_an_interrupted_run_are_counted(tmp_path):
    with pytest.raises(KeyboardInterrupt), cprofiling(tmp_path / "c.prof"):
        for _ in range(3):
            with pytest.raises(TypeError):
                inner("x")
        raise KeyboardInterrupt
    assert of(tmp_path / "c.prof", "inner")[1] == 3
    assert sys.getprofile() is None and threading.getprofile() is None


def test_a_thread_that_lives_on_is_let_go_of(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        with cprofiling(tmp_path / "c.prof"):
            assert pool.submit(sys.getprofile).result() is not None
        pool.submit(inner, 1).result()
        assert pool.submit(sys.getprofile).result() is None


def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path):
    with pytest.raises(RequestError, match=r"^cprofile: .*no ordinary file"), cprofiling(tmp_path):
        raise AssertionError
