"""`ggi web`: serves the pages, and keeps the accounts and tokens of those who use them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from ggi_net.authlog.question import Role
from ggi_net.cli.console import note, out

if TYPE_CHECKING:
    from ggi_net.web.accounts import Accounts
    from ggi_net.web.tokens import Tokens

app = typer.Typer(help="Serve the pages of the helpdesk, and keep the accounts of those who use them.")
account = typer.Typer(no_args_is_help=True, help="Accounts of people, where no provider of log-ins is used.")
token = typer.Typer(no_args_is_help=True, help="Tokens of programs that use the API.")
app.add_typer(account, name="account")
app.add_typer(token, name="token")

SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        "-s",
        envvar="GGI_WEB",
        help="The settings of the pages (`web.yml`).",
        metavar="FILE",
        show_default="for trying it out on this machine",
    ),
]
RoleOption = Annotated[Role, typer.Option("--role", help="helpdesk, operator or auditor.", metavar="ROLE")]
GemeenteOption = Annotated[
    list[str], typer.Option("--gemeente", "-g", help="A gemeente that a helpdesk works for (a slug); may be repeated.")
]


@app.callback(invoke_without_command=True)
def web(
    ctx: typer.Context,
    settings: SettingsOption = None,
    listen: Annotated[
        str,
        typer.Option("--listen", help="Address and port.", metavar="ADDRESS:PORT", show_default="that of the settings"),
    ] = "",
    logs: Annotated[
        Path | None,
        typer.Option(
            "--logs",
            envvar="GGI_LOGS",
            help="The settings of the logs (`logs.yml`).",
            metavar="FILE",
            show_default="that of the settings",
        ),
    ] = None,
) -> None:
    """Serve the pages of the helpdesk until it is told to stop (SIGTERM, Ctrl-C).

    What is refused and what goes wrong is written to standard error; who looked up what to the audit log (`ggi audit`).
    """
    ctx.obj = settings
    if ctx.invoked_subcommand:
        return
    from ggi_net.web.server import bound, log_to_stderr, serve
    from ggi_net.web.settings import read_settings
    from ggi_net.web.site import site

    found = read_settings(settings, listen=listen, logs=logs)
    with bound(found) as address:
        log_to_stderr()
        pages = site(found, note)
        note(f"the pages are at {found.address}")
        serve(pages, found, address)


@account.command("add")
def add_account(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What they log in with, such as j.bakker.")],
    role: RoleOption,
    gemeente: GemeenteOption = [],  # noqa: B006  typer copies it
) -> None:
    """Add an account. The password is asked for, or read from standard input."""
    accounts = _accounts(ctx)
    accounts.add(name, _password(), role, tuple(gemeente))
    out.print(f"{name} can log in now", markup=False)


@account.command("passwd")
def change_password(ctx: typer.Context, name: Annotated[str, typer.Argument(help="The account.")]) -> None:
    """Give an account another password, and end its sessions."""
    accounts = _accounts(ctx)
    accounts.change_password(name, _password())
    out.print(f"{name} has another password; all sessions have ended", markup=False)


@account.command("list")
def list_accounts(ctx: typer.Context) -> None:
    """List the accounts."""
    table = Table("name", "role", "gemeenten", "last log-in", "", box=None)
    for found in _accounts(ctx).all():
        closed = "closed" if found.disabled else ""
        table.add_row(found.name, found.role, ", ".join(found.gemeenten), _when(found.last_login), closed)
    out.print(table)


@account.command("disable")
def disable_account(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The account.")],
    undo: Annotated[bool, typer.Option("--undo", help="Open it again.")] = False,
) -> None:
    """Close an account, and end its sessions."""
    _accounts(ctx).disable(name, disabled=not undo)
    out.print(f"{name} is {'open again' if undo else 'closed; all sessions have ended'}", markup=False)


@token.command("add")
def add_token(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The program that uses it, such as TOPdesk.")],
    role: RoleOption,
    gemeente: GemeenteOption = [],  # noqa: B006  typer copies it
    days: Annotated[int, typer.Option("--days", help="How long it is good for.")] = 365,
) -> None:
    """Make a token and print it: it is shown this once, and kept nowhere."""
    made, secret = _tokens(ctx).add(name, role, tuple(gemeente), days)
    note(
        f"token {made.id} of {made.name}, good until {_when(made.expires)}; "
        "keep it where the program keeps its passwords"
    )
    typer.echo(secret)


@token.command("list")
def list_tokens(ctx: typer.Context) -> None:
    """List the tokens, without their secrets."""
    table = Table("id", "name", "role", "gemeenten", "good until", "last used", "", box=None)
    now = datetime.now(UTC).timestamp()
    for found in _tokens(ctx).all():
        state = "revoked" if found.revoked else "over" if found.expires <= now else ""
        table.add_row(
            found.id, Text(found.name), found.role, ", ".join(found.gemeenten), _when(found.expires),
            _when(found.last_used), state,
        )  # fmt: skip
    out.print(table)


@token.command("revoke")
def revoke_token(ctx: typer.Context, number: Annotated[str, typer.Argument(help="The id of the token.")]) -> None:
    """End a token at once."""
    found = _tokens(ctx).revoke(number)
    out.print(f"token {found.id} of {found.name} is no good any more", markup=False)


def _accounts(ctx: typer.Context) -> Accounts:
    from ggi_net.web.accounts import Accounts
    from ggi_net.web.database import Database
    from ggi_net.web.settings import read_settings

    return Accounts(Database(read_settings(ctx.obj).state_folder))


def _tokens(ctx: typer.Context) -> Tokens:
    from ggi_net.web.database import Database
    from ggi_net.web.settings import read_settings
    from ggi_net.web.tokens import Tokens

    return Tokens(Database(read_settings(ctx.obj).state_folder))


def _password() -> str:
    """The new password: asked for twice at a terminal, else the first line of standard input; never an argument."""
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _when(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}" if moment else "never"
