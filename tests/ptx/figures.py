"""Every kernel compiled as a card would get it: numba's front end, NVVM and nvJitLink make PTX, ptxas makes SASS.

Run:  python tests/ptx/figures.py            what was found, as JSON
      python tests/ptx/figures.py --all      the same, every kernel compiled whether it is known or not
      python tests/ptx/figures.py --write    the table beside the test, tests/ptx_figures.json, and what is known

A kernel's figures follow from its text and the tools. Of a kernel whose text, arguments and tools are those that the
table was made with they are known (tests/ptx/known.json), and it is not compiled again (178 kernels: 5 minutes of CPU);
but for one in `ANYWAY`, so that what is known is held against the compilers in every run.

Needs no GPU and no driver: `pip install 'tenbit[ptx]'`. A process of its own, because the tests' numba simulates CUDA.
"""

from __future__ import annotations

import gc
import hashlib
import importlib.util
import json
import os
import platform
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ["NUMBA_ENABLE_CUDASIM"] = "0"

TABLE = Path(__file__).resolve().parents[1] / "ptx_figures.json"
KNOWN = Path(__file__).with_name("known.json")
# Of the kernels that are known, one in so many is compiled all the same.
ANYWAY = 16
ARCHITECTURES = ("sm_75", "sm_90", "sm_100")
COLUMNS = ("registers", "shared_bytes", "spilled_bytes", "instructions")
# What decides the figures beside our own text.
_TOOLS = ("numba", "numba-cuda", "nvidia-nvvm", "nvidia-nvjitlink", "nvidia-cuda-nvcc")
_PTXAS = re.compile(
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads"
    r"[\s\S]*?Used (?P<registers>\d+) registers(?:[^\n]*?(?P<shared>\d+) bytes smem)?"
)
# Instructions that no kernel may have, in PTX.
_FORBIDDEN = {"float64": r"\.f64\b", "call": r"\bcall\b", "local memory": r"\.local\b"}


def ptxas() -> Path | None:
    """The assembler that `nvidia-cuda-nvcc` brings; None when it is not installed."""
    spec = _spec("nvidia.cu13")
    places = spec.submodule_search_locations if spec else None
    return next((path for place in places or () if (path := Path(place) / "bin" / "ptxas").is_file()), None)


def _spec(module: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(module)
    except ModuleNotFoundError:  # Its parent is not there.
        return None


def missing() -> str | None:
    """Why nothing can be compiled here, in words; None when everything is there."""
    needed = {
        "numba-cuda": _spec("numba_cuda"),
        "NVVM": _spec("nvidia.cu13"),
        "nvJitLink": _spec("cuda.bindings.nvjitlink"),
        "ptxas": ptxas(),
    }
    absent = [name for name, place in needed.items() if place is None]
    return f"not installed: {', '.join(absent)} (pip install 'tenbit[ptx]')" if absent else None


def compiled(source: tuple[str, str, tuple[tuple[str, int], ...]]) -> tuple[str, dict[str, Any]]:
    """One kernel on every architecture.

    Parameters
    ----------
    source : (name, text, arguments)
        As of `chains.Kernel`.

    Returns
    -------
    name : str
    found : dict
        Per architecture: `COLUMNS`, and ``faults``, a line for each thing that no kernel may have.
    """
    name, text, arguments = source
    with tempfile.TemporaryDirectory(prefix="tenbit-ptx-") as folder:
        found = {arch: _assembled(ptx, arch, Path(folder)) for arch, ptx in _linked(text, arguments, Path(folder))}
    return name, found


def _linked(text: str, arguments: tuple[tuple[str, int], ...], folder: Path) -> Iterator[tuple[str, str]]:
    """PTX after link-time optimisation, per architecture."""
    from numba import types
    from numba.cuda import codegen, dispatcher

    device = SimpleNamespace(compute_capability=(9, 0))
    # numba-cuda (0.30) asks the card what to compile for; nothing else of a card is needed.
    dispatcher.get_current_device = lambda: device
    codegen.devices = SimpleNamespace(get_context=lambda: SimpleNamespace(device=device))
    path = folder / "kernel.py"
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location("kernel", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["kernel"] = module
    spec.loader.exec_module(module)
    signature = tuple(types.Array(getattr(types, dtype), dimensions, "C") for dtype, dimensions in arguments)
    # As `kernel.compile` does, but for loading the result into a card: launch bounds and all options count.
    library = dispatcher._Kernel(module.kernel.py_func, signature, **module.kernel.targetoptions).library
    for arch in ARCHITECTURES:
        number = int(arch.removeprefix("sm_"))
        yield arch, library.get_lto_ptx(cc=divmod(number, 10)).strip("\x00")


def _assembled(ptx: str, arch: str, folder: Path) -> dict[str, Any]:
    source, cubin = folder / f"{arch}.ptx", folder / f"{arch}.cubin"
    source.write_text(ptx, "utf-8")
    command = [str(ptxas()), f"-arch={arch}", "-v", str(source), "-o", str(cubin)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    used = _PTXAS.search(done.stderr)
    if done.returncode or used is None:
        raise RuntimeError(f"ptxas: {done.stderr.strip()}")
    faults = []
    for what, pattern in _FORBIDDEN.items():
        lines = [line.strip() for line in ptx.splitlines() if re.search(pattern, line)]
        faults += [f"{what} in the PTX, {len(lines)} times, first: {lines[0]}"] if lines else []
    spilled = max(int(used["stores"]), int(used["loads"]))
    # Spilled registers lie on the stack, in eights; whatever else does is an array, or what a call is given.
    faults += [f"{used['stack']} bytes of stack"] if int(used["stack"]) > -(-spilled // 8) * 8 else []
    return {
        "registers": int(used["registers"]),
        "shared_bytes": int(used["shared"] or 0),
        "spilled_bytes": spilled,
        "instructions": _instructions(cubin.read_bytes()),
        "faults": faults,
    }


def _instructions(cubin: bytes) -> int:
    """SASS instructions of the one kernel in a cubin, padding included: 16 bytes each since sm_70.

    A cubin is an ELF64 file (System V ABI, chapter 4); the kernel lies in the section ``.text.<its name>``.
    """
    headers, (size, count, names) = struct.unpack_from("<Q", cubin, 40)[0], struct.unpack_from("<HHH", cubin, 58)
    sections = [struct.unpack_from("<IIQQQQ", cubin, headers + n * size) for n in range(count)]
    strings = sections[names][4]
    (length,) = (s[5] for s in sections if cubin[strings + s[0] :].startswith(b".text."))
    return int(length) // 16


def _collect_seldom() -> None:
    """Next to nothing of what a compiler makes is garbage (10.6 to 9.1 s for six kernels)."""
    gc.freeze()
    gc.set_threshold(200_000, 100, 100)


def digest(kernel: Any) -> str:
    """What a kernel's figures follow from, beside the tools: its text, its arguments and how it is compiled here."""
    key = f"{Path(__file__).read_text('utf-8')}\n{kernel.arguments}\n{kernel.text}"
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def known(kernels: list[Any]) -> dict[str, dict[str, Any]]:
    """Per kernel what `compiled` would find, where it need not be asked; kernels with faults are never known."""
    table, texts = (json.loads(path.read_text("utf-8")) if path.is_file() else {} for path in (TABLE, KNOWN))
    if not (table.get("made_with") == texts.get("made_with") == made_with() and table["columns"] == [*COLUMNS]):
        return {}
    rows = {
        kernel.name: table["kernels"][kernel.name]
        for kernel in kernels
        if texts["kernels"].get(kernel.name) == (text := digest(kernel))
        and int(text, 16) % ANYWAY
        and kernel.name in table["kernels"]
    }
    return {
        name: {arch: {**dict(zip(COLUMNS, row, strict=True)), "faults": []} for arch, row in by_arch.items()}
        for name, by_arch in rows.items()
    }


def found(*, is_all: bool = False) -> dict[str, Any]:
    """Everything: the table, the bodies that are in some kernel, and what became of each kernel."""
    from chains import kernels

    every = kernels()
    found = {} if is_all else known(every)
    # The long ones first, so that no core waits for one of them at the end.
    longest = sorted((kernel for kernel in every if kernel.name not in found), key=lambda kernel: -len(kernel.text))
    with ProcessPoolExecutor(os.cpu_count(), initializer=_collect_seldom) as pool:
        found |= dict(pool.map(compiled, [(kernel.name, kernel.text, kernel.arguments) for kernel in longest]))
    results = {kernel.name: found[kernel.name] for kernel in every}
    return {
        "table": as_table(results),
        "bodies": sorted({body for kernel in every for body in kernel.bodies}),
        "stages": sorted({stage for kernel in every for stage in kernel.stages}),
        "functions": sorted({name for kernel in every for name in re.findall(r"^def (\w+)\(", kernel.text, re.M)}),
        "threads": {kernel.name: kernel.threads for kernel in every},
        "periods": {kernel.name: kernel.period for kernel in every},
        "kernels": results,
        "digests": {
            kernel.name: digest(kernel)
            for kernel in every
            if not any(row["faults"] for row in results[kernel.name].values())
        },
    }


def made_with() -> dict[str, str]:
    """Versions of what decides the figures."""
    return {"python": ".".join(platform.python_version_tuple()[:2]), **{name: version(name) for name in _TOOLS}}


def as_table(results: dict[str, dict[str, Any]]) -> str:
    """The figures as JSON, a line per kernel, so that a change is seen line by line."""
    head = {"made_with": made_with(), "columns": COLUMNS}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    rows = [
        f"    {json.dumps(name)}: {json.dumps({arch: [row[c] for c in COLUMNS] for arch, row in by_arch.items()})}"
        for name, by_arch in results.items()
    ]
    return "\n".join(["{", *lines, '  "kernels": {', ",\n".join(rows), "  }", "}", ""])


if __name__ == "__main__":
    if reason := missing():
        sys.exit(reason)
    everything = found(is_all=not {"--all", "--write"}.isdisjoint(sys.argv[1:]))
    if "--write" in sys.argv[1:]:
        TABLE.write_text(everything["table"], "utf-8")
        texts = {"made_with": made_with(), "kernels": everything["digests"]}
        KNOWN.write_text(json.dumps(texts, indent=0) + "\n", "utf-8")
    else:
        json.dump(everything, sys.stdout, indent=1)
