"""Every kernel compiled for three generations of cards, without one: what no kernel may have, and what each costs.

The kernels are those of tests/ptx/chains.py; tests/ptx/figures.py compiles them in a process of its own.
"""

import difflib
import importlib
import inspect
import json
import os
import pkgutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import tenbit.kernels
from tenbit.kernels import STAGES

HERE = Path(__file__).resolve().parent
# Stages whose work is done on the host, of what other stages count or of the finished picture.
WITHOUT_STEPS = {"exposure_advice", "framelines", "loupe", "spot"}
REGENERATE = "run: .venv/bin/python tests/ptx/figures.py --write"
# What a thread may spill: false colour of light behind a demosaic 76, on sm_100; all others 32 at most.
SPILLED_BYTES = 80
# Compiles a kernel that has everything that is forbidden.
BAD_KERNEL = """
import json, figures
text = '''
import math
from numba import cuda, float32
@cuda.jit
def kernel(kf, out):
    n = cuda.threadIdx.x
    table = cuda.local.array(64, float32)
    for i in range(64):
        table[i] = kf[i]
    out[n] = table[int(kf[n])] + math.exp(1.5 * n)
    print(n)
'''
print(json.dumps(figures.compiled(("bad", text, (("float32", 1), ("float32", 1))))[1]))
"""


@dataclass(frozen=True)
class Multiprocessor:
    """What one streaming multiprocessor has to share out.

    CUDA C++ Programming Guide, "Compute Capabilities", tables of technical specifications; the units in which it is
    shared out are those of Nsight Compute's occupancy calculator.
    """

    threads: int
    blocks: int
    shared_bytes: int
    shared_reserved: int
    """Bytes of every block that the system keeps for itself."""
    shared_unit: int
    registers: int = 65536
    register_unit: int = 256
    """Registers are handed to a warp in these."""
    warp_unit: int = 4
    """Warps are spread over as many schedulers."""

    def occupancy(self, *, threads: int, registers: int, shared_bytes: int) -> float:
        """Part of the threads that can be resident at once, 0 … 1, for blocks of ``threads``."""
        warps = -(-threads // 32)
        by_warp = -(-registers * 32 // self.register_unit) * self.register_unit
        fits = [
            self.blocks,
            self.threads // (32 * warps),
            self.registers // by_warp // self.warp_unit * self.warp_unit // warps,
        ]
        if taken := shared_bytes + self.shared_reserved:
            fits.append(self.shared_bytes // (-(-taken // self.shared_unit) * self.shared_unit))
        return min(fits) * 32 * warps / self.threads


KIB = 1024
CARDS = {
    "sm_75": Multiprocessor(1024, 16, 64 * KIB, 0, 256),
    "sm_90": Multiprocessor(2048, 32, 228 * KIB, KIB, 128),
    "sm_100": Multiprocessor(2048, 32, 228 * KIB, KIB, 128),
}


def python(*arguments):
    """What a process without the simulator writes, read as JSON."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", "PYTHONPATH": str(HERE / "ptx")}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=1800
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def tools():
    """Skips where the compilers are not installed."""
    if reason := python("-c", "import figures, json; print(json.dumps(figures.missing()))"):
        pytest.skip(reason)


@pytest.fixture(scope="module")
def found(tools):
    """What figures.py found on every kernel."""
    return python(str(HERE / "ptx" / "figures.py"))


@pytest.mark.parametrize(
    ("card", "registers", "shared_bytes", "expected"),
    [
        # 65536 registers are 2048 threads' at 32 each; at 33 a warp takes 1280, 48 of 51 warps fill the schedulers.
        ("sm_90", 32, 0, 1.0),
        ("sm_90", 33, 0, 0.75),
        ("sm_90", 64, 0, 0.5),
        ("sm_90", 65, 0, 0.375),
        ("sm_75", 64, 0, 1.0),
        ("sm_75", 65, 0, 0.75),
        # 4 blocks of 256 threads need 4 · 57 KiB of 228, each of which holds a KiB of the system's.
        ("sm_90", 32, 56 * KIB, 0.5),
        ("sm_90", 32, 56 * KIB + 1, 0.375),
        ("sm_75", 32, 32 * KIB, 0.5),
        ("sm_75", 32, 32 * KIB + 1, 0.25),
    ],
)
def test_occupancy_by_hand(card, registers, shared_bytes, expected):
    assert CARDS[card].occupancy(threads=256, registers=registers, shared_bytes=shared_bytes) == expected


def test_what_is_forbidden_is_found(tools):
    for arch, row in python("-c", BAD_KERNEL).items():
        said = "; ".join(row["faults"])
        assert all(word in said for word in ("float64", "call", "local memory", "bytes of stack")), (arch, said)


def test_a_kernel_is_known_by_its_text_and_the_tools(tools, tmp_path):
    program = """
import figures, json, sys
from pathlib import Path
from types import SimpleNamespace
figures.ANYWAY = 10**30
figures.TABLE, figures.KNOWN = Path(sys.argv[1], "table"), Path(sys.argv[1], "known")
kernel = lambda text: SimpleNamespace(name="a", text=text, arguments=())
table = {"made_with": figures.made_with(), "columns": figures.COLUMNS, "kernels": {"a": {"sm_90": [1, 2, 3, 4]}}}
texts = {"made_with": figures.made_with(), "kernels": {"a": figures.digest(kernel("same"))}}
found = [figures.known([kernel("same")])]
for made_with in (figures.made_with(), {"numba": "0"}):
    figures.TABLE.write_text(json.dumps(table))
    figures.KNOWN.write_text(json.dumps(texts | {"made_with": made_with}))
    found += [figures.known([kernel("same")]), figures.known([kernel("other")])]
print(json.dumps(found))
"""
    row = {"registers": 1, "shared_bytes": 2, "spilled_bytes": 3, "instructions": 4, "faults": []}
    assert python("-c", program, str(tmp_path)) == [{}, {"a": {"sm_90": row}}, {}, {}, {}]


def test_no_kernel_has_float64_calls_or_local_memory(found):
    faults = [
        f"{name}, {arch}: {fault}"
        for name, by_arch in found["kernels"].items()
        for arch, row in by_arch.items()
        for fault in row["faults"]
    ]
    assert not faults, "\n".join(faults)


def test_kernels_spill_few_registers(found):
    """64 a thread keep half of a card busy; a few that are wanted beside them stay in the first-level cache."""
    lines = [
        f"{name}, {arch}: {row['spilled_bytes']} bytes"
        for name, by_arch in found["kernels"].items()
        for arch, row in by_arch.items()
        if row["spilled_bytes"] > SPILLED_BYTES
    ]
    assert not lines, "\n".join(lines)


def test_every_kernel_fills_half_of_a_card(found):
    """Or a quarter where it asks for no more: large tiles, and quad-Bayer mosaics (kernels/_cuda.py says why)."""
    assert all(set(by_arch) == set(CARDS) for by_arch in found["kernels"].values())
    lines = []
    for name, by_arch in found["kernels"].items():
        for arch, row in by_arch.items():
            taken = {key: row[key] for key in ("registers", "shared_bytes")}
            part = CARDS[arch].occupancy(threads=found["threads"][name], **taken)
            if part < (0.25 if row["shared_bytes"] > 32 * KIB or found["periods"][name] == 4 else 0.5):
                lines.append(f"{name}, {arch}: {part:.0%} with {taken}")
    assert not lines, "\n".join(lines)


def test_every_body_of_every_stage_is_in_some_kernel(found):
    """Bodies and what they call are the functions of ``kernels`` without types."""
    written = {
        f"{module.__name__}.{name}"
        for entry in pkgutil.walk_packages(tenbit.kernels.__path__, "tenbit.kernels.")
        for module in [importlib.import_module(entry.name)]
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not function.__annotations__
    }
    # Single instructions of a card, not functions of ours.
    written = {body for body in written if not body.startswith("tenbit.kernels._arithmetic.")}
    there = set(found["bodies"])
    assert there <= written
    # A called function bears its module's name too.
    called = {body for body in written if "_".join(body.split(".")[-2:]).lstrip("_") in found["functions"]}
    missing = written - there - called
    assert not missing, f"in no kernel; add a case to tests/ptx/chains.py: {', '.join(sorted(missing))}"
    assert set(STAGES) - WITHOUT_STEPS <= set(found["stages"])


def test_the_table_has_not_drifted(found):
    text = (HERE / "ptx_figures.json").read_text("utf-8")
    then, now = json.loads(text), json.loads(found["table"])
    diff = difflib.unified_diff(text.splitlines(), found["table"].splitlines(), "checked in", "found", lineterm="", n=0)
    changed = "\n".join([f"the figures have changed; {REGENERATE}", *diff])
    if then["made_with"] != now["made_with"]:
        # Other tools count other registers; which kernels there are, and their tiles, is ours.
        assert tiles(then) == tiles(now), changed
        pytest.skip(f"the table was made with {then['made_with']}, here are {now['made_with']}")
    assert text == found["table"], changed


def tiles(table):
    """Bytes of shared memory of each kernel."""
    at = table["columns"].index("shared_bytes")
    return {name: {arch: row[at] for arch, row in by_arch.items()} for name, by_arch in table["kernels"].items()}
