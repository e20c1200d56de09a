"""What an output may be, checked before a frame is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tenbit.kernels._spaces import SPACES
from tenbit.pipeline.errors import WriteError

SUBSAMPLINGS = ("4:2:0", "4:2:2", "4:4:4")
COMPRESSIONS = ("deflate", "zstd", "none")


@dataclass(frozen=True)
class Format:
    """A file format: its suffixes and its bits per sample, the usual one first."""

    suffixes: tuple[str, ...]
    bits: tuple[int, ...]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "jpeg": Format((".jpg", ".jpeg"), (8,)),
        "png": Format((".png",), (8, 16)),
        "tiff": Format((".tif", ".tiff"), (16, 8, 32)),
        "dng": Format((".dng",), (16,)),
    }
)


def default_bits(format: str) -> int:  # noqa: A002 - the chain file's word
    """Bits per sample that a format gets when nothing says otherwise."""
    return FORMATS[format].bits[0]


def format_of(path: Path, format: str | None = None) -> str:  # noqa: A002 - the chain file's word
    """The format of an output: the one asked for, else the one that its suffix names.

    Raises
    ------
    WriteError
        If neither is known, or the two contradict each other.
    """
    suffix = path.suffix.lower()
    by_suffix = next((name for name, known in FORMATS.items() if suffix in known.suffixes), None)
    found = format or by_suffix
    if found is None or found not in FORMATS:
        what = f"format {format!r}" if format else f"suffix {suffix!r}"
        suffixes = ", ".join(s for known in FORMATS.values() for s in known.suffixes)
        raise WriteError(f"{path}: {what} is not known, allowed: {', '.join(FORMATS) if format else suffixes}")
    if by_suffix not in (None, found):
        raise WriteError(f"{path}: the suffix says {by_suffix}, the format {found}")
    return found


def check_options(
    *,
    format: str | None = None,  # noqa: A002 - the chain file's word
    bits: int | None = None,
    quality: int = 92,
    subsampling: str = "4:2:0",
    compression: str = "deflate",
    space: str | None = None,
    state: str | None = None,
) -> list[tuple[str, str]]:
    """Every fault of a set of output options, as (option, text) pairs; empty when all is well.

    What is None is not known yet and raises no fault.

    Parameters
    ----------
    format : str, optional
        A key of `FORMATS`.
    bits : int, optional
        Bits per sample; by default the format's usual number.
    quality : int
        JPEG quality, 1 to 100.
    subsampling : str
        JPEG chroma, one of `SUBSAMPLINGS`.
    compression : str
        TIFF, one of `COMPRESSIONS`.
    space, state : str, optional
        What the frame will be when it is written.
    """
    faults = []

    def allow(option: str, found: object, allowed: tuple[object, ...]) -> None:
        if found not in allowed:
            faults.append((option, f"{found!r} is not one of {', '.join(map(str, allowed))}"))

    allow("subsampling", subsampling, SUBSAMPLINGS)
    allow("compression", compression, COMPRESSIONS)
    if space is not None:
        allow("space", space, SPACES)
    if not 1 <= quality <= 100:
        faults.append(("quality", f"{quality} is outside 1..100"))
    if format is None:
        return faults
    if format not in FORMATS:
        allow("format", format, tuple(FORMATS))
        return faults
    if format == "dng" and state not in (None, "mosaic"):
        faults.append(("format", f"dng holds a mosaic, and this frame is {state}: leave demosaic out, or write tiff"))
    if bits is not None and bits not in FORMATS[format].bits:
        allowed = ", ".join(map(str, sorted(FORMATS[format].bits)))
        faults.append(("bits", f"{bits} is not possible in {format}, allowed: {allowed}"))
    elif (bits or default_bits(format)) == 8 and state == "linear" and space and not space.endswith("-linear"):
        # A space that is linear by name was asked for as it is.
        faults.append(
            ("bits", f"8 bits of linear {space} would band: add the tone stage, or write png or tiff with bits: 16")
        )
    return faults
