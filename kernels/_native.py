"""Compiled CPU loops as object files: made by numba's compiler, run without numba.

Importing numba and letting it read its own cache takes 0.4 s of every process. A loop needs neither: it is plain
machine code, which LLVM links in 3 ms (12.5 MP DNG to JPEG, whole process: 0.95 to 0.50 s). numba stays for what is
not compiled yet, and for loops that call into its run-time.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels._engineless import module_of

# What a kept loop may call. A symbol that is not found would end the process; these are in every C library.
_LIBM = "exp exp2 expm1 log log2 log10 log1p pow sqrt cbrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh fmod"
_KNOWN = frozenset(f"{name}{kind}" for name in _LIBM.split() for kind in ("", "f")) | {"memcpy", "memmove", "memset"}
# numba frees with it what a view of an array holds. Arrays are handed over unowned: nothing is held.
_STUB = "define void @NRT_MemInfo_call_dtor(ptr %0) {\n  ret void\n}"
# How a loop is called is numba's own affair and not promised: versions of which it is known to be so.
_TRIED = ("0.68.",)
# Of what is kept, and of how it is called: another number leaves old objects alone.
_FORMAT = 1
_OK, _NONE = 0, -2
"""Status of a loop that returned, as numba's calling convention has it."""


def is_possible() -> bool:
    """Whether loops are kept as objects here: where it has been tried."""
    return sys.platform == "linux" and numba_version().startswith(_TRIED)


@cache
def numba_version() -> str:
    """numba's version without importing it, by its folder in site-packages; importlib.metadata would take 10 ms."""
    spec = importlib.util.find_spec("numba")
    if spec is not None and spec.origin:
        found = [path.name for path in Path(spec.origin).parents[1].glob("numba-*.dist-info")]
        if len(found) == 1:
            return found[0].removeprefix("numba-").removesuffix(".dist-info")
    from importlib.metadata import version

    return version("numba")


def prepare() -> None:
    """Load LLVM, which takes 0.04 s, before it is needed."""
    if is_possible():
        _cpu()


@cache
def _cpu() -> tuple[str, str, str]:
    """LLVM's version and triple, its name of this CPU, and the CPU's features: what machine code depends on."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    version = f"{llvm.llvm_version_info} {llvm.get_default_triple()}"
    return version, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _machine() -> Any:
    """LLVM's code generator for this CPU. A new one each time: an engine takes it over, and frees it."""
    import llvmlite.binding as llvm

    _, cpu, features = _cpu()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu, features=features, opt=3, reloc="default", codemodel="jitdefault", jit=True
    )


def kind_of(argument: Any) -> str:
    """What of an argument decides the machine code."""
    if not isinstance(argument, np.ndarray):
        return type(argument).__name__
    flags = argument.flags
    layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
    return f"{argument.dtype.str}{argument.ndim}{layout}{flags.aligned:d}{flags.writeable:d}"


def path_of(source: Path, kinds: tuple[str, ...]) -> Path:
    """Where the object for some kinds of arguments lies: beside its source."""
    digest = hashlib.sha256(f"{_FORMAT}\n{_cpu()}\n{kinds}".encode()).hexdigest()[:16]
    return source.with_name(f"{source.stem}.{digest}.o")


def made(loop: Any, arguments: tuple[Any, ...], path: Path) -> Callable[..., None] | None:
    """The loop for some kinds of arguments, from numba's compiler to our own object, which is written to ``path``.

    Machine code is made once here (`_engineless`; 12 loops of `fast`, `standard`, `quality`: 121 to 93 s of CPU).

    Parameters
    ----------
    loop : numba dispatcher
        Not compiled yet for the arguments; no other thread compiles meanwhile.
    arguments : tuple
    path : Path
        Where it cannot be written to, the loop is this process's alone.

    Returns
    -------
    Callable or None
        None where the loop calls into numba's run-time, or numba is not as it is known: then it must run it itself.
    """
    try:
        code, name = _code(loop, arguments)
    except Exception:
        # The inner parts of numba and llvmlite that are used here (0.68, 0.50) are nobody's promise; where the loop
        # itself is at fault, numba says so.
        return None
    body = json.dumps({"name": name}).encode() + b"\n" + code
    with contextlib.suppress(OSError):
        write(path, hashlib.sha256(body).digest() + body)
    return _linked(body)


class _NeedsNumbaError(Exception):
    """A loop calls what only numba's own process has."""


def _code(loop: Any, arguments: tuple[Any, ...]) -> tuple[bytes, str]:
    """Machine code, and the name of its one function that is called from outside."""
    import llvmlite.binding as llvm

    module, name = module_of(loop, tuple(map(loop.typeof_pyval, arguments)))
    if any(function.name == "NRT_MemInfo_call_dtor" for function in module.functions):
        module.link_in(llvm.parse_assembly(_STUB))
    for known in (*module.functions, *module.global_variables):
        if not known.is_declaration:
            known.linkage = "external" if known.name == name else "internal"
    machine = _machine()
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    options = llvm.create_pipeline_tuning_options(speed_level=0)
    passes.run(module, llvm.create_pass_builder(machine, options))
    outside = {known.name for known in (*module.functions, *module.global_variables) if known.is_declaration}
    if not {other for other in outside if not other.startswith("llvm.")} <= _KNOWN:
        raise _NeedsNumbaError(name)
    return machine.emit_object(module), name


def write(path: Path, data: bytes) -> None:
    """A file that is complete or absent.

    Raises
    ------
    OSError
        If it cannot be written; then nothing of it stays.
    """
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise


def load(path: Path) -> Callable[..., None] | None:
    """The loop of an object file; None where there is none, or a broken one.

    It lets go of Python's lock while it runs, and stays loaded for the life of the process.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body = memoryview(data)[32:]
    # LLVM ends the process over an object that it cannot read.
    if hashlib.sha256(body).digest() != data[:32]:
        return None
    return _linked(bytes(body))


def _linked(body: bytes) -> _Native:
    """The loop of a file's contents, without their checksum."""
    import llvmlite.binding as llvm

    header, _, code = body.partition(b"\n")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return _Native(engine, engine.get_function_address(json.loads(header)["name"]))


class _Native:
    """A loop at an address, called as numba's CPU functions are: ``status(result*, exception*, arguments…)``.

    An array is seven or more numbers: owner, parent, size, itemsize, address, shape, strides (numba's ArrayModel).
    """

    def __init__(self, engine: Any, address: int) -> None:
        self._engine = engine  # Owns the code.
        self._address = address
        self._function: Any = None

    def __call__(self, *arguments: Any) -> None:
        values: list[Any] = []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                values += (0, 0, argument.size, argument.itemsize, argument.ctypes.data)
                values += (*argument.shape, *argument.strides)
            else:
                values.append(argument)
        if self._function is None:
            kinds = [ctypes.c_void_p] * 2 + [ctypes.c_ssize_t] * len(values)
            self._function = ctypes.CFUNCTYPE(ctypes.c_int32, *kinds)(self._address)
        result, exception = ctypes.c_void_p(), ctypes.c_void_p()
        status = self._function(ctypes.addressof(result), ctypes.addressof(exception), *values)
        if status not in (_OK, _NONE):
            raise RuntimeError(f"a compiled loop ended with status {status}")
