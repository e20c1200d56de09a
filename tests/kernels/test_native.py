"""Loops kept as object files: run without numba, and given up at the least doubt."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tenbit.kernels import _native

pytestmark = pytest.mark.skipif(not _native.is_possible(), reason="loops are kept on Linux only")

PROGRAM = """
import numpy as np, sys
from tenbit.kernels import stage
from tenbit.pipeline.device import choose
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan
mosaic = np.random.default_rng(1).integers(64, 1024, (38, 46)).astype(np.uint16)
frame = Frame.from_mosaic(mosaic, black=64, white=1023)
given = {"demosaic": {"method": "malvar"}}
names = ("black_level", "demosaic", "exposure", "tone")
chain = [Link(stage(n), stage(n).parameters(**given.get(n, {}))) for n in names]
out = [run_plan(frame, plan(chain, frame.facts), choose("cpu")[0]).samples.tobytes() for _ in range(2)]
import hashlib
print("numba" in sys.modules, out[0] == out[1], hashlib.sha256(out[0]).hexdigest())
"""


def run(folder, **more):
    environment = {**os.environ, "TENBIT_CACHE": str(folder), "NUMBA_ENABLE_CUDASIM": "0", **more}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.split()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The cache that a first process has left, and what it said."""
    folder = tmp_path_factory.mktemp("first")
    return folder, run(folder)


@pytest.fixture
def warm(first, tmp_path):
    """A copy of it, dates and all: they are part of numba's key."""
    return Path(shutil.copytree(first[0], tmp_path / "cache"))


def test_the_second_process_needs_no_numba_and_makes_the_same_picture(first, warm):
    had_numba, is_equal, digest = first[1]
    assert (had_numba, is_equal) == ("True", "True")
    assert list(warm.glob("*.o"))
    assert run(warm) == ["False", "True", digest]


def test_a_loop_that_is_compiled_for_a_search_is_not_kept(tmp_path):
    assert run(tmp_path, NUMBA_OPT="0")[0] == "True"
    assert list(tmp_path.glob("*.py")) and not list(tmp_path.glob("*.o"))


@pytest.mark.parametrize("damage", ["cut off", "one bit", "empty", "another's"])
def test_a_damaged_object_is_made_anew(first, warm, damage):
    *_, digest = first[1]
    objects = list(warm.glob("*.o"))
    assert objects
    for path in objects:
        whole = path.read_bytes()
        bit = bytearray(whole)
        bit[-99] ^= 1
        path.write_bytes({"cut off": whole[:-99], "one bit": bytes(bit), "empty": b"", "another's": b"x" * 999}[damage])
    assert run(warm) == ["True", "True", digest]
    assert run(warm) == ["False", "True", digest]


def jitted(source):
    import numba

    scope = {"np": np}
    exec(source, scope)
    return numba.njit(nogil=True, error_model="numpy")(scope["loop"])


def test_every_layout_is_a_loop_of_its_own(tmp_path):
    source = "def loop(first, last, a, out):\n    for n in range(first, last):\n        out[n] = 2 * a[n]"
    wide = np.arange(8, dtype=np.float32)
    for n, a in enumerate((wide[:4], wide[::2])):
        out = np.zeros(4, np.float32)
        arguments = (1, 4, a, out)
        path = _native.path_of(tmp_path / "s.py", tuple(map(_native.kind_of, arguments)))
        assert not path.exists()
        for loop in (_native.made(jitted(source), arguments, path), _native.load(path)):
            out[:] = 0
            loop(*arguments)
            np.testing.assert_array_equal(out, [0, *(2 * a[1:])])
        assert len(list(tmp_path.iterdir())) == n + 1


def test_a_loop_that_needs_numba_is_not_kept(tmp_path):
    out = np.zeros(4, np.float32)
    allocates = jitted("def loop(out):\n    a = np.zeros(out.size + 1000)\n    out[:] = a[:4] + len(str(out.size))")
    assert _native.made(allocates, (out,), tmp_path / "a.o") is None
    assert list(tmp_path.iterdir()) == []
    assert _native.load(tmp_path / "a.o") is None
    allocates(out)
    assert out.tolist() == [1, 1, 1, 1]


def test_a_loop_that_is_not_numbas_is_not_kept(tmp_path):
    assert _native.made(len, (1,), tmp_path / "a.o") is None


def test_what_numba_cannot_compile_is_left_to_numba(tmp_path):
    out = np.zeros(4, np.float32)
    assert _native.made(jitted("def loop(out):\n    out[0] = out.no_such_thing"), (out,), tmp_path / "a.o") is None
