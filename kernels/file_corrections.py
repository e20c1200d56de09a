"""File corrections: what the file says is to be done to its samples once they are linear."""

from __future__ import annotations

from dataclasses import dataclass

from tenbit.kernels._facts import Facts
from tenbit.kernels._opcode_lists import applied
from tenbit.kernels._opcodes import SIGNAL
from tenbit.kernels._stage import Prepared, Stage, require_signal
from tenbit.kernels.errors import StageError


@dataclass(frozen=True)
class Parameters:
    """Apply the file's second opcode list: gain maps against shading, rows and columns, polynomials, tables.

    A file without one is left as it is. Samples stay at most 1, where the sensor ends.
    """


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The steps of opcode list 2.

    Raises
    ------
    StageError
        If the samples still hold their black level, or are balanced or brightened already; if a gain map of the file
        would undo again what a flat field or a profile has undone; or as `applied`.
    """
    if not any(opcode.list == 2 for opcode in facts.opcodes):
        return Prepared(facts)
    require_signal("file_corrections", facts)
    if facts.is_balanced or facts.exposure_ev != 0.0:
        late = "white_balance" if facts.is_balanced else "exposure"
        raise StageError(f"file_corrections: opcode list 2 of the file is of unbalanced samples; put it before {late}")
    before = facts.corrected("vignetting") or facts.corrected("colour_shading")
    has_map = any(opcode.list == 2 and opcode.name == "GainMap" for opcode in facts.opcodes)
    # Maps in two lists of one file are meant to be applied both.
    if before and has_map and not before.source.startswith("opcode"):
        raise StageError(
            f"file_corrections: {before.source} has undone what the GainMap of the file undoes; put it before "
            "flat_field and vignetting"
        )
    return applied("file_corrections", facts, 2, SIGNAL)


STAGE = Stage("file_corrections", Parameters, ("mosaic", "linear"), prepare)
