"""Our demosaic methods as functions of a mosaic, for a scorer that wants ``module:function``.

``gbtf(mosaic, pattern)`` interpolates the samples as they are, ``gbtf_sqrt`` their square roots; so with every method
of the stage. The mosaic is float32, 0 … 1, (rows, cols); the result (rows, cols, 3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import ours
from numpy.typing import NDArray

from tenbit.kernels.demosaic import METHODS
from tenbit.pipeline.frame import Frame

# Chains by the name of their function. Of all of them the samples are light above black, as the scorer's are.
CHAINS: dict[str, list[str | Mapping[str, Any]]] = {
    f"{method}{suffix}": [{"demosaic": {"method": method, "encode": encode}}]
    for method in (*METHODS, "adaptive")
    for suffix, encode in (("", "none"), ("_sqrt", "sqrt"))
}
# The same for quad-Bayer mosaics: ``quad_direct``, ``quad_auto_sqrt`` …
CHAINS |= {
    f"quad_{method}{suffix}": [{"quad_bayer": {"method": method, "encode": encode}}]
    for method in ("direct", "auto")
    for suffix, encode in (("", "none"), ("_sqrt", "sqrt"))
}
# Blocks to a Bayer mosaic, that to three colours, and those to twice the size.
CHAINS |= {
    f"quad_bin{suffix}": ["quad_bayer", {"demosaic": {"method": "gbtf", "encode": encode}}]
    for suffix, encode in (("", "none"), ("_sqrt", "sqrt"))
}


def interpolated(mosaic: NDArray[np.float32], pattern: str, *, chain: ours.Chain) -> NDArray[np.float32]:
    """Red, green and blue of a mosaic by one of our chains."""
    frame = Frame.from_mosaic(np.ascontiguousarray(mosaic, np.float32), cfa=pattern)
    out = ours.developed(frame, chain, bits=None, threads=1).samples
    if out.shape[:2] == mosaic.shape:
        return out
    import cv2

    return np.asarray(cv2.resize(out, mosaic.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def __getattr__(name: str) -> Callable[[NDArray[np.float32], str], NDArray[np.float32]]:
    if name not in CHAINS:
        raise AttributeError(f"no method {name}; there are {', '.join(CHAINS)}")
    return partial(interpolated, chain=CHAINS[name])
