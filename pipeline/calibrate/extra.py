"""OpenCV and SciPy, which only calibration needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from tenbit.pipeline.errors import RequestError


def opencv() -> Any:
    """The module ``cv2``.

    Raises
    ------
    RequestError
        If it, or SciPy, is not installed; says how to.
    """
    try:
        import_module("scipy.spatial")
        return import_module("cv2")
    except ImportError:
        raise RequestError("this needs OpenCV and SciPy: pip install 'tenbit[calibrate]'") from None


def pairs_within(points: npt.NDArray[np.float64], farthest: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Numbers of all pairs of points, (count, 2), that are at most so far from each other; the smaller number first."""
    found = import_module("scipy.spatial").cKDTree(points).query_pairs(farthest, output_type="ndarray")
    return found[:, 0], found[:, 1]
