"""A camera simulator: raw files whose every fault is known, with the ground truth beside them.

A procedural scene is seen through a lens with chosen faults by a sensor with chosen noise, and written as a real
camera would write it: tests have truth to measure against, and chains can be tried without a camera.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

    from tenbit.pipeline.sample.optics import LensModel
    from tenbit.pipeline.sample.sensor import SensorModel

__all__ = ["FORMATS", "LensModel", "SensorModel", "make", "outputs"]

FORMATS = {".dng": "dng", ".raw10": "raw10", ".raw": "raw10"}
"""What is written for each suffix, when the format is not said."""
_HOMES = {"LensModel": "optics", "SensorModel": "sensor"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tenbit.pipeline.sample' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"tenbit.pipeline.sample.{_HOMES[name]}"), name)


def make(
    out: str | Path,
    *,
    rows: int = 1080,
    cols: int = 1440,
    seed: int = 1,
    format: str | None = None,  # noqa: A002  the command line's word
    cfa: str = "RGGB",
    bits: int = 10,
    black: int = 64,
    iso: float = 100.0,
    full_well_e: float = 15000.0,
    read_noise_e: float = 2.5,
    is_noisy: bool = True,
    hot_pixels: int = 0,
    dead_pixels: int = 0,
    exposure_ev: float = 0.0,
    lens: LensModel | None = None,
    scene: npt.ArrayLike | None = None,
    row_padding: int = 0,
    truth: bool = True,
) -> list[Path]:
    """Write a simulated raw file and its ground truth, and return the paths written, the raw file first.

    Parameters
    ----------
    out : str or Path
        The raw file. The truth is ``<stem>-truth.tif`` beside it, the sidecar of a RAW10 file ``<name>.json``.
        Existing files are replaced.
    rows, cols : int
        Size in pixels, 64 by 64 at least.
    seed : int
        0 or more; of everything random: textures, noise, places of defects. Same arguments, same bytes.
    format : {"dng", "raw10"}, optional
        By default from the suffix, see `FORMATS`.
    cfa : str
        ``RGGB``, ``GRBG``, ``GBRG`` or ``BGGR``; quad-Bayer with a leading ``Q``: ``QRGGB`` …
    bits : int
        8, 10, 12, 14 or 16; the white level is ``2**bits - 1``. RAW10 has 10.
    black : int
        Black level, counts.
    iso, full_well_e, read_noise_e, is_noisy, hot_pixels, dead_pixels
        See `tenbit.pipeline.sample.sensor.SensorModel`.
    exposure_ev : float
        More (or, below 0, less) light than what puts diffuse white at the white level, in stops. The truth stays.
    lens : LensModel, optional
        Faults of the lens; by default none.
    scene : array_like, optional
        (rows, cols, 3), linear sRGB with diffuse white at 1, instead of the procedural scene; its size is used.
    row_padding : int
        Bytes added to each row of a RAW10 file.
    truth : bool
        Whether to write the truth: the ideal scene on the same pixels, 16-bit linear sRGB TIFF, 65535 is diffuse
        white and everything brighter. Its ImageDescription is a JSON record of lens, sensor and defective sites.

    Returns
    -------
    list of Path
        The raw file, then the sidecar (RAW10) and the truth.

    Raises
    ------
    ValueError
        If an argument is not allowed; the text is one line and begins with its name.
    WriteError
        If a file cannot be written. Nothing incomplete is left behind.
    """
    from tenbit.pipeline.sample import camera, files
    from tenbit.pipeline.sample.optics import LensModel
    from tenbit.pipeline.sample.scene import Picture, StillLife
    from tenbit.pipeline.sample.sensor import SensorModel

    raw = Path(out)
    kind = _kind(raw, format)
    if kind == "raw10" and bits != 10:
        raise ValueError(f"bits: a raw10 file has 10, not {bits}")
    if seed < 0 or row_padding < 0:
        raise ValueError(f"{'seed' if seed < 0 else 'row_padding'}: {min(seed, row_padding)} is below 0")
    lens = lens or LensModel()
    sensor = SensorModel(
        cfa=cfa,
        bits=bits,
        black=black,
        iso=iso,
        full_well_e=full_well_e,
        read_noise_e=read_noise_e,
        is_noisy=is_noisy,
        hot_pixels=hot_pixels,
        dead_pixels=dead_pixels,
    )
    seen = StillLife(rows, cols, seed) if scene is None else Picture(scene)
    mosaic, ideal = camera.expose(seen, lens, sensor, seed=seed, exposure_ev=exposure_ev)
    steps: list[files.Writer] = []
    if kind == "raw10":
        stride = -(-mosaic.shape[1] // 4) * 5 + row_padding
        steps.append(lambda file: file.write(files.pack_raw10(mosaic, stride)))
        steps.append(lambda file: file.write(files.sidecar(mosaic.shape, stride, sensor)))
    else:
        steps.append(lambda file: files.write_dng(file, mosaic, sensor))
    if truth:
        record = camera.record(lens, sensor, mosaic.shape, seed=seed, exposure_ev=exposure_ev)
        steps.append(lambda file: files.write_truth(file, ideal, record))
    paths = outputs(raw, format=kind, truth=truth)
    files.write_together(dict(zip(paths, steps, strict=True)))
    return paths


def outputs(out: str | Path, *, format: str | None = None, truth: bool = True) -> list[Path]:  # noqa: A002
    """The paths that `make` writes, or replaces, for the same arguments: the raw file, the sidecar (RAW10), the truth.

    Raises
    ------
    ValueError
        If the format is not known.
    """
    raw = Path(out)
    # Named by the whole name, so that dumps of one stem do not share it.
    sidecar = [raw.with_name(f"{raw.name}.json")] if _kind(raw, format) == "raw10" else []
    return [raw, *sidecar, *([raw.with_name(f"{raw.stem}-truth.tif")] if truth else [])]


def _kind(raw: Path, format: str | None) -> str:  # noqa: A002
    kind = format or FORMATS.get(raw.suffix.lower())
    if kind is None or kind not in FORMATS.values():
        raise ValueError(f"format: {format or raw.suffix!r} is not one of dng, raw10 (.dng, .raw10, .raw)")
    return kind
