"""What may be varied: every axis by its name, and whether a value may stand on it."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from tenbit.kernels import STAGES, _schedule, stage
from tenbit.kernels._stage import param
from tenbit.pipeline.config import Chain, Output
from tenbit.pipeline.errors import RequestError, TenbitError
from tenbit.pipeline.profile.frames import size_of
from tenbit.pipeline.schema import checked, hint

_STAGE = re.compile(r"(?P<stage>\w+)(\[(?P<number>\d{1,3})\])?\.(?P<name>\w+)")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,2})?")


@dataclass(frozen=True)
class Usual:
    """Axes that every point has a value on."""

    chain: str | None = param(None, "A shipped chain, or a chain file.")
    device: str = param("auto", "auto, cpu, cuda or cuda:N.")
    sample: str = param("12mp", "Size of the simulated frame: 12mp, 24mp, 50mp, 0.5mp, 1080x1440.")
    files: str | None = param(None, "A raw file instead of a simulated frame.")
    cfa: Literal["RGGB", "GRBG", "GBRG", "BGGR", "QRGGB", "QGRBG", "QGBRG", "QBGGR"] = param(
        "RGGB", "Of the simulated sensor; with Q quad-Bayer."
    )
    bits: Literal[8, 10, 12, 14, 16] = param(10, "Depth of the simulated frame.")
    packed: bool = param(False, "Whether it comes as RAW10.")
    iso: float = param(100.0, "Its sensitivity, and so its noise.", low=1, high=1_000_000)
    threads: int | None = param(None, "Of the CPU; by default as many as it has cores.", low=1, high=1024)
    fuse: bool = param(True, "false makes every step a pass of its own.")


OF_SAMPLES = ("cfa", "bits", "packed", "iso")
"""Axes that say how a frame is simulated."""


class Axis(NamedTuple):
    """One that may be varied: the options that it is one of, and its name among them."""

    options: type
    name: str
    stage: str = ""
    number: int | None = None

    def checked(self, value: Any) -> Any:
        """A value as the code takes it.

        Raises
        ------
        RequestError
            If it is not allowed, with what is.
        """
        made, faults = checked(self.options, {self.name: value})
        if faults:
            raise RequestError(faults[0][1])
        found = getattr(made, self.name)
        if self.options is Usual and self.name == "sample":
            try:
                size_of(found)
            except RequestError as error:
                raise RequestError(str(error).partition(": ")[2]) from None
        if self.options is Usual and self.name == "device" and not _DEVICE.fullmatch(found):
            raise RequestError(f"{found!r} is not one of auto, cpu, cuda, cuda:N")
        return found


def axis(name: str) -> Axis:
    """The axis of a name: ``threads``, ``schedule.scratch_bytes``, ``output.bits``, ``demosaic.method``.

    Raises
    ------
    RequestError
        If there is none.
    """
    usual = [field.name for field in dataclasses.fields(Usual)]
    if name in usual:
        return Axis(Usual, name)
    match = _STAGE.fullmatch(name)
    if match is None:
        raise RequestError(f"no such axis; {hint(name, usual)} (or STAGE.NAME, output.NAME, schedule.NAME)")
    of, option, number = match["stage"], match["name"], match["number"]
    blocks = {"output": Output, "schedule": _sizes()}
    if number is None and of in blocks:
        kind = blocks[of]
    elif of in STAGES:
        kind = stage(of).parameters
    else:
        raise RequestError(f"no such stage; {hint(of, [*STAGES, *blocks])}")
    known = [field.name for field in dataclasses.fields(kind)]
    if option not in known:
        raise RequestError(f"no such parameter; {hint(option, known)}")
    return Axis(kind, option, "" if of in blocks else of, None if number is None else int(number))


@cache
def _sizes() -> type:
    """The sizes of a schedule as options."""
    default = _schedule.DEFAULT.as_record()
    fields = [(name, int, param(default[name], "", low=a, high=b)) for name, (a, b) in _schedule.RANGES.items()]
    return dataclasses.make_dataclass("Sizes", fields, frozen=True)


def with_values(chain: Chain, values: dict[str, Any]) -> Chain:
    """The chain with the values of those axes that are a stage's or the output's.

    Raises
    ------
    RequestError
        If it has no such stage.
    """
    links = list(chain.links)
    output = chain.output
    for name, value in values.items():
        known = axis(name)
        if known.options is Output:
            output = dataclasses.replace(output, **{known.name: value})
        if not known.stage:
            continue
        at = [n for n, link in enumerate(links) if link.stage.name == known.stage]
        at = at if known.number is None else at[known.number : known.number + 1]
        if not at:
            raise RequestError(f"{name}: the chain {chain.name} has no such stage")
        for n in at:
            new = dataclasses.replace(links[n].parameters, **{known.name: value})
            links[n] = dataclasses.replace(links[n], parameters=new)
    return dataclasses.replace(chain, links=tuple(links), output=output)


def one_line(error: BaseException) -> str:
    """An exception as the text of a row."""
    text = " ".join(str(error).split())
    return text if isinstance(error, TenbitError) else f"{type(error).__name__}: {text}"
