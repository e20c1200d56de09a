"""A frame to a picture file."""

from __future__ import annotations

import os
from pathlib import Path

from tenbit.pipeline import images
from tenbit.pipeline.drawings import written
from tenbit.pipeline.frame import Frame


def write(
    path: str | os.PathLike[str],
    frame: Frame,
    *,
    bits: int | None = None,
    quality: int = 92,
    subsampling: str = "4:2:0",
    compression: str = "deflate",
) -> None:
    """Write a developed frame with its colour space, EXIF and record; the file is complete or absent.

    What monitors drew to files of their own goes beside it: ``a.histogram.png`` beside ``a.jpg``.

    Parameters
    ----------
    path : path or str
        Its suffix names the format: ``.jpg``, ``.png``, ``.tif`` …, ``.dng`` for a mosaic; files of these names are
        replaced.
    frame : Frame
        As `tenbit.run` returns it. One that was not turned by ``orient`` says so in its EXIF.
    bits : int, optional
        8, 16 (PNG, TIFF) or 32 (TIFF); by default those of the samples, for float32 the format's usual number.
    quality : int
        Of a JPEG, 1 to 100.
    subsampling : {"4:2:0", "4:2:2", "4:4:4"}
        Of a JPEG's colour.
    compression : {"deflate", "zstd", "none"}
        Of a TIFF.

    Raises
    ------
    WriteError
        For options that do not fit each other or the samples, and when the file cannot be written.
    TypeError
        If ``frame`` is not a `Frame`.
    """
    if not isinstance(frame, Frame):
        raise TypeError(f"frame: a tenbit.Frame is expected, not {type(frame).__name__}; tenbit.run gives one")
    with written(Path(path), frame.drawings):
        images.write(
            Path(path),
            frame.samples,
            space=frame.facts.space,
            state=frame.state,
            bits=bits,
            quality=quality,
            subsampling=subsampling,
            compression=compression,
            exif=frame.exif,
            orientation=frame.facts.orientation,
            record=frame.record or None,
            facts=frame.facts,
        )
