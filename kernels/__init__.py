"""The stages: each formula written once, for every target.

`STAGES` is the catalogue, one line per stage, in the order of a full chain. `stage` imports one by its name.
"""

from __future__ import annotations

from importlib import import_module

from tenbit.kernels._stage import Stage

# The order of a full chain; a chain may leave any of them out.
STAGES = (
    "linearise",
    "defect_pixels",
    "black_level",
    "file_corrections",
    "flat_field",
    "vignetting",
    "white_balance",
    "lateral_colour",
    "highlights",
    "quad_bayer",
    "demosaic",
    "denoise",
    "sharpen",
    "lens",
    "exposure",
    "colour",
    "tone",
    "crop",
    "resize",
    "orient",
    "false_colour",
    "zebra",
    "peaking",
    "histogram",
    "waveform",
    "parade",
    "vectorscope",
    "spot",
    "framelines",
    "loupe",
    "exposure_advice",
)


def stage(name: str) -> Stage:
    """One stage of the catalogue.

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    if name not in STAGES:
        raise KeyError(name)
    found = import_module(f"tenbit.kernels.{name}").STAGE
    assert isinstance(found, Stage)
    return found
