"""``tenbit profile experiment``: many points of a grid, timed in random order, to a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbit.commands._text import SOME_FAILED, count, table

if TYPE_CHECKING:
    from tenbit.pipeline.profile.experiment.declared import Experiment
    from tenbit.pipeline.profile.experiment.journal import Journal
    from tenbit.pipeline.profile.experiment.points import Point

_PATH = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog="Example: tenbit profile experiment demosaic -o demosaic.parquet --repeats 9")
@click.argument("file")
@click.option(
    "-o", "--output", type=_PATH, help="The table: .parquet or .csv; a .jsonl beside it holds what was timed."
)
@click.option("--observations", type=_PATH, help="A second table, with a row per observation.")
@click.option("--resume", is_flag=True, help="Go on with what is there; only what is left is timed.")
@click.option("--mix", is_flag=True, help="With --resume: go on though the commit or the processor has changed.")
@click.option("--overwrite", is_flag=True, help="Replace an output that exists.")
@click.option("--quality/--no-quality", default=None, help="Hold pictures against the simulated truth.")
@click.option("--sample-points", type=click.IntRange(1, 100_000), metavar="N", help="Draw N of the points at random.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Of the random order and of the points drawn.")
@click.option("--repeats", type=click.IntRange(1, 10_000), metavar="N", help="Counted rounds.")
@click.option("--cluster", metavar="ADDRESS", help="Time on dask workers: local:N, tcp://host:8786, scheduler.json.")
@click.option("--dry-run", is_flag=True, help="List the points, time nothing.")
def experiment(
    file: str,
    output: Path | None,
    observations: Path | None,
    resume: bool,
    mix: bool,
    overwrite: bool,
    quality: bool | None,
    sample_points: int | None,
    seed: int | None,
    repeats: int | None,
    cluster: str | None,
    dry_run: bool,
) -> None:
    """Time the points of FILE in random order, to a table.

    FILE is an experiment's YAML, or a shipped one's name: demosaic, fusion, sizes.
    """
    from tenbit.pipeline.profile.experiment import declared, reading, written
    from tenbit.pipeline.profile.experiment.points import points

    if resume and overwrite:
        raise click.UsageError("--resume and --overwrite exclude each other")
    if mix and not resume:
        raise click.UsageError("--mix is of --resume")
    given = {"drawn": sample_points, "seed": seed, "repeats": repeats, "quality": quality}
    asked = dataclasses.replace(reading.load(file), **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    declared.check_usual(asked)
    found = points(asked)
    if dry_run:
        _listed(asked, found)
        return
    if output is None:
        raise click.UsageError("-o says where the table goes: results.parquet or results.csv")
    journal = output.with_name(f"{output.name}.jsonl")
    if observations is not None and observations.absolute() == output.absolute():
        raise click.UsageError("-o and --observations need a file each")
    for path in filter(None, (output, observations)):
        written.check(path)
        if path.exists() and not (resume or overwrite):
            raise click.UsageError(f"{path} exists already; --resume goes on with it, --overwrite replaces it")
    if journal.exists() and not (resume or overwrite):
        raise click.UsageError(f"{journal} exists already; --resume goes on with it, --overwrite begins anew")
    _timed(asked, found, journal, resume, mix, cluster)(output, observations)


def _listed(asked: Experiment, found: list[Point]) -> None:
    """The points, those axes alone on which they differ."""
    from tenbit.pipeline.profile.experiment.points import as_yaml

    names = [name for name, values in asked.axes.items() if len(values) > 1] or ["chain"]
    table(
        ("point", *names),
        [(point.key, *(as_yaml(point.values[name]) for name in names)) for point in found],
        piped=120,
    )
    each = f"{count(len(found), 'point')}, {count(asked.repeats, 'round')}"
    click.echo(f"{asked.name}: {each}, {count(len(found) * asked.repeats, 'observation')}")


def _timed(
    asked: Experiment, found: list[Point], path: Path, may_go_on: bool, may_mix: bool, cluster: str | None
) -> Callable[[Path, Path | None], None]:
    """Time what is left; returns what writes the tables."""
    from tenbit.pipeline.profile.experiment import quality, written
    from tenbit.pipeline.profile.experiment import table as results
    from tenbit.pipeline.profile.experiment.journal import Journal
    from tenbit.pipeline.profile.experiment.place import place
    from tenbit.pipeline.progress import shown, stoppable

    if asked.quality:
        quality.check_extra()
    begin = {"experiment": asked.key, "name": asked.name, "seed": asked.seed, **place()}

    def said(text: str) -> None:
        click.echo(shown(text), err=True)

    with stoppable(), Journal(path, begin, may_go_on=may_go_on, may_mix=may_mix) as journal:
        known = journal.known
        if known.count:
            said(f"{count(known.count, 'observation')} there already")
        try:
            _run(asked, found, journal, cluster, said)
        except KeyboardInterrupt:
            of = f"{known.count} of {count(len(found) * asked.repeats, 'observation')}"
            said(f"{of} kept in {path}; --resume goes on")
            raise

    def write(output: Path, observations: Path | None) -> None:
        rows, record = results.rows(asked, found, known), results.record(asked, known)
        written.write(output, rows, results.columns(asked), record)
        if observations is not None:
            written.write(observations, results.observations(known), results.OBSERVATIONS, record)
        failed = sum(row["status"] != "done" for row in rows)
        unsure = sum(row["is_conclusive"] is False for row in rows)
        click.echo(
            f"{output}: {count(len(rows), 'point')}, {count(asked.repeats, 'round')}"
            + (f"; {failed} failed" if failed else "")
            + (f"; {unsure} of too wide a spread to conclude" if unsure else "")
        )
        if failed:
            raise click.exceptions.Exit(SOME_FAILED)

    return write


def _run(
    asked: Experiment, found: list[Point], journal: Journal, cluster: str | None, said: Callable[[str], None]
) -> None:
    from tenbit.pipeline.profile.experiment import running
    from tenbit.pipeline.profile.experiment.place import here
    from tenbit.pipeline.profile.experiment.workbench import Workbench

    if cluster is not None:
        from tenbit.pipeline.profile.experiment.cluster import run_on

        run_on(asked, found, journal, cluster, said=said)
    else:
        running.run(asked, found, journal, Workbench(asked, said=said), said=said, about=here())
