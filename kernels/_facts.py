"""What a stage may know of a frame: numbers only, no files, no names of lenses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tenbit.kernels._optics import Correction, Defect, Optics

State = Literal["mosaic", "linear", "display"]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
Triple = tuple[float, float, float]
Array = npt.NDArray[Any]

RED, GREEN, BLUE = 0, 1, 2
_LETTERS = "RGB"
CFA_NAMES = ("RGGB", "GRBG", "GBRG", "BGGR", "QRGGB", "QGRBG", "QGBRG", "QBGGR")


@dataclass(frozen=True)
class Cfa:
    """A colour filter array: Bayer (period 2) or quad-Bayer (period 4, each colour a block of 2 × 2).

    Parameters
    ----------
    name : str
        ``RGGB``, ``GRBG``, ``GBRG`` or ``BGGR``, row by row from the frame's first pixel; with a leading ``Q`` for
        quad-Bayer, whose first block starts at the frame's first pixel.

    Raises
    ------
    ValueError
        If the name is none of these.
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in CFA_NAMES:
            raise ValueError(f"cfa: {self.name!r} is not one of {', '.join(CFA_NAMES)}")

    @property
    def is_quad(self) -> bool:
        return self.name.startswith("Q")

    @property
    def period(self) -> int:
        """Rows (and columns) after which the pattern repeats: 2 or 4."""
        return 4 if self.is_quad else 2

    def colour(self, row: int, col: int) -> int:
        """Colour of one site: 0 red, 1 green, 2 blue. Any row and column, negative ones too."""
        if self.is_quad:
            row, col = row // 2, col // 2
        return _LETTERS.index(self.name[-4:][2 * (row % 2) + col % 2])

    @property
    def sites(self) -> tuple[int, ...]:
        """Colours of one period, row by row: ``period ** 2`` numbers."""
        return tuple(self.colour(row, col) for row in range(self.period) for col in range(self.period))

    def shifted(self, rows: int, cols: int) -> Cfa:
        """The pattern as seen after ``rows`` and ``cols`` are cut off at the top and the left.

        Raises
        ------
        ValueError
            For a quad-Bayer pattern cut through a block.
        """
        step = 2 if self.is_quad else 1
        if rows % step or cols % step:
            raise ValueError(f"{self.name}: cannot start at row {rows}, column {cols}, inside a block")
        letters = "".join(_LETTERS[self.colour(rows + step * r, cols + step * c)] for r in (0, 1) for c in (0, 1))
        return Cfa(("Q" if self.is_quad else "") + letters)


@dataclass(frozen=True)
class CameraColour:
    """How the camera sees colour, as DNG says it (DNG 1.6, chapter 6).

    Parameters
    ----------
    color_matrix1, color_matrix2 : Matrix or None
        XYZ to camera under each calibration illuminant, row by row.
    forward_matrix1, forward_matrix2 : Matrix or None
        White-balanced camera to XYZ (D50).
    camera_calibration1, camera_calibration2 : Matrix or None
        This one camera against its model; identity when None.
    analog_balance : Triple
        Gain per channel already in the samples.
    illuminant1, illuminant2 : int
        EXIF LightSource codes (17 = A, 20 = D55, 21 = D65, 23 = D50 …); 0 is unknown.
    """

    color_matrix1: Matrix | None = None
    color_matrix2: Matrix | None = None
    forward_matrix1: Matrix | None = None
    forward_matrix2: Matrix | None = None
    camera_calibration1: Matrix | None = None
    camera_calibration2: Matrix | None = None
    analog_balance: Triple = (1.0, 1.0, 1.0)
    illuminant1: int = 0
    illuminant2: int = 0


Move = Callable[[Array, Array], tuple[Array, Array]]
"""Rows and columns of a frame after a stage (float64, any shape) to those of the frame before it."""

LINEARIZATION = "LinearizationTable"
"""A LinearizationTable that has to wait for opcode list 1, as the last entry of that list."""


@dataclass(frozen=True)
class Opcode:
    """One entry of a DNG opcode list, parsed, not yet applied.

    Parameters
    ----------
    list : int
        1 (samples as stored), 2 (after levels, before demosaic) or 3 (after demosaic).
    name : str
        The specification's name, ``GainMap``, ``WarpRectilinear`` …; ``Unknown<id>`` for others, `LINEARIZATION` for
        the one that is none.
    parameters : dict
        Its parameters by the specification's names; arrays as numpy arrays.
    is_optional : bool
        Flag bit 0: a reader that does not know it may go on.
    """

    list: int
    name: str
    parameters: dict[str, Any]
    is_optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a frame at one point of its chain. Stages read it and hand on a changed copy.

    Parameters
    ----------
    state : {"mosaic", "linear", "display"}
    rows, cols : int
    cfa : Cfa or None
        The pattern from the first pixel of the samples; None once there are three planes.
    black, white : tuple of float
        Levels in counts: one number per site of one CFA period, row by row (4 or 16), or one per plane (3).
    black_rows, black_cols : array or None
        BlackLevelDeltaV (one per row) and BlackLevelDeltaH (one per column), counts added to ``black``.
    masked_black : tuple of float or None
        Mean of the sensor's covered pixels per CFA site, counts, as ``black``; None when the file has none.
    masked_rows : array or None
        What the covered pixels of each row differ from that mean by, counts; None when there are none beside the rows.
    neutral : Triple or None
        As-shot white in camera space (AsShotNeutral): what a grey card reads, largest or green about 1.
    colour : CameraColour
    baseline_exposure_ev : float
    noise : tuple of (scale, offset) or None
        NoiseProfile: variance = scale · signal + offset on samples scaled to 0 … 1, one pair per plane or one for all.
        Stages that multiply samples or average them hand on the profile of what they make; gains that are measured
        while the frame is developed (``gains`` is None) are not in it.
    measured_noise : Triple or None
        What each colour has been multiplied by since the noise was measured from the frame itself; the profile of that
        moment is then ``results["noise"]``. None when it has not been measured, or is no longer what it was.
    opcodes : tuple of Opcode
    defects : array or None
        (count, 2) rows and columns of sites that are known to be defective, as `tenbit calibrate dark` finds them.
    crop : tuple of int or None
        (top, left, rows, cols) of the picture that the maker wants shown, inside the samples (DefaultCrop).
    orientation : int
        EXIF orientation, 1 … 8.
    gains : Triple or None
        What white balance has multiplied each colour by; None when it is measured while the frame is developed, and
        then is ``results["white_balance"]["gains"]``.
    is_balanced : bool
        Whether white balance has been: equal channels are grey.
    is_clipped : bool
        Whether white balance cut its samples off at 1; else each colour clips at its own gain.
    has_lateral_colour : bool
        Whether the lens's lateral colour was measured from the frame: ``results["lateral_colour"]`` holds the
        ``red_scale`` and ``blue_scale`` that `lens` undoes.
    exposure_ev : float
        Stops that the samples have been raised by; white, where the sensor clips, is no longer at 1.
    space : str
        Colour space of the three planes: ``camera`` until the ``colour`` stage.
    optical_centre : tuple of float
        (row, col) of the optical axis in pixels of these samples, from the centre of pixel (0, 0).
    moved_by : tuple of str
        Stages that have cut, stretched or turned the frame as read.
    pixel_mm : float or None
        From one of these samples to the next on the sensor; stages that change the size hand on the new one. None when
        the sensor's size is not known.
    optics : Optics or None
        What is known of the lens; None when no stage of the chain asks for it, or the lens is not known.
    corrections : tuple of Correction
        What has been done about the lens so far, and what was left undone, for the record.
    moves : tuple of Move
        What has been done to the places of pixels since the frame was read, in order; see `came_from`.
    number : int
        Of the frame in its sequence; 0 when it is in none.
    focal_mm : float or None
        Of the lens that was on, by the catalogue or the file.
    """

    state: State
    rows: int
    cols: int
    cfa: Cfa | None = None
    black: tuple[float, ...] = (0.0, 0.0, 0.0)
    white: tuple[float, ...] = (1.0, 1.0, 1.0)
    black_rows: Array | None = field(default=None, compare=False)
    black_cols: Array | None = field(default=None, compare=False)
    masked_black: tuple[float, ...] | None = None
    masked_rows: Array | None = field(default=None, compare=False)
    neutral: Triple | None = None
    colour: CameraColour = CameraColour()
    baseline_exposure_ev: float = 0.0
    noise: tuple[tuple[float, float], ...] | None = None
    measured_noise: Triple | None = None
    opcodes: tuple[Opcode, ...] = ()
    defects: Array | None = field(default=None, compare=False)
    crop: tuple[int, int, int, int] | None = None
    orientation: int = 1
    gains: Triple | None = (1.0, 1.0, 1.0)
    is_balanced: bool = False
    is_clipped: bool = False
    has_lateral_colour: bool = False
    exposure_ev: float = 0.0
    space: str = "camera"
    optical_centre: tuple[float, float] = (0.0, 0.0)
    moved_by: tuple[str, ...] = ()
    pixel_mm: float | None = None
    optics: Optics | None = field(default=None, compare=False)
    corrections: tuple[Correction, ...] = ()
    moves: tuple[Move, ...] = field(default=(), compare=False)
    number: int = 0
    focal_mm: float | None = None

    def __post_init__(self) -> None:
        sites = self.cfa.period**2 if self.cfa else 3
        if (self.state == "mosaic") != (self.cfa is not None):
            raise ValueError(f"a {self.state} frame {'needs a' if self.state == 'mosaic' else 'has no'} cfa")
        if len(self.black) != sites or len(self.white) != sites:
            raise ValueError(f"black and white need {sites} numbers each, not {len(self.black)} and {len(self.white)}")

    @property
    def is_signal(self) -> bool:
        """Whether samples run from 0 at black to 1 at white, as after black_level."""
        return not any(self.black) and set(self.white) == {1.0} and self.black_rows is None and self.black_cols is None

    def corrected(self, defect: Defect) -> Correction | None:
        """How a defect of the lens was undone; None when it has not been."""
        return next((c for c in self.corrections if c.defect == defect and c.is_applied), None)

    def came_from(self, rows: Array, cols: Array, *, since: int = 0) -> tuple[Array, Array]:
        """Where pixels of this frame lay in the frame as read: rows and columns, float64, whole ones at centres.

        Where the lens looks beyond the frame as read they lie outside of it. ``since`` leads back to the frame that had
        so many ``moves`` behind it.
        """
        rows, cols = np.asarray(rows, np.float64), np.asarray(cols, np.float64)
        for move in reversed(self.moves[since:]):
            rows, cols = move(rows, cols)
        return rows, cols

    @property
    def planes(self) -> int:
        return 1 if self.state == "mosaic" else 3


def cut_from(top: int, left: int) -> Move:
    """The move of a rectangle that begins at a pixel."""
    return partial(_scaled, by=(1.0, 1.0), to=(float(top), float(left)))


def scaled_from(by_row: float, by_col: float) -> Move:
    """The move of a frame made so many times as high and wide: its outer borders stay where they are."""
    by = 1 / by_row, 1 / by_col
    return partial(_scaled, by=by, to=(0.5 * by[0] - 0.5, 0.5 * by[1] - 0.5))


def _scaled(rows: Array, cols: Array, *, by: tuple[float, float], to: tuple[float, float]) -> tuple[Array, Array]:
    return np.asarray(rows * by[0] + to[0]), np.asarray(cols * by[1] + to[1])


def as_matrix(values: npt.ArrayLike) -> Matrix:
    """Nine numbers, row by row, as a `Matrix`."""
    a, b, c, d, e, f, g, h, i = np.asarray(values, np.float64).reshape(9).tolist()
    return (a, b, c), (d, e, f), (g, h, i)
