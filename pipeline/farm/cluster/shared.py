"""What workers must share with the process that gives them frames: names of files, and the storage behind them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tenbit.pipeline.batch import Order


def everywhere(order: Order) -> Order:
    """The order with paths that do not depend on the folder that a process is in."""
    chain, asked, manifest = order.chain, order.asked, order.manifest
    if chain.source is not None:
        chain = replace(chain, source=chain.source.absolute())
    if asked is not None and isinstance(asked.lens, Path):
        asked = replace(asked, lens=asked.lens.absolute())
    return replace(order, chain=chain, asked=asked, manifest=manifest and manifest.absolute())


def probe(target: Path, name: str) -> Path | None:
    """A file that workers must see: where outputs will be, as far as the folder is there; None where none can be."""
    folder = target.absolute().parent
    while not folder.exists():
        folder = folder.parent
    path = folder / f".{name}.probe"
    try:
        path.touch(exist_ok=False)
    except OSError:
        return None
    return path
