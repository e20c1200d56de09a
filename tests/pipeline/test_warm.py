"""What is compiled ahead is not compiled again, whoever else does it at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline import warm
from tenbit.pipeline.config import shipped_chains
from tenbit.pipeline.foreseen import planned
from tenbit.pipeline.sample import make

# Frames upright alone: a compile takes seconds.
WARM = """
from tenbit.pipeline import warm
if __name__ == "__main__":
    warm._TURNED = warm._UPRIGHT
    print(warm.warm(chains=["fast"], cfas=["RGGB"], said=print))
"""


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "TENBIT_CACHE": str(folder / "cache"), "NUMBA_ENABLE_CUDASIM": "0"}
    return subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_warm_at_once_and_the_next_one_compiles_nothing(raw: Path) -> None:
    both = [start(raw.parent, "-c", WARM) for _ in range(2)]
    said = [process.communicate(timeout=300)[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    lines = said[0] + said[1]
    assert any(" of 2: fast, RGGB, cpu: compiling black_level" in line for line in lines), lines
    assert any(": fast, RGGB in raw10, cpu: compiling black_level" in line for line in lines), lines
    again = start(raw.parent, "-c", WARM)
    assert again.communicate(timeout=100) == ("0\n", "")
    compiled = {path: path.stat().st_mtime_ns for path in (raw.parent / "cache").rglob("*.nb?")}
    make(raw.parent / "b.raw10", rows=66, cols=70, truth=False)
    develop = start(raw.parent, "-m", "tenbit.cli", "develop", "a.dng", "b.raw10", "-c", "fast")
    shown, told = develop.communicate(timeout=100)
    assert (develop.returncode, shown.startswith("a.jpg  "), told) == (0, True, "2 done\n")
    assert {path: path.stat().st_mtime_ns for path in (raw.parent / "cache").rglob("*.nb?")} == compiled


def test_the_cases_need_every_pass_of_every_chain_and_no_case_is_in_vain() -> None:
    cases = list(warm._cases(shipped_chains(), ("RGGB", "QGBRG")))
    assert {case.chain for case in cases} == set(shipped_chains())
    assert {case.cfa for case in cases} == {"RGGB", "QGBRG"}
    assert {(case.cfa, case.packing) for case in cases if case.packing} == {("RGGB", "raw10")}
    per_case = [
        {work.signature for work in planned(case.frame().facts, warm._settled(case.chain), packing=case.packing).passes}
        for case in cases
    ]
    assert all(new - set().union(*per_case[:n]) for n, new in enumerate(per_case))


def test_doctor_says_how_far_it_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    def cases(*_: object) -> list[warm.Case]:
        return [warm.Case("fast", "RGGB", 1, None), warm.Case("standard", "RGGB", 1, None)]

    monkeypatch.setattr(warm, "_cases", cases)
    monkeypatch.setattr(warm, "usable_cores", lambda: 1)
    monkeypatch.setattr(warm, "compiled", lambda case, device: ["compiling demosaic"] if case.chain == "fast" else [])
    result = CliRunner().invoke(commands, ["doctor", "--warm"], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr == "1 of 2: fast, RGGB, cpu: compiling demosaic\n1 loop compiled\n"
    assert "tenbit " in result.stdout
