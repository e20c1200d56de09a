"""Whether lensfun's database, 75 ms to load, may know a camera: the makers in it, kept in the cache folder."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import cache
from pathlib import Path


def is_known(make: str | None) -> bool:
    """Whether a camera of this maker may be in the database; False where lensfunpy is not installed."""
    return _first(make) in _makers()


def _first(make: str | None) -> str:
    return (make or "").casefold().split(" ")[0]


@cache
def _makers() -> frozenset[str]:
    """First words of all makers of cameras."""
    from importlib.util import find_spec

    found = find_spec("lensfunpy")
    if found is None or found.origin is None:
        return frozenset()
    from tenbit.kernels._compile import cache_folder

    # Another version of the package has other times.
    stamp = f"{found.origin} {Path(found.origin).stat().st_mtime_ns}"
    place = cache_folder() / f"lensfun-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}.json"
    with suppress(OSError, ValueError, TypeError):
        return frozenset(json.loads(place.read_text("utf-8")))
    from tenbit.pipeline.errors import WriteError
    from tenbit.pipeline.images.atomic import replaced
    from tenbit.pipeline.lenses.imports import lensfun

    makers = frozenset(_first(maker) for maker in lensfun.makers())
    with suppress(WriteError, OSError), replaced(place) as handle:
        handle.write(json.dumps(sorted(makers)).encode())
    return makers
