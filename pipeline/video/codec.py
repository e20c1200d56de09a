"""Which codecs there are, in which files, with which options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tenbit.pipeline.errors import RequestError


@dataclass(frozen=True)
class Codec:
    """How pictures are encoded.

    Parameters
    ----------
    name : str
    encoder : str
        FFmpeg's.
    pixels : str
        FFmpeg's name of the layout that it is given.
    suffixes : tuple of str
        Of the files that can hold it.
    options : mapping
        Of the encoder.
    tag : str
        What the file calls it, where FFmpeg's own choice will not do.
    summary : str
    """

    name: str
    encoder: str
    pixels: str
    suffixes: tuple[str, ...]
    options: Mapping[str, str]
    tag: str
    summary: str

    @property
    def is_rgb(self) -> bool:
        return self.pixels.startswith("gbr")

    @property
    def subsampling(self) -> tuple[int, int]:
        """Rows and columns of the picture to one sample of chroma."""
        return (1, 1) if self.is_rgb else (2, 2) if "420" in self.pixels else (1, 2)


CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        codec.name: codec
        for codec in (
            Codec(
                "prores",
                "prores_ks",
                "yuv422p10le",
                (".mov", ".mkv"),
                {"profile": "hq", "vendor": "apl0"},
                "",
                "ProRes 422 HQ, 10 bits: every frame for itself, for editing",
            ),
            Codec(
                "hevc",
                "libx265",
                "yuv420p10le",
                (".mp4", ".mov", ".mkv"),
                # A lookahead of 10 frames instead of 20: 571 instead of 728 MB at 1920 × 1080.
                {"preset": "medium", "x265-params": "log-level=none:rc-lookahead=10"},
                # With hev1, FFmpeg's choice, nothing of Apple's plays the file.
                "hvc1",
                "HEVC Main 10, 4:2:0, 10 bits: small, for players",
            ),
            Codec(
                "ffv1",
                "ffv1",
                "gbrp16le",
                (".mkv",),
                {"level": "3", "slices": "16", "slicecrc": "1"},
                "",
                "FFV1, RGB of 16 bits: what the chain made, bit for bit, for archives",
            ),
        )
    }
)
CONTAINERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {".mov": ("mov", "prores"), ".mp4": ("mp4", "hevc"), ".mkv": ("matroska", "ffv1")}
)
"""FFmpeg's name of a kind of file and the codec that it gets when nothing says otherwise, by suffix."""
BEST_CRF = 16.0
"""Of HEVC by default: no difference is seen at 10 bits (x265's own default, 28, is for streaming)."""


def codec_for(target: Path, name: str | None = None) -> Codec:
    """The codec of a video: the one asked for, else the usual one of the file's suffix.

    Raises
    ------
    RequestError
        If the suffix or the name is not known, or the two do not go together.
    """
    suffix = target.suffix.lower()
    if suffix not in CONTAINERS:
        raise RequestError(f"{target}: suffix {suffix!r} is of no video known here, allowed: {', '.join(CONTAINERS)}")
    codec = CODECS.get(name or CONTAINERS[suffix][1])
    if codec is None:
        raise RequestError(f"codec {name!r} is not known, allowed: {', '.join(CODECS)}")
    if suffix not in codec.suffixes:
        raise RequestError(f"{target}: {suffix} holds no {codec.name}; it goes into {', '.join(codec.suffixes)}")
    return codec


def pyav() -> Any:
    """The module ``av``.

    Raises
    ------
    RequestError
        If it is not installed; says how to.
    """
    try:
        return import_module("av")
    except ImportError:
        raise RequestError("videos need PyAV: pip install 'tenbit[video]'") from None
