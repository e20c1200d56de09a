"""``tenbit tune``: sizes of the schedule that are fastest on this machine."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import click

from tenbit.commands._text import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tenbit.pipeline.device import Device
    from tenbit.pipeline.tune.kept import Kept, Machine


@click.command(epilog="Example: tenbit tune -c standard -c my.yaml --sample 50mp; tenbit tune --show")
@click.option("--device", default="cpu", show_default=True, help="What is tuned: cpu, cuda or cuda:N.")
@click.option("-c", "--chain", "chains", multiple=True, help="That it is tuned for; several may be given.")
@click.option("--sample", "size", default="12mp", show_default=True, help="The frame: 12mp, 50mp, 0.5mp, 1080x1440.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, 86_400, min_open=True),
    default=120.0,
    show_default=True,
    help="For the search, once the loops are compiled.",
)
@click.option("--dry-run", is_flag=True, help="Search, and keep nothing.")
@click.option("--show", "is_showing", is_flag=True, help="Only show what is kept for this machine.")
@click.option("--reset", "is_reset", is_flag=True, help="Only remove it: the default sizes are used again.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object.")
def tune(
    device: str,
    chains: tuple[str, ...],
    size: str,
    seconds: float,
    dry_run: bool,
    is_showing: bool,
    is_reset: bool,
    is_json: bool,
) -> None:
    """Find the sizes that the schedule is fastest with on this machine, and keep them for all later runs.

    On the CPU bands, tiles and threads are tried in turns with the defaults, on a card how many frames overlap; the
    best is kept where it is faster beyond doubt. Pictures stay the same, bit for bit. Let the machine have nothing
    else to do. TENBIT_TUNING=off leaves out what is kept.
    """
    from tenbit.pipeline.device import choose
    from tenbit.pipeline.tune import kept, session

    if sum((dry_run, is_showing, is_reset)) > 1:
        raise click.UsageError("--dry-run, --show and --reset exclude each other")
    if math.isnan(seconds):
        raise click.UsageError("--seconds is a number, above 0")
    if device == "auto":
        raise click.UsageError("--device is cpu, cuda or cuda:N: what is tuned is named")
    where = choose(device)[0]
    machine = session.machine_of(where)
    if is_reset:
        gone = kept.forget(machine)
        _tell({"removed": None if gone is None else str(gone)}, f"{gone} is gone" if gone else _NOTHING, is_json)
    elif is_showing:
        _show(kept.read(machine), machine, is_json=is_json)
    else:
        _tune(where, chains, size, seconds, is_kept=not dry_run, is_json=is_json)


_SMALL = 4e6  # pixels; 12 MP and more are what sensors have
_BUSY = 0.5  # processes that want to run, per core
_NOTHING = "nothing is kept for this machine: the default sizes are used"


def _tune(where: Device, names: tuple[str, ...], size: str, seconds: float, *, is_kept: bool, is_json: bool) -> None:
    from tenbit import __version__
    from tenbit.pipeline import config
    from tenbit.pipeline.device import usable_cores
    from tenbit.pipeline.profile.frames import sample
    from tenbit.pipeline.profile.machine import machine as machine_facts
    from tenbit.pipeline.progress import shown, stoppable
    from tenbit.pipeline.tune import kept, session

    def said(text: str) -> None:
        click.echo(shown(text), err=True)

    machine = session.machine_of(where)
    chains = [config.load(name) for name in dict.fromkeys(names or session.CHAINS)]
    if is_kept:
        kept.check_writable(machine)
    with stoppable():
        frame = sample(size).frame
        if frame.facts.rows * frame.facts.cols < _SMALL and is_kept:
            is_kept = False
            said(f"nothing is kept from a frame below {_SMALL / 1e6:g} MP: on large ones threads bring more")
        load = machine_facts()["load"]
        if load and load[0] > _BUSY * usable_cores():
            said(f"this machine is busy (load {load[0]:.1f}): what is found now may not hold when it is not")
        found = session.tuned(chains, frame, where, seconds=seconds, said=said)
    more = {"tenbit": __version__, "sample": size, "load": load, **found.as_record()}
    record: dict[str, Any] = {"setting": found.setting.as_record(), "is_faster": found.is_faster, **more, "kept": None}
    if is_kept and found.is_faster:
        record["kept"] = str(kept.keep(machine, found.setting, more))
    if is_json:
        click.echo(json.dumps(record, indent=2))
        return
    if found.rows:
        _gained(record)
    if not found.is_faster:
        there = kept.read(machine).path
        stays = f"; {there} stays until --reset" if there else ""
        click.echo(f"nothing found that is faster than the defaults{stays}")
    else:
        click.echo(f"{found.setting}\n" + (f"kept in {record['kept']}" if is_kept else "not kept"))


def _show(there: Kept, machine: Machine, *, is_json: bool) -> None:
    from tenbit.pipeline.tune.kept import is_off

    if is_json:
        file = None if there.path is None else str(there.path)
        told = {"file": file, "note": there.note or None, "is_off": is_off(), **there.record}
        click.echo(json.dumps(told, indent=2))
        return
    if there.note or not there.record:
        click.echo(there.note or _NOTHING)
    else:
        try:
            _gained(there.record)
        except (AttributeError, KeyError, TypeError, ValueError):
            click.echo("what it gained is damaged")
        click.echo(f"{there.setting}\nfor {machine}, on {there.record.get('sample')}; kept in {there.path}")
    if is_off():
        click.echo("left out: TENBIT_TUNING is off")


def _gained(record: Mapping[str, Any]) -> None:
    """What was gained, as a table."""

    def ms(value: float | None) -> str:
        return "" if value is None else f"{value:.1f}"

    rows = [
        (g["chain"], ms(g["default_ms"]), ms(g["tuned_ms"]), f"{g['ratio']:.3f}", f"{g['low']:.3f}..{g['high']:.3f}")
        for g in record.get("gained", [])
    ]
    table(("chain", "default ms", "tuned ms", "ratio", "95 % interval"), rows)


def _tell(record: dict[str, Any], text: str, is_json: bool) -> None:
    click.echo(json.dumps(record) if is_json else text)
