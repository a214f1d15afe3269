"""`ggi`: finds the command, imports only its module, and turns errors into words and an exit status."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click
import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.errors import GgiError


class Job(NamedTuple):
    """A command: the module below `ggi_net.cli` with its `app`, and the line that `ggi --help` shows."""

    module: str
    summary: str


JOBS = {
    "demo": Job("demo", "Run the main job on the embedded estate, from spec to drift report."),
    "estate": Job("estate", "Show, validate and generate estates."),
    "onboard": Job("onboard", "Plan and apply the onboarding of a gemeente."),
    "render": Job("render", "Render the artifacts of devices."),
    "check": Job("check", "Let the real daemons check rendered artifacts."),
    "explain": Job("explain", "Say where a line of an artifact comes from."),
    "impact": Job("impact", "Compare two estates or standards: which artifacts change."),
    "push": Job("push", "Bring artifacts to devices, with a diff before and a verification after."),
    "drift": Job("drift", "Compare what devices run with what they should."),
    "lab": Job("lab", "Simulated devices for trying things out."),
}


class Jobs(TyperGroup):
    """Lists every job from the table above; imports a job's module only when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(JOBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        job = JOBS.get(cmd_name)
        return TyperCommand(cmd_name, help=job.summary) if job else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if command is None or name is None:
            return name, command, rest
        module = importlib.import_module(f"ggi_net.cli.{JOBS[name].module}")
        return name, typer.main.get_command(module.app), rest


app = typer.Typer(
    cls=Jobs,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The GGI toolkit: from the onboarding spec of a gemeente to a configured, checked and watched network.",
    epilog="Exit status: 0 all went well; 1 an error, explained on standard error; "
    "2 wrong usage, or for `ggi drift`: drift found; 3 `ggi drift`: a device could not be compared; 130 interrupted.",
)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit.", is_eager=True),
) -> None:
    """Print the version when asked."""
    from ggi_net import __version__

    if version:
        typer.echo(f"ggi {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `ggi`; exit with the command's status. No error that a user can cause shows a traceback."""
    from ggi_net.errors import GgiError, Interrupted

    command = typer.main.get_command(app)
    try:
        status = command.main(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except GgiError as error:
        fail(error)
    except click.exceptions.Abort:
        fail(Interrupted("interrupted"))
    except KeyboardInterrupt:
        fail(Interrupted("interrupted"))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def fail(error: GgiError) -> NoReturn:
    """Print an error for people on standard error and exit with its status."""
    click.echo(str(error), err=True)
    sys.exit(error.exit_status)
