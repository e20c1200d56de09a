"""``tenbit farm``: jobs for render farms, and the merged report of their tasks."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from tenbit.commands._text import SOME_FAILED, table
from tenbit.commands.develop import develop
from tenbit.commands.hold import hold

if TYPE_CHECKING:
    from tenbit.pipeline.farm.wanted import Wanted

Command = TypeVar("Command", bound=click.Command)

# Of develop's options, those that a job sets itself, and those that are of one run on one machine.
_OWN = frozenset(
    {"chain", "output", "recursive", "device", "frames", "shard", "resume", "manifest", "report", "progress"}
    | {"overwrite", "skip_existing", "dry_run", "cluster", "debug"}
)
# Their values may name a file, which tasks on other machines must find.
_MAYBE_FILES = frozenset({"camera", "defects", "lens"})
_FILE = click.Path(dir_okay=False, path_type=Path)
_PATH = click.Path(file_okay=False, path_type=Path)


def _passed() -> list[click.Option]:
    """The options of ``tenbit develop`` that a job hands on to its tasks."""
    return [one for one in develop.params if isinstance(one, click.Option) and one.name not in _OWN]


@click.group()
def farm() -> None:
    """Write jobs for render farms, and merge the reports of their tasks."""


def _job(default: str) -> Callable[[Command], Command]:
    """A command's options that say what is to be developed: those of `tenbit develop` too, but for a few."""

    def with_options(command: Command) -> Command:
        command.params[:0] = [
            click.Argument(["chain"]),
            click.Argument(["inputs"], nargs=-1, required=True, metavar="INPUT..."),
            click.Option(
                ["-o", "--job-file", "path"], type=_FILE, default=default, show_default=True, help="The job's file."
            ),
            click.Option(["--overwrite"], is_flag=True, help="Replace a job's file that exists."),
            click.Option(["--output"], default="out/{stem}.{ext}", show_default=True, help="As tenbit develop has it."),
            click.Option(
                ["--reports"], type=_PATH, default="reports", show_default=True, help="Folder for their reports."
            ),
            click.Option(
                ["--frames"], help="Of a shot, A001_####.dng: 1-100,200-300x2. By default all that are there."
            ),
            click.Option(["-r", "--recursive"], is_flag=True, help="Look into the folders below a folder too."),
            click.Option(["--device"], default="auto", show_default=True, help="auto, cpu, cuda or cuda:N."),
        ]
        command.params += _passed()
        return command

    return with_options


@_job("job.yaml")
@farm.command(epilog="Example: tenbit farm openjd standard 'A001_####.dng' --output 'out/{stem}.{ext}' --chunk 20")
@click.option("--chunk", type=click.IntRange(min=1), default=8, show_default=True, help="Frames in a task.")
@click.option("--no-chunking", is_flag=True, help="A task per frame, for farms without the extension TASK_CHUNKING.")
@click.option("--timeout", type=click.IntRange(min=1), default=3600, show_default=True, help="Of a task, seconds.")
@click.option("--cpus", type=click.IntRange(min=1), help="Cores that a host must have free.")
def openjd(
    path: Path, overwrite: bool, chunk: int, no_chunking: bool, timeout: int, cpus: int | None, **options: Any
) -> None:
    """Write a template for Open Job Description: Deadline Cloud, or `openjd run`."""
    from tenbit.pipeline.farm import openjd as jobs

    wanted = _wanted(**options)
    _check_free((path, jobs.values_path(path)), overwrite)
    schedule = jobs.Schedule(per_task=chunk, is_chunked=not no_chunking, timeout_s=timeout, cpus=cpus)
    written, is_checked = jobs.write(path, wanted, schedule)
    for name in written:
        click.echo(str(name))
    if not is_checked:
        click.echo("not checked: pip install 'tenbit[farm]' brings openjd, which knows the specification", err=True)
    if written[1:]:
        click.echo(f"paths outside the template's folder: openjd run {path} -p file://{written[1]}", err=True)


@_job("job.sh")
@farm.command(epilog="Example: tenbit farm slurm standard shoot/ -r --tasks 40 --at-most 10 --time 1:00:00")
@click.option("--tasks", type=click.IntRange(min=1), help="Pieces of the work; by default one for 50 files.")
@click.option("--at-most", type=click.IntRange(min=1), help="Tasks that run at once.")
@click.option("--time", help="Limit of a task, as sbatch takes it: 1:00:00.")
@click.option("--cpus", type=click.IntRange(min=1), help="Of a task.")
@click.option("--gpus", type=click.IntRange(min=1), help="Of a task; 1 with --device cuda.")
@click.option("--mem", help="Of a task, as sbatch takes it: 4G.")
@click.option("--partition", help="As sbatch takes it.")
def slurm(path: Path, overwrite: bool, mem: str | None, **options: Any) -> None:
    """Write an array script for Slurm: `bash job.sh` submits it, and the merge of its reports behind it."""
    from tenbit.pipeline.farm import slurm as jobs

    asked = {name: options.pop(name) for name in ("tasks", "at_most", "time", "cpus", "gpus", "partition")}
    wanted = _wanted(**options)
    _check_free((path,), overwrite)
    jobs.write(path, wanted, jobs.Schedule(**asked, memory=mem))
    click.echo(str(path))


def _check_free(paths: Sequence[Path], is_replacing: bool) -> None:
    if not is_replacing and (there := [str(path) for path in paths if path.exists()]):
        raise click.UsageError(f"{', '.join(there)} exists already; --overwrite replaces it")


def _wanted(
    *,
    chain: str,
    inputs: tuple[str, ...],
    output: str,
    reports: Path,
    frames: str | None,
    recursive: bool,
    device: str,
    **_: Any,
) -> Wanted:
    """What is to be done, refused where ``tenbit develop`` would refuse it."""
    from tenbit.pipeline.errors import RequestError
    from tenbit.pipeline.farm.wanted import Wanted
    from tenbit.pipeline.jobs import find_inputs
    from tenbit.pipeline.shots import pattern, ranges

    found = find_inputs(inputs, recursive=recursive)
    if absent := [str(one.path) for one in found if not one.path.exists()]:
        # `tenbit develop` tells of it beside the pictures of the others; a job would be submitted first.
        raise RequestError(f"{absent[0]}: no such file{f' (and {len(absent) - 1} more)' if absent[1:] else ''}")
    is_shot = len(inputs) == 1 and pattern.is_pattern(inputs[0])
    if frames and not is_shot:
        raise click.UsageError("--frames is of a shot, one input such as 'A001_####.dng'")
    if frames:
        found = ranges.select(found, [one.number or 0 for one in found], frames)
    paths = tuple(one.path for one in found)
    # Their names count from the folder that this is, which is none of the task's.
    is_listed = any(text == "-" or (text.startswith("@") and not Path(text).exists()) for text in inputs)
    wanted = Wanted(
        chain,
        tuple(str(path) for path in paths) if is_listed else inputs,
        paths,
        output,
        frames=tuple(one.number or 0 for one in found) if is_shot else (),
        options=tuple(_options(click.get_current_context())),
        is_recursive=recursive,
        device=device,
        reports=reports,
    )
    _check(wanted)
    return wanted


def _options(ctx: click.Context) -> Iterator[tuple[str, str | Path]]:
    """What was said of `_passed` options, and no defaults: they are for the tenbit that runs the task."""
    for option in _passed():
        assert option.name is not None
        if ctx.get_parameter_source(option.name) != ParameterSource.COMMANDLINE:
            continue
        value = ctx.params[option.name]
        names = option.opts if value is not False else option.secondary_opts
        name = max(names, key=len)
        for one in value if option.multiple else (value,):
            if option.is_flag:
                yield name, ""
            elif isinstance(one, Path) or (option.name in _MAYBE_FILES and Path(one).exists()):
                yield name, Path(one)
            else:
                yield name, str(one)


def _check(wanted: Wanted) -> None:
    """Refuse what ``tenbit develop`` would refuse: chain, options, names of outputs; measure what tasks are to read."""
    options = [f"{name}={value}" if value != "" else name for name, value in wanted.options]
    arguments = [f"--chain={wanted.chain}", f"--output={wanted.output}", "--dry-run", *options]
    if wanted.is_recursive:
        arguments.append("--recursive")
    try:
        with redirect_stdout(io.StringIO()):
            develop.main([*arguments, "--", *wanted.inputs], prog_name="tenbit develop", standalone_mode=False)
            given = dict(wanted.options)
            if "--held" in given and not Path(given["--held"]).exists():
                # Once, and not by each task.
                known = {name for option in hold.params for name in option.opts}
                options = [f"{name}={value}" for name, value in wanted.options if name in known]
                options += [f"--chain={wanted.chain}", f"--output={given['--held']}"]
                options += ["--recursive"] if wanted.is_recursive else []
                hold.main([*options, "--", *wanted.inputs], prog_name="tenbit hold", standalone_mode=False)
    except click.UsageError as error:
        raise click.UsageError(error.message) from None


@farm.command(epilog="Example: tenbit farm merge reports/ -o reports/merged.jsonl --expect 1200")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@click.option("-o", "--output", type=_FILE, help="Write them as one report; an older one is replaced.")
@click.option("--expect", type=click.IntRange(min=1), help="How many files there must be.")
@click.option("--frames", help="Which frames there must be: 1-100,200-300x2.")
@click.option("--json", "is_json", is_flag=True, help="As JSON, with every failure.")
def merge(reports: tuple[str, ...], output: Path | None, expect: int | None, frames: str | None, is_json: bool) -> None:
    """Sum up reports of tasks (files, or folders of .jsonl); exit code 1 when a file failed or is missing."""
    from tenbit.pipeline.farm import results

    paths = results.reports_in(reports, output)
    if output is not None and output.suffix != ".jsonl":
        raise click.UsageError(f"--output {output}: a report ends in .jsonl")
    total = results.summed(paths, output, expected=expect, frames=frames)
    if is_json:
        click.echo(json.dumps(total, indent=2))
    else:
        for part in results.parts(total):
            click.echo(part.heading)
            if part.rows:
                table(part.columns, part.rows, piped=120)
    if not total["is_complete"]:
        raise click.exceptions.Exit(SOME_FAILED)
