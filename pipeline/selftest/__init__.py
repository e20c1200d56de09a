"""Whether this machine develops as others do: pictures beside stored ones, files, memory, the cache.

========== ===================================================
check      one thing that was tried, and what came of it
pictures   samples through shipped chains, beside the references
node       what a batch needs of a machine besides a device
references writes samples and references anew
========== ===================================================
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable
from pathlib import Path

from tenbit.pipeline.selftest import node, pictures
from tenbit.pipeline.selftest.check import Check, tried

__all__ = ["Check", "checksum", "self_test"]


def self_test(device: str | None = None, folder: Path | None = None) -> Generator[Check, None, None]:
    """What was tried, one by one; nothing is raised.

    Parameters
    ----------
    device : str, optional
        See `tenbit.pipeline.device.choose`.
    folder : Path, optional
        Where outputs would be written; by default the system's folder for passing files.
    """
    where, chosen = tried("device", lambda: pictures.chosen(device))
    yield chosen
    if where is not None:
        for case in pictures.cases_for(where):
            yield tried(case.name, lambda case=case: pictures.developed(case, where))[1]  # type: ignore[misc]
    yield from node.checks(folder)


def checksum(checks: Iterable[Check]) -> str | None:
    """Of the pictures that every machine makes: with the same one, machines develop alike to the last bit.

    None where there is no picture.
    """
    always = {case.name for case in (*pictures.CASES, *pictures.TINY) if not case.is_long}
    lines = [f"{check.name} {check.checksum}\n" for check in checks if check.checksum and check.name in always]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16] if lines else None
