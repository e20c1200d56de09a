"""The command line: arguments, text, exit codes; nothing else."""

from __future__ import annotations

import json
import signal
import sys
import warnings
from typing import TYPE_CHECKING, Any

import click

from tenbit import __version__
from tenbit.commands._text import CAMERA_HELP, DEFECTS_HELP, SOME_FAILED, count, lens_options, table
from tenbit.commands.calibrate import calibrate
from tenbit.commands.contact import contact
from tenbit.commands.develop import develop
from tenbit.commands.doctor import doctor
from tenbit.commands.farm import farm
from tenbit.commands.hold import hold
from tenbit.commands.lenses import lenses
from tenbit.commands.profile import profile
from tenbit.commands.sample import sample
from tenbit.commands.scopes import scopes
from tenbit.commands.tune import tune
from tenbit.commands.video import video
from tenbit.commands.watch import watch

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

WRONG_USE = 2


class _Commands(click.Group):
    """Commands whose expected errors become lines on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt as stop:
            click.echo("interrupted", err=True)
            ctx.exit(128 + getattr(stop, "number", signal.SIGINT))
        except Exception as error:
            from tenbit.pipeline.errors import ChainError, DeviceError, RequestError, TenbitError
            from tenbit.pipeline.progress import let_go, shown

            if isinstance(error, OSError) and error.filename is None:
                let_go(sys.stdout)
                click.echo(f"standard output: {error.strerror}", err=True)
                ctx.exit(SOME_FAILED)
            if not isinstance(error, TenbitError):
                raise
            # A line per fault, whatever the names of files hold.
            for fault in error.faults if isinstance(error, ChainError) else [str(error)]:
                click.echo(shown(fault), err=True)
            ctx.exit(WRONG_USE if isinstance(error, ChainError | DeviceError | RequestError) else SOME_FAILED)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 all done, 1 some file failed, 2 the usage, the chain or the device is wrong, 128+n signal n.",
)
@click.version_option(__version__, prog_name="tenbit")
def commands() -> None:
    """Develop raw files through one YAML chain: on the GPU when there is one, else on the CPU."""


@commands.command()
@click.argument("chain")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.NAME=VALUE", help="Change one value of the chain.")
@click.option("--plan", "shows_plan", is_flag=True, help="Show the passes that the chain becomes on each target.")
@click.option("--frame", help="Plan for this raw file, instead of for a 12 MP Bayer frame of 10 bits.")
@click.option("--camera", help=CAMERA_HELP)
@click.option("--defects", help=DEFECTS_HELP)
@lens_options
def check(
    chain: str,
    overrides: tuple[str, ...],
    shows_plan: bool,
    frame: str | None,
    camera: str | None,
    defects: str | None,
    asked: Asked,
) -> None:
    """Name every fault of a chain, or say that there is none."""
    from tenbit.pipeline import config, describe, foreseen
    from tenbit.pipeline.lenses.resolve import check_lens
    from tenbit.pipeline.raw.defects import defects_from
    from tenbit.pipeline.tune.kept import kept_for_cpu

    of_dumps, listed = foreseen.camera_from(camera), defects_from(defects)
    checked = config.load(chain, overrides=overrides)
    checked = foreseen.settled(checked, foreseen.likely_format(checked))
    check_lens(checked, asked)
    what, facts, dtype, packing = foreseen.planned_for(checked, frame, camera=of_dumps, defects=listed, asked=asked)
    passes = count(len(what.passes), "pass")
    if len(what.cuda_passes) != len(what.passes):
        passes += f" (cuda: {len(what.cuda_passes)})"
    click.echo(f"{checked.name}: {count(len(checked.links), 'stage')}, {passes}, no fault")
    for note in what.notes:
        click.echo(f"note: {note}")
    if shows_plan:
        stored = packing or dtype
        click.echo(f"for a {facts.state} of {facts.rows} x {facts.cols} in {stored}, to {checked.output.format}")
        schedule = kept_for_cpu().setting.schedule
        for shown in describe.plan_tables(what, facts, dtype=dtype, packing=packing, schedule=schedule):
            click.echo(f"\n{shown.title}")
            table(shown.columns, shown.rows, piped=120)


@commands.command()
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="All stages with all parameters, as Markdown.")
def stages(name: str | None, markdown: bool) -> None:
    """List the stages, or the parameters of one: units, ranges, defaults."""
    from tenbit.kernels import STAGES, stage
    from tenbit.pipeline import describe
    from tenbit.pipeline.schema import hint

    if markdown:
        click.echo(describe.markdown(), nl=False)
    elif name is None:
        table(("stage", "takes", "what it does"), [(n, " ".join(stage(n).takes), stage(n).summary) for n in STAGES])
    elif name not in STAGES:
        raise click.UsageError(f"{name}: no such stage; {hint(name, STAGES)}")
    else:
        click.echo(f"{name}: {describe.prose(stage(name))}")
        table(describe.OPTION_COLUMNS, describe.option_rows(stage(name).parameters))


@commands.command()
def schema() -> None:
    """Print the JSON Schema of a chain file, for editors."""
    from tenbit.pipeline import config

    click.echo(json.dumps(config.schema(), indent=2))


@commands.command()
@click.argument("file")
@click.option("--json", "is_json", is_flag=True, help="As JSON, with what is not known as null.")
@click.option("--camera", help=CAMERA_HELP)
def info(file: str, is_json: bool, camera: str | None) -> None:
    """Show all that is known of a raw file."""
    from tenbit.pipeline import describe, foreseen, raw

    of_dumps = foreseen.camera_from(camera)
    record = describe.frame_record(raw.read(file, camera=of_dumps))
    if is_json:
        click.echo(json.dumps(record, indent=2))
    else:
        click.echo("\n".join(describe.lines(record)))


commands.add_command(calibrate)
commands.add_command(contact)
commands.add_command(develop)
commands.add_command(doctor)
commands.add_command(farm)
commands.add_command(hold)
commands.add_command(lenses)
commands.add_command(profile)
commands.add_command(sample)
commands.add_command(scopes)
commands.add_command(tune)
commands.add_command(video)
commands.add_command(watch)


def main() -> None:
    """The console script."""
    # Warnings of libraries are for developers; `python -W default -m tenbit.cli` still shows them.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    commands(prog_name="tenbit")


if __name__ == "__main__":
    main()
