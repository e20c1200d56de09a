"""From a pass to a callable: source text, cached on disk and compiled. The only module that imports numba.

numba caches a function by its source file. A loop built in memory has none, so each generated source is a file of its
own in the user's cache folder, named by a hash of its text; a second process then compiles nothing. CPU loops
are kept as object files too (`_native`): where one is there, a process does not even import numba.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tenbit.kernels import _cpu_source, _cuda, _native
from tenbit.kernels._bound import Bound
from tenbit.kernels._cpu import CpuPass
from tenbit.kernels._cuda_pass import CudaPass
from tenbit.kernels._pass import Pass, label
from tenbit.kernels._spans import span

Said = Callable[[str], None]
# Pairs of arrays that may be checked for overlap before a loop is not vectorised: 128 by default, and a loop that
# measures and paints has a dozen rows to read and as many to write (monitors, one thread: 34 to 204 MP/s).
_LLVM_OPTION = "--vectorize-memory-check-threshold=1000"
_LOADED: dict[str, ModuleType] = {}
_CPU: dict[tuple[Any, ...], CpuPass] = {}
_WRITING = threading.Lock()
_CUDA: dict[tuple[Any, ...], CudaPass] = {}


def cache_folder() -> Path:
    """Where generated loops live: ``$TENBIT_CACHE``, else ``tenbit`` in the user's cache folder."""
    if explicit := os.environ.get("TENBIT_CACHE"):
        return Path(explicit)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "tenbit"
    try:
        return Path.home() / ".cache" / "tenbit"
    except RuntimeError:
        # A user without a home, as containers have them.
        return _private_folder()


def is_cold(text: str) -> bool:
    """Whether this source has not been compiled on this machine yet, as far as the cache folder tells.

    Never for CUDA under numba's simulator, which compiles nothing.
    """
    if _cuda.DECORATOR in text and _is_simulated():
        return False
    path = _path(text, cache_folder())
    if path.stem in _LOADED or any(path.parent.glob(f"{path.stem}.*.o")):
        return False
    return not _is_numbas(path)


def _is_numbas(path: Path) -> bool:
    """Whether numba's own cache holds what it has made of a source."""
    return any((path.parent / "__pycache__").glob(f"{path.stem}.*.nbi"))


def cpu_pass(work: Pass, bound: Bound, said: Said | None = None) -> CpuPass:
    """The pass for the CPU. ``said`` is told before a compile that takes seconds."""
    key = (work.signature, bound.signature)
    if key not in _CPU:
        # Of the lanes that come at once one writes the source: 0.12 s of Python for `standard`, which has one lock.
        with _WRITING:
            if key not in _CPU:
                text = _told(work, _cpu_source.source(work, bound), said)
                _CPU[key] = CpuPass(work, _Loop(text, label(work)), _cpu_source.buffers(work, bound))
    return _CPU[key]


def cuda_pass(work: Pass, bound: Bound, said: Said | None = None) -> CudaPass:
    """The pass for CUDA, or for numba's simulator where ``NUMBA_ENABLE_CUDASIM`` is set."""
    key = (work.signature, bound.signature)
    if key not in _CUDA:
        text = _told(work, _cuda.source(work, bound), said)
        # numba compiles a kernel, or reads it from its cache, at the first launch.
        first = None if _is_simulated() else "compile" if is_cold(text) else "load"
        try:
            kernel = _module(text).kernel
        except Exception:  # Python passes on whatever reading a damaged file raises.
            _forget(text)
            kernel = _module(text).kernel
        _CUDA[key] = CudaPass(work, kernel, first)
    return _CUDA[key]


def kernel_array(array: Any) -> Any:
    """Another library's array on the card as numba's, over the same memory; waits for no stream."""
    from numba import cuda

    return cuda.as_cuda_array(array, sync=False)


def kernel_stream(pointer: int) -> Any:
    """Another library's CUDA stream as numba's."""
    from numba import cuda

    return cuda.external_stream(pointer)


class _Loop:
    """A CPU loop: its object where there is one, else numba's, whose object is then kept for the next process.

    It survives a damaged cache: when numba's first call fails, the loop is compiled afresh and called again.
    """

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name
        self._bands: dict[tuple[str, ...], Callable[..., None]] = {}
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> None:
        kinds = tuple(map(_native.kind_of, arguments))
        band = self._bands.get(kinds)
        if band is None:
            with self._lock:
                band = self._bands.get(kinds)
                if band is None:
                    self._bands[kinds] = self._first(kinds, arguments)
                    return
        band(*arguments)

    def _first(self, kinds: tuple[str, ...], arguments: tuple[Any, ...]) -> Callable[..., None]:
        """Do the first call with arguments of some kinds; returns what does the next ones."""
        path = None
        if _native.is_possible():
            path = _native.path_of(_path(self._text, cache_folder()), kinds)
            with span("load", self._name) if path.is_file() else nullcontext():
                kept = _native.load(path)
            if kept:
                kept(*arguments)
                return kept
        # As far as the cache folder tells; numba does both in a loop's first call.
        with span("compile" if is_cold(self._text) else "load", self._name):
            if path and (own := self._own(arguments, path)):
                own(*arguments)
                return own
            return self._compiled(arguments)

    def _own(self, arguments: tuple[Any, ...], path: Path) -> Callable[..., None] | None:
        """The loop without numba's run-time; None where it needs that, or is not compiled as usual."""
        from numba.core.compiler_lock import global_compiler_lock

        # What numba has kept alone is a loop that needs it.
        if not _is_usual() or _is_numbas(_path(self._text, cache_folder())):
            return None
        band = self._module().band
        with global_compiler_lock:
            return _native.made(band, arguments, path)

    def _module(self) -> ModuleType:
        try:
            return _module(self._text)
        except Exception:  # Python passes on whatever reading a damaged file raises.
            _forget(self._text)
            return _module(self._text)

    def _compiled(self, arguments: tuple[Any, ...]) -> Callable[..., None]:
        """numba's loop, called once: nothing of it has run where reading or writing the cache fails."""
        band: Callable[..., None]
        try:
            band = self._module().band
            band(*arguments)
        except Exception:  # Python and numba pass on whatever reading a damaged file raises.
            _forget(self._text)
            try:
                band = _module(self._text).band
                band(*arguments)
            except OSError:
                # The folder could be written to, but numba's part did not fit.
                _forget(self._text)
                band = _module(self._text, is_private=True).band
                band(*arguments)
        return band


def _is_simulated() -> bool:
    import numba

    return bool(numba.config.ENABLE_CUDASIM)  # type: ignore[attr-defined]


def _is_usual() -> bool:
    """Whether numba compiles as it does by itself: who looks for a fault has slow loops, which no other wants."""
    from numba import config

    return bool(config.OPT == 3 and not config.BOUNDSCHECK and not config.DEBUGINFO_DEFAULT)  # type: ignore[attr-defined]


def _told(work: Pass, text: str, said: Said | None) -> str:
    if said and is_cold(text):
        said(f"compiling {label(work)}")
    return text


def _path(text: str, folder: Path) -> Path:
    key = "\n".join((_native.numba_version(), sys.version, _LLVM_OPTION, text))
    return folder / f"tenbit_{hashlib.sha256(key.encode()).hexdigest()[:24]}.py"


def _module(text: str, *, is_private: bool = False) -> ModuleType:
    """The module of a generated source, loaded once per process; ``is_private`` where others cannot use it."""
    path = _path(text, cache_folder())
    if path.stem in _LOADED:
        return _LOADED[path.stem]
    try:
        if is_private:
            raise PermissionError(path)
        _keep(path, text)
    except OSError:
        # A cache folder that cannot be used costs time, never a failure.
        private = _path(text, _private_folder())
        _copied(path, private, text)
        path = private
    _let_vectorise()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # numba (0.68) finds a cached function's globals again through the module's name.
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return _LOADED.setdefault(path.stem, module)


@cache
def _let_vectorise() -> None:
    """Tell LLVM, before it compiles anything here."""
    from llvmlite import binding

    binding.set_option("tenbit", _LLVM_OPTION)


@cache
def _private_folder() -> Path:
    """A folder for this process alone, gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="tenbit-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _copied(kept: Path, path: Path, text: str) -> None:
    """The source in a folder of our own, with what a warm folder that is read-only holds of it.

    numba (0.68) does not read a cache that it cannot write to. The copies keep their dates, which are part of its key.
    """
    with contextlib.suppress(OSError):
        if kept.read_bytes() == text.encode():
            (path.parent / "__pycache__").mkdir(parents=True, exist_ok=True)
            shutil.copy2(kept, path)
            for compiled in (kept.parent / "__pycache__").glob(f"{kept.stem}.*"):
                shutil.copy2(compiled, path.parent / "__pycache__")
    _keep(path, text)


def _forget(text: str) -> None:
    """Take a source and what numba made of it out of the cache folder."""
    path = _path(text, cache_folder())
    _LOADED.pop(path.stem, None)
    sys.modules.pop(path.stem, None)
    with contextlib.suppress(OSError):
        kept = path.parent.glob(f"{path.stem}.*.o")
        for damaged in (path, *kept, *(path.parent / "__pycache__").glob(f"{path.stem}.*")):
            damaged.unlink(missing_ok=True)


def _keep(path: Path, text: str) -> None:
    """Write the source unless it is there already: its date is part of numba's key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cache = path.parent / "__pycache__"
    cache.mkdir(exist_ok=True)
    if not (os.access(path.parent, os.W_OK) and os.access(cache, os.W_OK)):
        raise PermissionError(path.parent)
    if path.is_file() and path.read_bytes() == text.encode():
        return
    _native.write(path, text.encode())
