"""``tenbit profile compare``: two profiles, or two chains in turns."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from tenbit.commands._text import SOME_FAILED, table

if TYPE_CHECKING:
    from tenbit.pipeline.profile.compare.sides import Metric, Side

TOO_NOISY = 3
_PATH = click.Path(dir_okay=False, path_type=Path)
_PROGRAM = "Another tenbit for {}: a program, a .py script, or the folder of a checkout."


@click.command(
    epilog="Exit codes: 0 nothing is found to be slower, 1 something is, beyond the tolerance, 2 wrong use, "
    "3 too noisy to tell and --strict. Example: git worktree add ../base main && "
    "tenbit profile compare standard standard --a-program ../base"
)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--runs", type=click.IntRange(1, 1000), default=8, show_default=True, help="Each chain starts so often.")
@click.option("--rounds", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Frames of each run.")
@click.option("--sample", help="Simulated frame: 12mp (default), 50mp, 0.5mp, 1080x1440.")
@click.option("--a-device", help="auto (default), cpu, cuda or cuda:N.")
@click.option("--b-device", help="auto (default), cpu, cuda or cuda:N.")
@click.option("--a-program", metavar="PATH", help=_PROGRAM.format("A"))
@click.option("--b-program", metavar="PATH", help=_PROGRAM.format("B"))
@click.option("--options", default="", help="More of `tenbit profile CHAIN`, for both: '--threads 1 a.dng'.")
@click.option("--a-options", default="", help="More for A: '--set demosaic.method=malvar'.")
@click.option("--b-options", default="", help="More for B.")
@click.option(
    "--metric",
    type=click.Choice(["wall", "cpu"]),
    default="wall",
    show_default=True,
    help="What is compared; others disturb the CPU time of all threads less.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 10),
    default=0.02,
    show_default=True,
    help="What is slower by more, its whole interval, makes the exit code 1.",
)
@click.option("--strict", is_flag=True, help="Exit code 3 where it is too noisy to tell.")
@click.option("--json", "is_json", is_flag=True, help="The comparison as JSON.")
@click.option("--save-a", type=_PATH, help="Keep the profile that was made of A.")
@click.option("--save-b", type=_PATH, help="Keep the profile that was made of B.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
def compare(
    a: str,
    b: str,
    runs: int,
    rounds: int,
    sample: str | None,
    a_device: str | None,
    b_device: str | None,
    a_program: str | None,
    b_program: str | None,
    options: str,
    a_options: str,
    b_options: str,
    metric: str,
    tolerance: float,
    strict: bool,
    is_json: bool,
    save_a: Path | None,
    save_b: Path | None,
    overwrite: bool,
) -> None:
    """Compare two chains, or two profiles: what is slower, as far as that is sure.

    A and B are chains, by name or path, or files that `tenbit profile CHAIN --save a.json` wrote. Two chains are timed
    now, in turns, which finds much smaller differences than two files can.
    """
    from tenbit.pipeline.profile.compare import told
    from tenbit.pipeline.profile.compare.rows import compared
    from tenbit.pipeline.profile.compare.sides import check_metric, is_saved, saved
    from tenbit.pipeline.profile.compare.turns import Wanted, in_turns

    for path in (save_a, save_b):
        if path is not None and path.exists() and not overwrite:
            raise click.UsageError(f"{path} exists already; --overwrite replaces it")
    if save_a is not None and save_b is not None and save_a.absolute() == save_b.absolute():
        raise click.UsageError("--save-a and --save-b need a file each")
    if math.isnan(tolerance):
        raise click.UsageError("--tolerance is a number, 0.02 for 2 %")
    if is_saved(a) and is_saved(b) and (sample or options):
        raise click.UsageError(f"--sample and --options are of chains that are timed now; {a} and {b} were saved")
    found: dict[str, Side] = {}
    wanted = []
    for title, name, own, device, program, save in (
        ("A", a, a_options, a_device, a_program, save_a),
        ("B", b, b_options, b_device, b_program, save_b),
    ):
        if is_saved(name):
            if own or device or program or save:
                raise click.UsageError(f"--{title.lower()}-…: of a chain that is timed now; {name} was saved")
            found[title] = saved(name)
            continue
        more = [*_words("--options", options), *_words(f"--{title.lower()}-options", own)]
        more += ["--sample", sample] if sample else []
        more += ["--device", device] if device else []
        wanted.append(Wanted(title, name, tuple(more), program))
    for one, side in zip(wanted, in_turns(wanted, runs=runs, rounds=rounds, said=_said), strict=True):
        found[one.title] = side
    sides = found["A"], found["B"]
    for side, path in zip(sides, (save_a, save_b), strict=True):
        if path is not None:
            _keep(side, path)
    check_metric(sides, cast("Metric", metric))
    result = compared(*sides, metric=cast("Metric", metric), is_in_turns=len(wanted) == 2)
    if is_json:
        click.echo(json.dumps(told.record(result, tolerance), indent=1))
    else:
        for line in told.head(result):
            click.echo(line)
        click.echo()
        table(told.COLUMNS, told.rows(result), piped=140)
        click.echo()
        for line in told.tail(result, tolerance):
            click.echo(line)
    if result.slower(tolerance):
        raise click.exceptions.Exit(SOME_FAILED)
    if strict and result.noisy:
        raise click.exceptions.Exit(TOO_NOISY)


# What the comparison sets itself, or what would be written over again by each run.
_OWN = ("--json", "--save", "--add", "--overwrite", "--rounds", "--in-turns", "--trace", "--cprofile", "--nvtx")


def _words(option: str, text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None
    if own := next((word for word in words if word.partition("=")[0] in _OWN), None):
        raise click.UsageError(f"{option}: {own} is not of a comparison's sides; compare has options of its own")
    return words


def _said(line: str) -> None:
    click.echo(line, err=True)


def _keep(side: Side, path: Path) -> None:
    from tenbit.pipeline.images import replaced

    whole = side.joined()
    with replaced(path) as file:
        file.write(whole.as_json().encode())
