"""`ggi`: finds the command, imports only its module, and turns errors into words and an exit status."""

from __future__ import annotations

import errno
import importlib
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

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
    "pull": Job("pull", "Take from NetBox what changed, and keep it for work offline."),
    "onboard": Job("onboard", "Plan and apply the onboarding of a gemeente."),
    "offboard": Job("offboard", "Plan and apply the offboarding of a gemeente."),
    "netbox": Job("netbox", "Bring a NetBox to the contract, check it, and fill it from files."),
    "render": Job("render", "Render the artifacts of devices."),
    "check": Job("check", "Let the real daemons check rendered artifacts."),
    "explain": Job("explain", "Say where a line of an artifact comes from."),
    "impact": Job("impact", "Compare two estates or standards: which artifacts change."),
    "push": Job("push", "Bring artifacts to devices: approved by their diff, in waves, verified, or taken back."),
    "rollback": Job("rollback", "Bring a device, a gemeente or a whole run back to what it was before."),
    "journal": Job("journal", "Show what was pushed, by whom, when, why, and how it ended."),
    "hostkeys": Job("hostkeys", "Get to know the SSH host keys of devices, and list them."),
    "drift": Job("drift", "Compare what devices run with what they should."),
    "logs": Job("logs", "Read logs of logins, and ask why one failed."),
    "web": Job("web", "Serve the pages of the helpdesk, and keep the accounts of those who use them."),
    "audit": Job("audit", "Show who looked up which logins and why, and check that record."),
    "lab": Job("lab", "Simulated devices, and a real NetBox, for trying things out."),
}


class Jobs(TyperGroup):
    """Lists every job from the table above; imports a job's module only when it is run or completed."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=job.summary) for name, job in JOBS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Swap the listed command for the job's own. (The parser's types are private to typer, hence Any.)"""
        name, listed, rest = super().resolve_command(ctx, args)
        if listed is None or name is None:
            return name, listed, rest
        job: typer.Typer = importlib.import_module(f"ggi_net.cli.{JOBS[name].module}").app
        job._add_completion = False  # noqa: SLF001  typer would offer --install-completion again in every job
        command = typer.main.get_command(job)
        _reflow(command)
        return name, command, rest


def _reflow(command: Any) -> None:
    """Make one line of each paragraph of a command's help: the terminal's width decides where it breaks."""
    if command.help:
        paragraphs = command.help.split("\n\n")
        command.help = "\n\n".join(p if "\n " in p or "\b" in p else " ".join(p.split()) for p in paragraphs)
    for inner in getattr(command, "commands", {}).values():
        _reflow(inner)


app = typer.Typer(
    cls=Jobs,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The GGI toolkit: from the onboarding spec of a gemeente to a configured, checked and watched network.",
    epilog="Exit status: 0 all went well; 1 an error, explained on standard error; "
    "2 wrong usage, or for `ggi drift` and `ggi netbox check`: something differs; "
    "3 `ggi drift`: a device could not be compared; 4 NetBox can't be reached or is too busy, or a device is locked, "
    "try again later; 130 interrupted.",
)


@app.callback()
def root(
    version: bool = typer.Option(
        False,
        "--version",
        help="Print the version and exit.",
        is_eager=True,
        callback=lambda shown: _version(shown=shown),
    ),
) -> None:
    """Every job is a sub-command; the option is handled before any of them."""


def _version(*, shown: bool) -> None:
    if shown:
        from ggi_net import __version__

        typer.echo(f"ggi {__version__}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `ggi`; exit with the command's status. No error that a user can cause shows a traceback.

    Usage errors (status 2) and a reader that went away (`ggi ... | head`) are typer's own; the rest is below.
    """
    from ggi_net.errors import GgiError, Interrupted

    for stream in (sys.stdout, sys.stderr):
        # A terminal in another character set shows \u2026 for what it lacks, rather than ending the command.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    try:
        typer.main.get_command(app)(args=None if arguments is None else list(arguments), prog_name="ggi")
    except GgiError as error:
        fail(error)
    except KeyboardInterrupt:
        fail(Interrupted("interrupted"))
    except SystemExit as stopped:
        if stopped.code == Interrupted.exit_status:  # typer's word for Ctrl-C
            fail(Interrupted("interrupted"))
        raise
    except (OSError, MemoryError) as error:
        fail(_failure(error))
    sys.exit(0)


def fail(error: GgiError) -> NoReturn:
    """Print an error for people on standard error and exit with its status."""
    typer.echo(str(error), err=True)
    sys.exit(error.exit_status)


def _failure(error: OSError | MemoryError) -> GgiError:
    """What no room could foresee: the machine's own refusals, in words."""
    from ggi_net.errors import DiskFull, Place, SystemFailure

    if isinstance(error, MemoryError):
        return SystemFailure("out of memory", hint="name fewer devices with --gemeente or --device, or add memory")
    place = Place(str(error.filename)) if error.filename is not None else None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("no space left on the disk", place=place)
    if isinstance(error, PermissionError):
        return SystemFailure(
            "permission denied", place=place, hint="check the path and your rights; `id` says who you are"
        )
    return SystemFailure(
        (error.strerror or str(error) or type(error).__name__).lower(),
        place=place,
        hint="the operating system refused this; mend that and run the same command again",
    )
