"""The cache of compiled loops: the second process compiles nothing, and a cache that cannot be used costs only time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tenbit.kernels import _compile, stage
from tenbit.pipeline.device import CpuDevice
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan

PROGRAM = """
import numpy as np, sys
from tenbit.kernels import stage
from tenbit.pipeline.device import CpuDevice
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan
frame = Frame.from_mosaic(np.full((6, 8), 512, np.uint16), black=64, white=1023)
given = {"black_level": {}, "demosaic": {"method": "malvar"}}
chain = [Link(stage(name), stage(name).parameters(**more)) for name, more in given.items()]
said = []
out = run_plan(frame, plan(chain, frame.facts), CpuDevice(1), said=said.append)
print(said, round(float(out.samples[3, 3, 1]), 5))
"""


def run(folder: Path) -> str:
    # Not as usual, so that numba keeps what it compiles, as it does where we keep no objects of our own (_native).
    environment = {**os.environ, "TENBIT_CACHE": str(folder), "NUMBA_ENABLE_CUDASIM": "0", "NUMBA_OPT": "2"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The cache that a first process has left, and what it said."""
    folder = tmp_path_factory.mktemp("first") / "cache"
    return folder, run(folder)


@pytest.fixture
def warm(first, tmp_path):
    """A copy of it, dates and all: they are part of numba's key."""
    return Path(shutil.copytree(first[0], tmp_path / "cache"))


def test_the_second_process_compiles_nothing(first, warm):
    assert first[1].startswith("['compiling black_level + demosaic'] 0.46715")
    compiled = {p: p.stat().st_mtime_ns for p in warm.rglob("*.nb?")}
    assert compiled
    assert run(warm).startswith("[] 0.46715")
    assert {p: p.stat().st_mtime_ns for p in warm.rglob("*.nb?")} == compiled


DAMAGE = {
    "source": ("tenbit_*.py", b"raise SystemExit(3)"),
    "text": ("tenbit_*.py", b"\xff\xfe\x00"),
    "bytecode": ("**/*.pyc", None),
    "index": ("**/*.nbi", b"raise SystemExit(3)"),
    "code": ("**/*.nbc", b"raise SystemExit(3)"),
}


def test_a_file_in_the_caches_way_costs_only_time(tmp_path):
    (tmp_path / "cache").write_text("not a folder")
    assert run(tmp_path / "cache").endswith(" 0.46715")


@pytest.mark.parametrize("damaged", DAMAGE)
def test_a_damaged_cache_costs_only_time(warm, damaged):
    pattern, content = DAMAGE[damaged]
    found = list(warm.glob(pattern))
    assert found
    for path in found:
        # Bytecode keeps its header, which is all that Python looks at first.
        path.write_bytes(path.read_bytes()[:40] if content is None else content)
    assert run(warm).endswith(" 0.46715")


def test_a_folder_that_numba_cannot_write_to_costs_only_time(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("TENBIT_CACHE", str(tmp_path))
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._save_data", full)
    monkeypatch.setattr("tenbit.kernels._native.is_possible", lambda: False)
    monkeypatch.setattr(_compile, "_private_folder", lambda: tmp_path / "private")
    (tmp_path / "private").mkdir()
    frame = Frame.from_mosaic(np.full((6, 8), 300, np.uint16), black=44, white=1023)
    loops: dict[object, object] = {}
    monkeypatch.setattr(_compile, "_CPU", loops)
    # Other tests of this process may have compiled the same text.
    monkeypatch.setattr(_compile, "_LOADED", {})
    chain = [Link(stage("black_level"), stage("black_level").parameters())]
    with pytest.raises(OSError, match="No space left"):
        # The other folder is full too here; with room in it the loop is made there.
        run_plan(frame, plan(chain, frame.facts), CpuDevice(1))
    assert list((tmp_path / "private").glob("tenbit_*.py"))
    assert not list(tmp_path.rglob("*.part"))


def test_a_warm_cache_that_is_read_only_is_used(warm, tmp_path):
    (source,) = warm.glob("tenbit_*.py")
    private = tmp_path / "private" / source.name
    # root may write everywhere, so the copy is made by hand: numba's key holds the source's date
    _compile._copied(source, private, source.read_text(encoding="utf-8"))
    kept = {p.name: p.stat().st_mtime_ns for p in warm.rglob("tenbit_*")}
    assert len(kept) >= 3
    assert {p.name: p.stat().st_mtime_ns for p in private.parent.rglob("tenbit_*")} == kept
    assert run(private.parent).startswith("[]")
