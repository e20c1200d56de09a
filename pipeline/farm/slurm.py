"""An array script for Slurm, that also submits itself and the merge of its reports."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.farm.wanted import Wanted, check_names, split_output
from tenbit.pipeline.images.atomic import replaced
from tenbit.pipeline.shots.ranges import compact

# Of one task, where the number of tasks is not said: a start of a second among these is nothing.
_FILES_PER_TASK = 50
# What Slurm takes by default (MaxArraySize is 1001).
_MOST_TASKS = 1000


@dataclass(frozen=True)
class Schedule:
    """What Slurm is asked for; the pictures are the same in every way.

    Parameters
    ----------
    tasks : int, optional
        Pieces that the files are dealt to; by default one for every 50 files, 1000 at most.
    at_most : int, optional
        Tasks that run at once.
    time : str, optional
        The limit of a task, as ``sbatch`` takes it.
    cpus, gpus : int, optional
        Of a task.
    partition : str, optional
    memory : str, optional
        Of a task, as ``sbatch --mem`` takes it.
    """

    tasks: int | None = None
    at_most: int | None = None
    time: str | None = None
    cpus: int | None = None
    gpus: int | None = None
    partition: str | None = None
    memory: str | None = None


def write(path: Path, wanted: Wanted, schedule: Schedule) -> None:
    """Write an array script.

    Raises
    ------
    RequestError
        For names and options that no script can carry.
    WriteError
        If the file cannot be written.
    """
    text = script(wanted, schedule)
    with replaced(path) as handle:
        handle.write(text.encode())


def script(wanted: Wanted, schedule: Schedule) -> str:
    """The text of an array script; names in it are absolute, as all nodes see them.

    Raises
    ------
    RequestError
        For names and options that no script can carry.
    """
    tasks = min(schedule.tasks or -(-len(wanted.paths) // _FILES_PER_TASK), len(wanted.paths), _MOST_TASKS)
    folder, name = split_output(wanted.output)
    arguments = [os.path.normpath(Path(text).absolute()) for text in wanted.inputs]
    chain = str(Path(wanted.chain).absolute()) if Path(wanted.chain).is_file() else wanted.chain
    options = [f"--chain={chain}", f"--output={folder.absolute() / name}", f"--device={wanted.device}"]
    if wanted.is_recursive:
        options.append("--recursive")
    if wanted.frames:
        options.append(f"--frames={compact(wanted.frames)}")
    for option, value in wanted.options:
        given = str(value.absolute()) if isinstance(value, Path) else value
        options.append(f"{option}={given}" if given else option)
    check_names([*arguments, *options, str(wanted.reports)])
    return _SCRIPT.format(
        directives="\n".join(f"#SBATCH {line}" for line in _directives(wanted, schedule, tasks)),
        tasks=tasks,
        files=len(wanted.paths),
        reports=shlex.quote(str(wanted.reports.absolute())),
        inputs="\n".join(f"    {shlex.quote(text)}" for text in arguments),
        options="\n".join(f"    {shlex.quote(text)}" for text in options),
    )


def _directives(wanted: Wanted, schedule: Schedule, tasks: int) -> list[str]:
    at_most = f"%{schedule.at_most}" if schedule.at_most else ""
    gpus = schedule.gpus or int(wanted.device.startswith("cuda"))
    asked = {
        "job-name": re.sub(r"[^A-Za-z0-9_.-]+", "-", wanted.title),
        "array": f"0-{tasks - 1}{at_most}",
        "partition": schedule.partition,
        "time": schedule.time,
        "cpus-per-task": schedule.cpus,
        "mem": schedule.memory,
        "gres": f"gpu:{gpus}" if gpus else None,
        # To the program itself, a minute before the time is up: it drops its frame and ends with 143.
        "signal": "B:TERM@60",
        "open-mode": "append",
    }
    for name, value in asked.items():
        if isinstance(value, str) and not re.fullmatch(r"[\w.:,%@+-]+", value, re.ASCII):
            raise RequestError(f"--{name} {value!r}: letters, digits and . , : + - only")
    return [f"--{name}={value}" for name, value in asked.items() if value is not None] + ["--requeue"]


_SCRIPT = r"""#!/bin/bash
# Written by `tenbit farm slurm`: a task that runs twice does nothing twice.
#   bash FILE               submits the tasks and, behind them, the merge of their reports
#   sbatch FILE             submits the tasks alone
#   sbatch --array=3,5 FILE submits two of them once more
{directives}
set -euo pipefail

tenbit=${{TENBIT_COMMAND:-tenbit}}
# Not SLURM_ARRAY_TASK_COUNT: for some tasks submitted once more that would be another number, and other files.
tasks={tasks}
files={files}
reports={reports}
inputs=(
{inputs}
)
options=(
{options}
)

if [[ "${{1:-}}" == merge ]]; then
    exec "$tenbit" farm merge "$reports" --output="$reports/merged.jsonl" --expect="$files"
fi
if [[ -z "${{SLURM_ARRAY_TASK_ID:-}}" ]]; then
    array=$(sbatch --parsable "$0")
    merge=$(sbatch --parsable --dependency="afterany:${{array%%;*}}" --array=0 --cpus-per-task=1 --gres=none "$0" merge)
    echo "tasks: ${{array%%;*}}, merge: ${{merge%%;*}}"
    exit
fi
# One that was requeued leaves the report of its first run as it is: the merge takes both.
report="$reports/$SLURM_ARRAY_TASK_ID${{SLURM_RESTART_COUNT:+.$SLURM_RESTART_COUNT}}.jsonl"
# In the place of this shell, so that Slurm's signals reach it and its exit code is the task's.
exec "$tenbit" develop "${{inputs[@]}}" "${{options[@]}}" --resume \
    --shard="$SLURM_ARRAY_TASK_ID/$tasks" --report="$report"
"""
