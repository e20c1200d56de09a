"""``tenbit profile CHAIN``: where the time of a chain goes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from tenbit.commands._recorded import recorded_options
from tenbit.commands._text import CAMERA_HELP, lens_options, table

if TYPE_CHECKING:
    from tenbit.commands._recorded import Recorded
    from tenbit.pipeline.frame import Frame
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.profile.record import Profile

_RECORDED = 3  # frames, one after the other


@click.command(epilog="Example: tenbit profile standard --sample 50mp --split --save standard.json")
@click.argument("name", metavar="CHAIN")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--sample", "samples", multiple=True, help="Simulated frame: 12mp (default), 50mp, 0.5mp, 1080x1440.")
@click.option("--cfa", default="RGGB", show_default=True, help="Of the sample; QRGGB … for quad-Bayer.")
@click.option("--bits", type=int, default=10, show_default=True, help="Of the sample.")
@click.option("--packed", "is_packed", is_flag=True, help="The sample as RAW10.")
@click.option("--iso", type=float, default=100.0, show_default=True, help="Of the sample.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.NAME=VALUE", help="Change one value of the chain.")
@click.option("--device", envvar="TENBIT_DEVICE", help="auto (default), cpu, cuda or cuda:N.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Of the CPU; by default its usable cores.")
@click.option("--rounds", type=click.IntRange(1, 10_000), default=15, show_default=True, help="Each is timed so often.")
@click.option("--split", "has_shares", is_flag=True, help="Estimate what each stage adds to its pass; compiles more.")
@click.option("--unfused", is_flag=True, help="Every step a pass of its own: times that are no estimates, but slower.")
@click.option("--cold", is_flag=True, help="With an empty cache: the first frame then compiles.")
@click.option("--no-check", is_flag=True, help="Do not hold the picture against its reference first.")
@click.option("--json", "is_json", is_flag=True, help="The profile as JSON, one line per frame.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Write the profile of one frame as JSON.")
@click.option("--add", is_flag=True, help="To --save: this run joins those that the file holds.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@click.option("--in-turns", is_flag=True, hidden=True)  # for tenbit profile compare, which gives the turns
@click.option("--camera", help=CAMERA_HELP)
@recorded_options
@lens_options
def chain(
    name: str,
    files: tuple[str, ...],
    samples: tuple[str, ...],
    cfa: str,
    bits: int,
    is_packed: bool,
    iso: float,
    overrides: tuple[str, ...],
    device: str | None,
    threads: int | None,
    rounds: int,
    has_shares: bool,
    unfused: bool,
    cold: bool,
    no_check: bool,
    is_json: bool,
    save: Path | None,
    add: bool,
    overwrite: bool,
    in_turns: bool,
    camera: str | None,
    asked: Asked,
    recorded: Recorded,
) -> None:
    """Time a chain on frames, pass by pass, beside what this machine can do at best.

    Reading and writing are not part of it: `tenbit develop --trace` shows them. The machine should be idle. What
    --trace, --nvtx and --cprofile record are frames of their own, done after all is timed.
    """
    from tenbit.pipeline import config, foreseen
    from tenbit.pipeline.lenses.resolve import check_lens
    from tenbit.pipeline.profile.ceilings import TINY
    from tenbit.pipeline.profile.compare.turns import InTurns
    from tenbit.pipeline.profile.devices import device_for
    from tenbit.pipeline.profile.frames import sample
    from tenbit.pipeline.profile.measure import Bench
    from tenbit.pipeline.profile.profiled import profiled
    from tenbit.pipeline.profile.record import read_profile

    recorded.check((), save, option="--save")
    if add and overwrite:
        raise click.UsageError("--add and --overwrite exclude each other")
    if files and not samples and (of := _given("cfa", "bits", "is_packed", "iso")):
        raise click.UsageError(f"{' and '.join(of)}: of a sample, not of files")
    names = samples or (() if files else ("12mp",))
    if save is not None:
        if len(files) + len(names) > 1:
            raise click.UsageError("--save keeps the profile of one frame")
        if save.exists() and not (overwrite or add):
            raise click.UsageError(f"{save} exists already; --add joins this run to it, --overwrite replaces it")
        if add and save.exists():
            read_profile(save)
    elif add:
        raise click.UsageError("--add is of --save")
    for path in filter(None, (recorded.trace, recorded.cprofile)):
        if path.exists() and not overwrite:
            raise click.UsageError(f"{path} exists already; --overwrite replaces it")
    checked = config.load(name, overrides=overrides)
    checked = foreseen.settled(checked, foreseen.likely_format(checked))
    check_lens(checked, asked)
    of_dumps = foreseen.camera_from(camera)
    where, note = device_for(device, threads)
    if note:
        click.echo(note, err=True)

    def frames() -> Iterator[tuple[str, Frame]]:
        from tenbit.pipeline.lenses.resolve import with_optics

        for path in files:
            yield Path(path).name, foreseen.opened(path, checked, camera=of_dumps, asked=asked)
        for size in names:
            made = sample(size, cfa=cfa, bits=bits, is_packed=is_packed, iso=iso).frame
            yield f"{size} sample", with_optics(made, checked, asked)

    with _empty_cache() if cold else ExitStack():
        for title, frame in frames():
            bench = (InTurns if in_turns else Bench)(checked, frame, where, frame_name=title, fuse=not unfused)
            found = profiled(
                bench,
                rounds=rounds,
                has_shares=has_shares,
                checks=not no_check,
                # Of runs in turns the first alone is checked, and kept with its limits.
                effort=TINY if in_turns and no_check else None,
                said=lambda line: click.echo(line, err=True),
            )
            with recorded.recording():
                for _ in range(_RECORDED if recorded else 0):
                    bench.developed()
            if save is not None:
                _kept(read_profile(save).joined(found) if add and save.exists() else found, save)
            if is_json:
                click.echo(found.as_json(indent=None), nl=False)
            else:
                _show(found)


def _given(*names: str) -> list[str]:
    """Those options that the user has given, as he wrote them."""
    context = click.get_current_context()
    known = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    return [known[name] for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]


@contextmanager
def _empty_cache() -> Iterator[None]:
    """Inside, loops are compiled into a cache of their own."""
    before = os.environ.get("TENBIT_CACHE")
    with tempfile.TemporaryDirectory(prefix="tenbit-") as folder:
        os.environ["TENBIT_CACHE"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["TENBIT_CACHE"]
            else:
                os.environ["TENBIT_CACHE"] = before


def _kept(profile: Profile, path: Path) -> None:
    from tenbit.pipeline.images import replaced

    with replaced(path) as file:
        file.write(profile.as_json().encode())


def _show(profile: Profile) -> None:
    from tenbit.pipeline.profile import shown

    for line in shown.head(profile):
        click.echo(line)
    click.echo()
    table(shown.PASS_COLUMNS, shown.pass_rows(profile), piped=140)
    click.echo()
    if rows := shown.stage_rows(profile):
        table(shown.STAGE_COLUMNS, rows, piped=120)
        click.echo()
    for line in shown.tail(profile):
        click.echo(line)
