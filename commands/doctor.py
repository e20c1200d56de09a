"""``tenbit doctor``: what is installed, and whether it develops as it should."""

from __future__ import annotations

import json
import platform
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbit.commands._text import SOME_FAILED, count

if TYPE_CHECKING:
    from tenbit.pipeline.doctor import Finding


@click.command(epilog="Example: tenbit doctor --self-test --device cuda --folder /mnt/out || drain this node")
@click.option("--warm", "is_warming", is_flag=True, help="First compile the shipped chains: then no run compiles.")
@click.option("--self-test", "is_testing", is_flag=True, help="Develop samples and compare them; 1 if anything fails.")
@click.option("--device", envvar="TENBIT_DEVICE", help="That is tested: auto (default), cpu, cuda or cuda:N.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where outputs are written and read again in the test; by default the system's temporary folder.",
)
@click.option("--json", "is_json", is_flag=True, help="One JSON object.")
def doctor(is_warming: bool, is_testing: bool, device: str | None, folder: Path | None, is_json: bool) -> None:
    """Show versions, devices and the cache, what is missing and the command that adds it; or test this machine."""
    if folder is not None and not is_testing:
        raise click.UsageError("--folder is of --self-test")
    if is_warming:
        from tenbit.pipeline.warm import warm

        number = warm(said=lambda text: click.echo(text, err=True))
        click.echo(f"{count(number, 'loop')} compiled" if number else "all loops were compiled already", err=True)
    if is_testing:
        _test(device, folder, is_json=is_json)
        return
    from tenbit.pipeline.doctor import examine

    findings = examine()
    if is_json:
        found = [{"topic": f.topic, "found": f.found, "remedy": f.remedy or None} for f in findings]
        click.echo(json.dumps({"host": platform.node(), "findings": found}, indent=2))
    else:
        _show(findings)


def _show(findings: list[Finding]) -> None:
    width = max(len(finding.topic) for finding in findings)
    for finding in findings:
        click.echo(f"{finding.topic:{width}}  {finding.found}")
        if finding.remedy:
            click.echo(f"{'':{width}}  -> {finding.remedy}")


def _test(device: str | None, folder: Path | None, *, is_json: bool) -> None:
    """One line per check as it is done, or an object at the end."""
    from tenbit.pipeline.doctor import versions
    from tenbit.pipeline.progress import shown, stoppable
    from tenbit.pipeline.selftest import checksum, self_test

    done = []
    # Whatever ends it early: nothing is left behind.
    with stoppable(), closing(self_test(device, folder)) as checks:
        for check in checks:
            done.append(check)
            if not is_json:
                click.echo(shown(f"{check.state:8}  {check.name:10}  {check.text}"))
    failed = [check.name for check in done if check.state == "failed"]
    if is_json:
        record = {
            "host": platform.node(),
            "is_sound": not failed,
            "checksum": checksum(done),
            "versions": versions(),
            "checks": [check.as_record() for check in done],
        }
        click.echo(json.dumps(record, indent=2))
    else:
        click.echo(f"broken: {', '.join(failed)}" if failed else f"sound; checksum of the pictures {checksum(done)}")
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)
