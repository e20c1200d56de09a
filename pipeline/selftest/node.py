"""What a batch needs of a machine besides a device: files, memory, the cache of compiled loops, LibRaw."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels._compile import cache_folder
from tenbit.kernels._facts import Array
from tenbit.pipeline.images import write
from tenbit.pipeline.selftest.check import Check, Said, TrialError, UntriedError, tried
from tenbit.pipeline.selftest.pictures import CASES, FOLDER, stored

# A finished frame of 50 MP in its largest form, and one on its way.
_LEAST_FREE_BYTES = _LEAST_MEMORY_BYTES = 512 << 20
# 8 and 16 bits of what `CASES` store, and floats.
_WRITTEN: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("jpeg", 8, {"quality": 100, "subsampling": "4:4:4"}),
    ("png", 8, {}),
    ("png", 16, {}),
    ("tiff", 8, {"compression": "deflate"}),
    ("tiff", 16, {"compression": "zstd"}),
    ("tiff", 32, {"compression": "none"}),
)
# Mean of the absolute difference of a JPEG of best quality, code values.
_MOST_JPEG_OFF = 2.0


def checks(folder: Path | None) -> Iterator[Check]:
    """Each of them, tried in a folder of its own inside ``folder``, which is removed again."""
    for name, trial in (("libraw", libraw), ("cache", cache), ("memory", memory)):
        yield tried(name, trial)[1]
    inside, made = tried("folder", partial(own_folder, folder))
    yield made
    if inside is not None:
        try:
            for format_ in ("jpeg", "png", "tiff", "dng"):
                yield tried(format_, partial(written, format_, inside))[1]
            yield tried("lock", partial(lock, inside))[1]
        finally:
            shutil.rmtree(inside, ignore_errors=True)


def own_folder(folder: Path | None) -> tuple[Path, Said]:
    """A new folder inside ``folder``, which has room.

    Raises
    ------
    TrialError
        If it cannot be made, or there is little room.
    """
    parent = Path(tempfile.gettempdir()) if folder is None else folder
    try:
        free = shutil.disk_usage(parent).free
        if free < _LEAST_FREE_BYTES:
            raise TrialError(f"{parent}: {_gib(free)} free, at least {_gib(_LEAST_FREE_BYTES)} are needed")
        inside = Path(tempfile.mkdtemp(prefix=".tenbit-selftest-", dir=parent))
    except OSError as error:
        raise TrialError(f"{parent}: cannot be written to: {error.strerror or error}") from None
    return inside, Said(f"{parent}: {_gib(free)} free")


def memory() -> tuple[None, Said]:
    """Memory that is free to be taken, here and in the container.

    Raises
    ------
    TrialError
        If it is little.
    UntriedError
        If the system does not tell.
    """
    free = free_memory_bytes()
    if free is None:
        raise UntriedError("this system does not tell how much is free")
    if free < _LEAST_MEMORY_BYTES:
        raise TrialError(f"{_gib(free)} free, at least {_gib(_LEAST_MEMORY_BYTES)} are needed")
    return None, Said(f"{_gib(free)} free")


def free_memory_bytes(root: Path = Path("/")) -> int | None:
    """Bytes that a process may still take, as Linux and its control group say; None elsewhere."""
    try:
        lines = (root / "proc/meminfo").read_text("ascii").splitlines()
        free = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None
    group = root / "sys/fs/cgroup"
    try:
        most, used = (int((group / name).read_text("ascii")) for name in ("memory.max", "memory.current"))
        # What was read from files counts as used, and is given up when memory is short.
        kept = [line.split() for line in (group / "memory.stat").read_text("ascii").splitlines()]
        return min(free, most - used + sum(int(n) for name, n in kept if name == "inactive_file"))
    except (OSError, ValueError):
        return free


def cache() -> tuple[None, Said]:
    """The folder of compiled loops takes files: else every process compiles anew, seconds to minutes each.

    Raises
    ------
    TrialError
        If it does not.
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".selftest-") as handle:
            handle.write(b"tenbit")
            handle.flush()
    except OSError as error:
        why = error.strerror or error
        raise TrialError(f"{folder}: cannot be written to: {why}; set TENBIT_CACHE to a folder that can") from None
    return None, Said(f"{folder}: {len(list(folder.glob('tenbit_*.py')))} loops")


def libraw() -> tuple[None, Said]:
    """LibRaw decodes a sample as tenbit's own reader does.

    Raises
    ------
    TrialError
        If it does not.
    """
    import rawpy

    from tenbit.pipeline.raw import read

    path = FOLDER / CASES[0].sample
    with rawpy.imread(str(path)) as opened:
        samples = opened.raw_image.copy()
    _same(samples, read(path).samples, "LibRaw's samples are")
    return None, Said(f"LibRaw {'.'.join(map(str, rawpy.libraw_version))} decodes")


def written(format: str, folder: Path) -> tuple[None, Said]:  # noqa: A002
    """A picture of each kind, written and read again.

    Raises
    ------
    TrialError
        If another one comes back.
    """
    from tenbit.pipeline.raw import read

    if format == "dng":
        frame = read(FOLDER / CASES[0].sample)
        path = folder / "a.dng"
        write(path, frame.samples, space="camera", state="mosaic", facts=frame.facts)
        _same(read(path).samples, frame.samples, "the samples are")
        return None, Said(f"{path.stat().st_size} bytes, the same samples come back")
    sizes = []
    pictures = {8: stored(CASES[0].reference), 16: stored(CASES[2].reference)}
    pictures[32] = pictures[8].astype(np.float32) / np.float32(255)
    for _, bits, options in (one for one in _WRITTEN if one[0] == format):
        path = folder / f"a{bits}.{format}"
        write(path, pictures[bits], space="srgb", state="display", bits=bits, **options)
        back = stored(path)
        if format == "jpeg":
            mean = float(np.abs(back.astype(np.float32) - pictures[bits]).mean())
            if back.shape != pictures[bits].shape or mean > _MOST_JPEG_OFF:
                raise TrialError(f"{bits} bits: another picture comes back, {mean:.1f} code values off")
        else:
            _same(back, pictures[bits], f"{bits} bits: the picture is")
        sizes.append(f"{bits} bits in {path.stat().st_size} bytes")
    return None, Said(f"{', '.join(sizes)}: {'the like' if format == 'jpeg' else 'the same'} comes back")


def lock(folder: Path) -> tuple[None, Said]:
    """A lock on a file keeps others out, as manifests that several processes share rely on.

    Raises
    ------
    TrialError
        If it does not.
    UntriedError
        If there are no locks.
    """
    try:
        import fcntl
    except ImportError:
        raise UntriedError("this system has no flock: give each host a manifest of its own") from None
    path = folder / "lock"
    with path.open("wb") as first, path.open("wb") as second:
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = error.strerror or error
            raise UntriedError(f"no locks on this file system ({text}): give each host a manifest of its own") from None
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None, Said("a lock keeps others out")
        raise TrialError("a file that is locked can be locked once more: give each process a manifest of its own")


def _same(found: Array, wanted: Array, what: str) -> None:
    if found.dtype != wanted.dtype or not np.array_equal(found, wanted):
        raise TrialError(f"{what} not the same")


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
