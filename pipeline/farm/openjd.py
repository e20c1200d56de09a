"""A job template for farms that speak Open Job Description: Deadline Cloud, and ``openjd run`` on one machine.

What users and their files are called goes into job parameters, which are taken as they stand; arguments name the
parameters. ``{{`` in a text that must stand elsewhere is itself written through parameters: format strings have no
way to escape it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.farm.parameters import Parameters
from tenbit.pipeline.farm.wanted import Wanted, check_names, split_output
from tenbit.pipeline.images.atomic import replaced

_VERSION, _CHUNKING = "jobtemplate-2023-09", "TASK_CHUNKING"
_GRACE_S = 30


@dataclass(frozen=True)
class Schedule:
    """How a farm runs the tasks; the pictures are the same in every way.

    Parameters
    ----------
    per_task : int
        Frames in a task.
    is_chunked : bool
        Whether a shot's tasks are ranges of frames, by the extension TASK_CHUNKING; without it each task is a frame.
    timeout_s : int
        After which a farm gives a task up.
    cpus : int, optional
        Cores that a host must have free.
    """

    per_task: int = 8
    is_chunked: bool = True
    timeout_s: int = 3600
    cpus: int | None = None


def write(path: Path, wanted: Wanted, schedule: Schedule) -> tuple[list[Path], bool]:
    """Write a job template, and beside it the values of the parameters for which it can hold no default.

    Paths at or below the template's folder are defaults, relative to it. Others may be none by the specification: they
    are written to ``job.parameters.yaml``, for ``openjd run job.yaml -p file://job.parameters.yaml``.

    Returns
    -------
    list of Path
        The files that were written.
    bool
        Whether openjd's own model has checked the template; it is not installed everywhere.

    Raises
    ------
    RequestError
        For names and texts that no template can carry.
    WriteError
        If a file cannot be written.
    """
    tree, values = template(wanted, schedule, Path(os.path.normpath(path.absolute())).parent)
    is_checked = check(tree)
    written = {path: _text(tree, head=_head(path, values))}
    if values:
        written[values_path(path)] = _text(values, head="Values of the parameters of this host; others have their own.")
    for name, text in written.items():
        with replaced(name) as handle:
            handle.write(text.encode())
    return list(written), is_checked


def values_path(path: Path) -> Path:
    """Where the values are written that a template can hold no default for."""
    return path.with_name(f"{path.stem}.parameters.yaml")


def template(wanted: Wanted, schedule: Schedule, folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """A job template as plain values, and values of parameters without a default.

    Parameters
    ----------
    wanted : Wanted
    schedule : Schedule
    folder : Path
        Of the template; absolute.

    Raises
    ------
    RequestError
        For names and texts that no template can carry.
    """
    asked = Parameters(folder)
    if Path(wanted.chain).is_file():
        asked.path("Chain", Path(wanted.chain), "The chain file.")
    else:
        asked.text("Chain", wanted.chain, "A shipped chain's name.")
    script, inputs = _inputs(wanted, asked)
    output_folder, output_name = split_output(wanted.output)
    asked.path("OutputFolder", output_folder, "Where the pictures go.", flow="OUT", kind="DIRECTORY")
    asked.text("OutputName", output_name, "Names of pictures in that folder.")
    asked.path("ReportFolder", wanted.reports, "A report per task, and merged.jsonl.", flow="INOUT", kind="DIRECTORY")
    asked.text("Device", wanted.device, "auto, cpu, cuda or cuda:N.")
    asked.text("TenbitCommand", "tenbit", "The program; with its folder where it is not on the hosts' PATH.")
    task, part, expected = _task(wanted, schedule, asked)
    develop = [
        *("develop", *inputs, "--chain={{Param.Chain}}", "--output={{Param.OutputFolder}}/{{Param.OutputName}}"),
        *("--device={{Param.Device}}", *part, "--resume", "--progress=openjd"),
        "--report={{Param.ReportFolder}}/{{Task.Param.%s}}.jsonl" % task["name"],  # noqa: UP031  braces of braces
        *(f"{name}={asked.value(name, value)}" if value != "" else name for name, value in wanted.options),
    ]
    merge = ["farm", "merge", "{{Param.ReportFolder}}", "--output={{Param.ReportFolder}}/merged.jsonl", expected]
    script["actions"] = {"onRun": _action(develop, schedule.timeout_s)}
    step: dict[str, Any] = {"name": "Develop", "parameterSpace": {"taskParameterDefinitions": [task]}}
    if needs := _needs(wanted, schedule):
        step["hostRequirements"] = {"amounts": needs}
    last = {
        "name": "Merge",
        "dependencies": [{"dependsOn": "Develop"}],
        "script": {"actions": {"onRun": _action(merge, schedule.timeout_s)}},
    }
    tree: dict[str, Any] = {"specificationVersion": _VERSION}
    if "chunks" in task:
        tree["extensions"] = [_CHUNKING]
    check_names([wanted.title])
    # Escaped it might be longer than a job's name may be.
    tree["name"] = wanted.title.replace("{{", "((").replace("}}", "))")
    return {
        **tree,
        "parameterDefinitions": asked.definitions,
        "steps": [{**step, "script": script}, last],
    }, asked.values


def check(tree: dict[str, Any]) -> bool:
    """Whether the template was checked by openjd's own model; False where that is not installed.

    Raises
    ------
    RequestError
        With what the model says against it.
    """
    try:
        from openjd.model import DecodeValidationError, decode_job_template
    except ImportError:
        return False
    try:
        decode_job_template(template=tree, supported_extensions=[_CHUNKING])
    except DecodeValidationError as error:
        raise RequestError(f"the template would be refused: {' '.join(str(error).split())}") from None
    return True


def ranges(numbers: Sequence[int]) -> str:
    """Numbers in order as a range expression: ``1-100,200-300:2``."""
    parts, wanted = list[str](), sorted(set(numbers))
    while wanted:
        step = wanted[1] - wanted[0] if wanted[1:] else 1
        length = next((n for n, number in enumerate(wanted) if number != wanted[0] + n * step), len(wanted))
        if length < 3:
            length = 1
        last = wanted[length - 1]
        parts.append(f"{wanted[0]}" if length == 1 else f"{wanted[0]}-{last}" + (f":{step}" if step != 1 else ""))
        wanted = wanted[length:]
    return ",".join(parts)


def _inputs(wanted: Wanted, asked: Parameters) -> tuple[dict[str, Any], list[str]]:
    """The script that the inputs need, and the arguments that name them."""
    first = Path(wanted.inputs[0])
    if wanted.frames:
        asked.path("InputFolder", first.parent, "Where the shot is.", kind="DIRECTORY")
        asked.text("Shot", first.name, "Its frames, a # for each digit.")
        return {}, ["{{Param.InputFolder}}/{{Param.Shot}}"]
    if len(wanted.inputs) == 1 and first.is_dir():
        asked.path("InputFolder", first, "Its raw files; the same ones until the job is done.", kind="DIRECTORY")
        return {}, ["{{Param.InputFolder}}", *(("--recursive",) if wanted.is_recursive else ())]
    paths = [path.absolute() for path in wanted.paths]
    check_names([str(path) for path in paths])
    try:
        folder = Path(os.path.commonpath([path.parent for path in paths]))
    except ValueError:
        raise RequestError("the inputs are on several drives, and a farm maps one folder: make a job of each") from None
    asked.path("InputFolder", folder, "Where the files of the list are.", kind="DIRECTORY")
    names = [asked.escaped(path.relative_to(folder).as_posix()) for path in paths]
    listed = "".join(f"{{{{Param.InputFolder}}}}/{name}\n" for name in names)
    script = {"embeddedFiles": [{"name": "Inputs", "type": "TEXT", "filename": "inputs.txt", "data": listed}]}
    return script, ["@{{Task.File.Inputs}}"]


def _task(wanted: Wanted, schedule: Schedule, asked: Parameters) -> tuple[dict[str, Any], list[str], str]:
    """The parameter that tells tasks apart, develop's argument from it, and what merging expects of all."""
    if not wanted.frames:
        tasks = -(-len(wanted.paths) // schedule.per_task)
        asked.number("Files", len(wanted.paths), "How many files there must be in the end.")
        task = {"name": "Shard", "type": "INT", "range": f"0-{tasks - 1}"}
        return task, [f"--shard={{{{Task.Param.Shard}}}}/{tasks}"], "--expect={{Param.Files}}"
    frames = ranges(wanted.frames)
    asked.text("Frames", frames, "Which frames: 1-100,200-300:2")
    task = {"name": "Frame", "type": "INT", "range": "{{Param.Frames}}"}
    part, expected = ["--frames={{Task.Param.Frame}}"], "--frames={{Param.Frames}}"
    if not schedule.is_chunked:
        return task, part, expected
    # A task of every second frame is a list of numbers, and its report is called so: names have 255 characters at most.
    most = {"maxValue": max(200 // (max(len(f"{n}") for n in wanted.frames) + 1), 1)} if ":" in frames else {}
    per_task = min(schedule.per_task, most.get("maxValue", schedule.per_task))
    asked.number("FramesPerTask", per_task, "How many frames a task is.", **most)
    constraint = "NONCONTIGUOUS" if most else "CONTIGUOUS"
    chunks = {"defaultTaskCount": "{{Param.FramesPerTask}}", "rangeConstraint": constraint}
    return {**task, "type": "CHUNK[INT]", "chunks": chunks}, part, expected


def _action(arguments: list[str], timeout_s: int) -> dict[str, Any]:
    """One call of the program, without a shell: its exit code is the task's."""
    cancelled = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": _GRACE_S}
    return {
        "command": "{{Param.TenbitCommand}}",
        "args": arguments,
        "timeout": timeout_s,
        "cancelation": cancelled,
    }


def _needs(wanted: Wanted, schedule: Schedule) -> list[dict[str, Any]]:
    amounts = {"amount.worker.gpu": int(wanted.device.startswith("cuda")), "amount.worker.vcpu": schedule.cpus or 0}
    return [{"name": name, "min": least} for name, least in amounts.items() if least]


def _head(path: Path, values: dict[str, str]) -> str:
    given = f" -p file://{values_path(path).name}" if values else ""
    return (
        f"Written by `tenbit farm openjd`. A task that runs twice does nothing twice.\n"
        f"openjd check {path.name}\nopenjd run {path.name} --step Merge --run-dependencies{given}"
    )


def _text(tree: dict[str, Any], head: str) -> str:
    """YAML that versions 1.1 and 1.2 read alike: every text is quoted."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    def laid_out(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return CommentedMap((name, laid_out(item, name)) for name, item in value.items())
        if isinstance(value, list):
            return [laid_out(item) for item in value]
        if isinstance(value, str):
            # Words of the specification need no quotes.
            is_word = key in ("name", "type", "objectType", "dataFlow", "mode", "control", "dependsOn") and (
                value.replace("_", "").isalpha()
            )
            is_block = "\n" in value
            return value if is_word else LiteralScalarString(value) if is_block else DoubleQuotedScalarString(value)
        return value

    yaml, text = YAML(), StringIO()
    yaml.width = 1 << 20
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = laid_out(tree)
    document.yaml_set_start_comment(head)
    yaml.dump(document, text)
    return text.getvalue()
