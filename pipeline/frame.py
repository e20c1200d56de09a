"""Frame: samples and what their file says about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tenbit.kernels._facts import Array, CameraColour, Cfa, Facts, State, Triple, as_matrix
from tenbit.kernels._pass import Packing
from tenbit.kernels._source import PACKINGS


@dataclass(frozen=True)
class Exif:
    """What the file says about how the picture was taken; None where it says nothing."""

    make: str | None = None
    model: str | None = None
    lens_make: str | None = None
    lens_model: str | None = None
    serial: str | None = None
    taken: str | None = None
    """``YYYY:MM:DD HH:MM:SS``, the camera's own clock."""
    exposure_s: float | None = None
    f_number: float | None = None
    iso: int | None = None
    focal_mm: float | None = None
    focal_35mm: float | None = None
    artist: str | None = None
    copyright: str | None = None
    lens_spec: tuple[float | None, float | None, float | None, float | None] | None = None
    """Shortest and longest focal length, mm, and the largest aperture at each; None for what is not known."""
    lens_profile: str | None = None
    """The lens's name in the maker note of a Leica M."""
    lens_code: int | None = None
    """A Leica M's 6-bit code, 0 … 63; 0 is an uncoded lens."""
    frame_selector: int | None = None
    """Position of a Leica M's frame selector: 1 is 28/90, 2 is 24/35, 3 is 50/75, 0 a lens chosen from the menu."""
    f_number_estimate: float | None = None
    """What a Leica M guesses from two light meters."""
    is_uv_ir_corrected: bool | None = None
    """Whether an M8 took a UV/IR filter into account."""
    focus_m: float | None = None
    """Subject distance; infinity is one."""
    sample_mm: float | None = None
    """From one sample to the next on the sensor, by the focal plane's resolution."""


@dataclass(frozen=True)
class Frame:
    """Samples plus metadata.

    Parameters
    ----------
    samples : array
        ``mosaic``: (rows, cols), uint8, uint16 or float32, sensor counts; with a ``packing`` (rows, bytes), uint8.
        ``linear`` and ``display``: (rows, cols, 3); whole numbers of a display frame are code values, floats 0 … 1.
    facts : Facts
        Levels, CFA, colour, geometry: all that the stages work from.
    exif : Exif
    source : Path or None
    reader : str
        Which reader made it: ``dng``, ``packed``, ``libraw`` or ``memory``.
    warnings : tuple of str
        What the reader had to assume, a line each.
    results : mapping
        Results of measuring stages by stage name, after a run.
    record : mapping
        How the frame was made (chain, version, device), after a run.
    drawings : mapping
        What monitors drew to files of their own, after a run: bytes by the end of the file's name, ``histogram.png``.
    packing : Packing, optional
        MIPI's packing of the samples, ``raw10`` or ``raw12``, if they still have it: the first loop that reads them
        unpacks them.

    Raises
    ------
    ValueError
        If the samples have not the shape that the facts say.
    """

    samples: Array
    facts: Facts
    exif: Exif = Exif()
    source: Path | None = None
    reader: str = "memory"
    warnings: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    packing: Packing | None = None
    drawings: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        facts = self.facts
        if self.packing is not None:
            self._check_packed(*PACKINGS[self.packing])
            return
        expected = (facts.rows, facts.cols) if facts.state == "mosaic" else (facts.rows, facts.cols, 3)
        if self.samples.shape != expected:
            raise ValueError(f"a {facts.state} frame of these facts has shape {expected}, not {self.samples.shape}")

    def _check_packed(self, group: int, _low: int) -> None:
        rows, least = self.facts.rows, -(-self.facts.cols // group) * (group + 1)
        found = self.samples
        if found.dtype != np.uint8 or found.ndim != 2 or len(found) != rows or found.shape[1] < least:
            raise ValueError(
                f"a {self.packing} mosaic of these facts is uint8 of {rows} rows of at least {least} bytes, "
                f"not {found.dtype} {found.shape}"
            )

    @property
    def state(self) -> State:
        return self.facts.state

    @classmethod
    def from_mosaic(
        cls,
        array: npt.ArrayLike,
        *,
        cfa: str = "RGGB",
        black: float | tuple[float, ...] = 0.0,
        white: float | None = None,
        neutral: Triple | None = None,
        color_matrix: npt.ArrayLike | None = None,
    ) -> Frame:
        """A frame from a plane of sensor samples that are already in memory.

        Parameters
        ----------
        array : array_like
            (rows, cols); whole numbers of 0 … 65535 become uint8 or uint16, anything else float32. Not copied when it
            fits.
        cfa : str
            See `Cfa`.
        black : float or tuple of float
            Counts; one for all or one per site of a CFA period, row by row.
        white : float, optional
            Counts; by default 1 for floats and what uint8 or uint16 can hold at most for whole numbers.
        neutral : Triple, optional
            Camera-space white (AsShotNeutral).
        color_matrix : array_like, optional
            XYZ to camera, (3, 3), for daylight (D65).

        Raises
        ------
        ValueError
            If the array is not two-dimensional, a whole number does not fit 16 bits, the levels do not fit the CFA, or
            white is not above black.
        """
        samples = np.asarray(array)
        if samples.ndim != 2:
            raise ValueError(f"a mosaic has shape (rows, cols), not {samples.shape}")
        if samples.dtype not in (np.uint8, np.uint16, np.float32):
            is_whole = samples.dtype.kind in "iu"
            least, most = (samples.min(), samples.max()) if samples.size else (0, 0)
            if is_whole and not 0 <= least <= most <= 65535:
                raise ValueError(f"counts of {least} … {most} do not fit 0 … 65535; give them as floats")
            samples = samples.astype(np.uint16 if is_whole else np.float32)
        if white is None:
            white = 1.0 if samples.dtype == np.float32 else float(np.iinfo(samples.dtype).max)
        pattern = Cfa(cfa)
        sites = pattern.period**2
        levels = tuple(np.asarray(black, np.float64).reshape(-1).tolist())
        levels *= sites if len(levels) == 1 else 1
        if not max(levels, default=0.0) < white:
            raise ValueError(f"white: {white:g} is not above black, {max(levels):g}")
        matrix = None if color_matrix is None else as_matrix(color_matrix)
        rows, cols = samples.shape
        facts = Facts(
            state="mosaic",
            rows=rows,
            cols=cols,
            cfa=pattern,
            black=levels,
            white=(float(white),) * sites,
            neutral=neutral,
            colour=CameraColour(color_matrix1=matrix, illuminant1=21 if matrix else 0),
            optical_centre=((rows - 1) / 2, (cols - 1) / 2),
        )
        return cls(samples, facts)
