"""A chain file, or a list of stages, to a checked `Chain`: every fault at once, each with its place."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tenbit.kernels import STAGES, stage
from tenbit.kernels._facts import CameraColour, Cfa, Facts
from tenbit.kernels._stage import param
from tenbit.pipeline.document import Document, parse
from tenbit.pipeline.errors import ChainError, StageError
from tenbit.pipeline.overrides import override, set_long_edge
from tenbit.pipeline.plan import Link, PlanError, plan
from tenbit.pipeline.schema import checked, hint, json_schema

if TYPE_CHECKING:
    from tenbit.pipeline.run import ChainLike

_ROOT = Path(__file__).resolve().parents[1] / "configs" / "chains"
_SUFFIXES = (".yaml", ".yml")
_BLOCKS = ("name", "chain", "output")

Format = Literal["jpeg", "png", "tiff", "dng"]


@dataclass(frozen=True)
class Output:
    """How the picture is written."""

    format: Format | None = param(None, "By default what the output's suffix says, else jpeg. dng is for a mosaic.")
    quality: int = param(92, "Of a jpeg.", low=1, high=100)
    bits: Literal[8, 16, 32] | None = param(None, "Per sample; by default 8, for tiff and dng 16. 32 (tiff) is float.")
    subsampling: Literal["4:2:0", "4:2:2", "4:4:4"] = param("4:2:0", "Of a jpeg's colour.")
    compression: Literal["deflate", "zstd", "none"] = param("deflate", "Of a tiff.")


@dataclass(frozen=True)
class Chain:
    """A chain without faults.

    Parameters
    ----------
    name : str
    links : tuple of Link
    output : Output
    source : Path or None
        The file that it comes from.
    document : Document
        What it was read from: where each value stands.
    """

    name: str
    links: tuple[Link, ...]
    output: Output = Output()
    source: Path | None = None
    document: Document = field(default_factory=lambda: Document({}), compare=False, repr=False)

    def as_record(self) -> dict[str, Any]:
        """The whole chain with every value, defaults too, fit for JSON: as a chain file it makes the same picture."""
        entries = [{link.stage.name: _plain(dataclasses.asdict(link.parameters))} for link in self.links]
        return {"name": self.name, "chain": entries, "output": dataclasses.asdict(self.output)}


def shipped_chains() -> tuple[str, ...]:
    """Names of the chains that come with tenbit."""
    return tuple(sorted(path.stem for path in _ROOT.glob("*.yaml")))


def schema() -> dict[str, Any]:
    """The JSON Schema of a chain file, for editors."""
    return json_schema({name: stage(name).parameters for name in STAGES}, Output)


def load(
    chain: ChainLike,
    *,
    overrides: Sequence[str] = (),
    long_edge_px: int | None = None,
    format: Format | None = None,  # noqa: A002  the chain file's word
    is_order_checked: bool = True,
) -> Chain:
    """A chain, checked whole: names, types, ranges, and the order of its stages.

    Parameters
    ----------
    chain : path, str or sequence
        A chain file; the name of a shipped chain; or a list of stages as in a file:
        ``["black_level", {"demosaic": {"method": "malvar"}}]``.
    overrides : sequence of str
        ``stage.parameter=value``, the value as in YAML; ``stage[1].parameter=value`` for the second stage of that name
        only; ``output.quality=80``. They come after ``long_edge_px``.
    long_edge_px : int, optional
        Length of the picture's longer side: what the ``resize`` stage is told, which is put in where there is none.
    format : {"jpeg", "png", "tiff", "dng"}, optional
        Of the output, instead of the chain's, before the options of the output are checked against it.
    is_order_checked : bool
        Whether a chain that no raw file could go through is refused. A caller that plans for a frame of its own at once
        leaves it to that plan.

    Returns
    -------
    Chain

    Raises
    ------
    ChainError
        With every fault, a line each.
    """
    if isinstance(chain, str | os.PathLike):
        path = _found(chain)
        is_shipped = path.parent == _ROOT
        document = parse(path, path.name if is_shipped else str(chain))
        name = path.stem
    else:
        path, name = None, "list"
        document = Document({"chain": list(chain)})
    if long_edge_px is not None:
        set_long_edge(document, long_edge_px)
    faults = override(document, overrides)
    chain_name, links, output, more = _read(document, name, format, needs_stages=path is not None)
    faults += more
    if faults:
        raise ChainError(faults)
    made = Chain(chain_name, links, output, path, document)
    if is_order_checked:
        try:
            final_facts(made)
        except StageError as error:
            raise ChainError(_faults_of_order(links, nominal()[0]) or [str(error)]) from None
    return made


def _found(chain: str | os.PathLike[str]) -> Path:
    text = os.fspath(chain)
    if isinstance(chain, str) and text in shipped_chains():
        return _ROOT / f"{text}.yaml"
    path = Path(text)
    if path.suffix.lower() in _SUFFIXES or len(path.parts) > 1:
        if not path.is_file():
            raise ChainError([f"{text}: {'a folder' if path.is_dir() else 'no such file'}, a chain file belongs here"])
        return path
    raise ChainError([f"{text!r}: no shipped chain; {hint(text, shipped_chains())} (or a path that ends in .yaml)"])


def _read(
    document: Document,
    name: str,
    format: Format | None,  # noqa: A002
    *,
    needs_stages: bool,
) -> tuple[str, tuple[Link, ...], Output, list[str]]:
    """Name, links, output and faults of a document, its output in ``format`` where that is known already."""
    top = document.value
    if not isinstance(top, dict):
        return name, (), Output(), [document.fault((), "a mapping with 'chain:' belongs here")]
    faults = [
        document.fault((key,), f"no such block; {hint(key, _BLOCKS)}", is_key=True) for key in top if key not in _BLOCKS
    ]
    if "name" in top and not isinstance(top["name"], str):
        faults.append(document.fault(("name",), f"{top['name']!r} is not a text"))
    links: list[Link] = []
    entries = top.get("chain")
    if not isinstance(entries, list):
        faults.append(document.fault(("chain",), "missing" if "chain" not in top else "not a list of stages"))
        entries = []
    elif not entries and needs_stages:
        faults.append(document.fault(("chain",), "has no stages"))
    for number, entry in enumerate(entries):
        link, wrong = _link(document, number, entry)
        faults += wrong
        if link:
            links.append(link)
    found = top.get("output")
    output = Output(format)
    if isinstance(found, dict):
        output, wrong = _options(document, ("output",), Output, found)
        if not wrong:
            output = dataclasses.replace(output, format=format or output.format)
        faults += wrong or _unfit(document, output)
    elif found is not None:
        faults.append(document.fault(("output",), "not a mapping, such as {format: jpeg}"))
    return str(top.get("name") or name), tuple(links), output, faults


def _options(document: Document, way: tuple[str | int, ...], kind: type, found: Any) -> tuple[Any, list[str]]:
    made, wrong = checked(kind, found)
    return made, [document.fault((*way, *more), text, is_key=is_key) for more, text, is_key in wrong]


def _unfit(document: Document, output: Output) -> list[str]:
    """Options of the output that are allowed each, but not together."""
    from tenbit.pipeline.images import check_options

    return [document.fault(("output", name), text) for name, text in check_options(**dataclasses.asdict(output))]


def _link(document: Document, number: int, entry: Any) -> tuple[Link | None, list[str]]:
    """One entry of the chain: ``name``, ``name: null`` or ``name: {parameters}``."""
    way = ("chain", number)
    if isinstance(entry, str):
        entry = {entry: None}
    if not isinstance(entry, Mapping) or not entry:
        return None, [document.fault(way, "not a stage; write '- demosaic' or '- demosaic: {method: malvar}'")]
    if len(entry) > 1:
        first, second = list(entry)[:2]
        text = f"{len(entry)} names in one entry; indent {second!r} deeper than {first!r}, or give it a line with '-'"
        return None, [document.fault(way, text)]
    ((name, found),) = entry.items()
    if name not in STAGES:
        return None, [document.fault((*way, str(name)), f"no such stage; {hint(str(name), STAGES)}", is_key=True)]
    if found is not None and not isinstance(found, Mapping):
        return None, [document.fault((*way, name), f"{found!r} is not a mapping of parameters; write {{name: value}}")]
    known = stage(name)
    parameters, faults = _options(document, (*way, name), known.parameters, found or {})
    places = document.keys
    place = places.get((*way, name)) or document.values.get(way, "")
    here = f"{place}: chain[{number}]" if place else f"chain[{number}]"
    return (None if faults else Link(known, parameters, here)), faults


def nominal() -> tuple[Facts, Facts]:
    """Two frames that a chain may meet: a 10-bit phone's, and one of a large sensor with other levels.

    Both have covered pixels: which files lack them is for the files to say.
    """
    matrix = ((1.1, -0.4, -0.1), (-0.3, 1.2, 0.1), (0.0, 0.2, 0.5))
    phone = Facts(
        state="mosaic",
        rows=3072,
        cols=4096,
        cfa=Cfa("RGGB"),
        black=(64.0,) * 4,
        white=(1023.0,) * 4,
        masked_black=(64.0,) * 4,
        masked_rows=np.zeros(3072, np.float32),
        neutral=(0.5, 1.0, 0.6),
        colour=CameraColour(color_matrix1=matrix, illuminant1=21),
        optical_centre=(1535.5, 2047.5),
    )
    return phone, dataclasses.replace(
        phone,
        rows=24000,
        cols=32000,
        black=(0.0,) * 4,
        white=(65535.0,) * 4,
        masked_black=(0.0,) * 4,
        masked_rows=np.zeros(24000, np.float32),
        optical_centre=(11999.5, 15999.5),
    )


def final_facts(chain: Chain) -> Facts:
    """What the chain makes of a usual frame.

    Raises
    ------
    StageError
        If no frame can go through it; a reason that only one of two unlike frames meets is that frame's.
    """
    phone, large = nominal()
    try:
        return plan(chain.links, phone).facts
    except StageError as error:
        try:
            return plan(chain.links, large).facts
        except StageError:
            raise error from None


def _faults_of_order(links: Sequence[Link], facts: Facts) -> list[str]:
    """Every fault that planning for a frame meets, but none that another one brings about.

    A stage that cannot work is taken as it is by default, and where that is no help left out, before the ones behind
    it are looked at. What those say of the frame's state is not heard once a stage was left out: it may have made it.
    """
    left, faults = list(links), list[str]()
    is_whole = True
    while True:
        try:
            plan(left, facts)
            return faults
        except PlanError as error:
            fault = error.faults[0]
        at = next((n for n, link in enumerate(left) if fault.startswith(f"{link.place}: ")), None)
        is_lost = at is None or plan(left[:at], facts).facts.state not in left[at].stage.takes
        if fault not in faults and (is_whole or not is_lost):
            faults.append(fault)
        if at is None or is_lost:
            return faults
        usual = dataclasses.replace(left[at], parameters=left[at].stage.parameters())
        is_helped = usual.parameters != left[at].parameters
        left[at : at + 1] = [usual] if is_helped else []
        is_whole = is_whole and is_helped


def _plain(value: Any) -> Any:
    """The same with lists for tuples, as JSON has them."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
