"""Linearise: what the file says is to be done to the stored counts before anything else."""

from __future__ import annotations

from dataclasses import dataclass

from tenbit.kernels._facts import Facts
from tenbit.kernels._opcode_lists import applied
from tenbit.kernels._opcodes import STORED, STORED_FLOATS
from tenbit.kernels._stage import Prepared, Stage
from tenbit.kernels.errors import StageError


@dataclass(frozen=True)
class Parameters:
    """Apply the file's first opcode list to its counts: tables, polynomials, rows and columns, defects, trimming.

    A file without one is left as it is. In a file that has both, the list comes before the linearisation table.
    """


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The steps of opcode list 1.

    Raises
    ------
    StageError
        If the samples are no longer counts, or are balanced or brightened already, or as `applied`.
    """
    mine = [opcode for opcode in facts.opcodes if opcode.list == 1]
    if not mine:
        return Prepared(facts)
    is_float = any(opcode.parameters.get("IsOfFloats") for opcode in mine)
    if facts.is_signal and not is_float:
        raise StageError("linearise: opcode list 1 of the file is of its counts; put it before black_level")
    if facts.is_balanced or facts.exposure_ev != 0.0:
        late = "white_balance" if facts.is_balanced else "exposure"
        raise StageError(f"linearise: opcode list 1 of the file is of samples as stored; put it before {late}")
    return applied("linearise", facts, 1, STORED_FLOATS if is_float else STORED)


STAGE = Stage("linearise", Parameters, ("mosaic", "linear"), prepare)
