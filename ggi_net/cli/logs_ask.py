"""`ggi logs search`, `explain` and `stats`: questions about logins, each with its reason."""

from __future__ import annotations

import csv
import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import note, out
from ggi_net.cli.logs_options import SettingsOption, StoreOption, read_logs_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.authlog.desk import Desk
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.question import Question

WHERE = "cli"
_FORMULA = re.compile(r"(?:\A|(?<=;))(?=[\t\r]|[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Before what a spreadsheet takes for a formula (OWASP, CSV Injection; Asian ones take wide signs, too): where a value
begins, and after a `;`, where a Dutch spreadsheet begins a cell."""
_COLUMNS = (
    "begin", "outcome", "attempts", "outer", "inner", "mac", "home", "visited", "site", "operator", "nas", "cause",
    "id",
)  # fmt: skip

ReasonOption = Annotated[
    str,
    typer.Option(
        "--reason",
        envvar="GGI_REASON",
        help="Why you look: a ticket, or a few words. It is kept in the audit log.",
        show_default="asked for at a terminal",
    ),
]
SinceOption = Annotated[
    str, typer.Option("--since", help="From then on: 2d, 3h, 09:00, gisteren, 2026-11-23, '2026-11-23 09:00'.")
]
UntilOption = Annotated[str, typer.Option("--until", help="Before then.", show_default="now")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(search)
    app.command()(explain)
    app.command()(stats)


def search(
    text: Annotated[
        str,
        typer.Argument(
            help="An identity, a MAC address in any notation, a realm, the name of a gemeente or a site, or words "
            "such as 'mislukt'; may be left out.",
            metavar="[TEXT]",
        ),
    ] = "",
    since: SinceOption = "2d",
    until: UntilOption = "",
    user: Annotated[str, typer.Option("--user", help="An identity, inner or outer.")] = "",
    mac: Annotated[str, typer.Option("--mac", help="The MAC address of a device.")] = "",
    realm: Annotated[str, typer.Option("--realm", help="The realm of the user.")] = "",
    gemeente: Annotated[str, typer.Option("--gemeente", "-g", help="The home or the visited gemeente (a slug).")] = "",
    site: Annotated[str, typer.Option("--site", help="The site where it was (a slug).")] = "",
    ap: Annotated[str, typer.Option("--ap", help="The MAC address of an access point's radio.")] = "",
    nas: Annotated[str, typer.Option("--nas", help="The name of an access point.")] = "",
    result: Annotated[str, typer.Option("--result", help="accept, reject or unfinished.")] = "",
    cause: Annotated[str, typer.Option("--cause", help="A cause of the catalogue, such as wrong-password.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many, the newest.")] = 100,
    form: Annotated[str, typer.Option("--format", help="text, json (an object a line) or csv.")] = "text",
    reason: ReasonOption = "",
    settings: SettingsOption = None,
    store: StoreOption = None,
) -> None:
    """Find logins, newest first. Every condition that is given holds.

        ggi logs search j.jansen@almelo.example --since 2d --reason T2026-1234
        ggi logs search 02-00-00-aa-bb-cc
        ggi logs search --gemeente almelo --result reject --format csv

    Equal attempts right after each other are one row, with how many they are, and count once for --limit; in JSON and
    CSV each is a row.
    """
    import msgspec

    from ggi_net.authlog.asked import asked
    from ggi_net.authlog.question import Question

    if form not in ("text", "json", "csv"):
        raise typer.BadParameter("text, json or csv", param_hint="--format")
    desk = _desk(settings, store)
    given = {
        "user": user, "mac": _digits(mac, "--mac"), "realm": realm.lower().lstrip("@"), "gemeente": gemeente,
        "site": site, "ap": _digits(ap, "--ap"), "nas": nas, "outcome": _outcome(result), "cause": _cause(desk, cause),
        "limit": limit, "until": _moment(until),
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value not in ("", None)}
    causes = [known.id for known in desk.catalogue]
    begin = _moment(since)
    questions = [Question(since=begin)]
    if text:
        questions = asked(text, desk.places, causes, since=begin, now=datetime.now(UTC))
    look = desk.helpdesk.folded if form == "text" else desk.helpdesk.search
    found = _first(look, [msgspec.structs.replace(question, **given) for question in questions], _reason(reason))
    if form == "text":
        _list(found, desk)
        if len(found) == limit:
            note(f"the newest {limit} only: --limit shows more, --since less")
    elif form == "json":
        for login in found:
            _json(login)
    else:
        sys.stdout.write(_csv(found))


def explain(
    login_id: Annotated[str, typer.Argument(help="The id of a login, as `ggi logs search` shows it.", metavar="LOGIN")],
    json: Annotated[bool, typer.Option("--json", help="The login and its story as JSON.")] = False,
    reason: ReasonOption = "",
    settings: SettingsOption = None,
    store: StoreOption = None,
) -> None:
    """Tell what happened to a login: hop by hop, who must act, what to do, and the lines that show it."""
    from ggi_net.authlog.asked import login_id as read_id
    from ggi_net.authlog.helpdesk import engineer
    from ggi_net.authlog.story import story
    from ggi_net.cli.logs_story import show_story

    desk = _desk(settings, store)
    login = desk.helpdesk.explain(engineer(), read_id(login_id) or login_id, _reason(reason), where=WHERE)
    told = story(login, desk.catalogue, desk.places)
    if json:
        _json({"login": login, "story": told})
        return
    show_story(told, login, desk.around(login))


def stats(
    by: Annotated[
        list[str],
        typer.Option("--by", help="Count by this; may be repeated. `ggi logs stats --by x` lists what there is."),
    ] = [],  # noqa: B006  typer copies it
    gemeente: Annotated[str, typer.Option("--gemeente", "-g", help="Only this home or visited gemeente.")] = "",
    since: SinceOption = "7d",
    until: UntilOption = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    reason: ReasonOption = "",
    settings: SettingsOption = None,
    store: StoreOption = None,
) -> None:
    """Count logins: who visits whom, how many succeed, why others fail, where it is busy.

    Without --by, these four one after the other.
    """
    from ggi_net.authlog.helpdesk import engineer
    from ggi_net.authlog.question import Question
    from ggi_net.cli.logs_stats import show_counts

    desk = _desk(settings, store)
    question = Question(gemeente=gemeente, since=_moment(since), until=_moment(until))
    why = _reason(reason)
    for groups in [tuple(by)] if by else [("home", "visited"), ("home",), ("cause",), ("visited", "site")]:
        found = desk.helpdesk.stats(engineer(), question, groups, why, where=WHERE)
        if json:
            for count in found:
                values = dict(zip(groups, count.by, strict=True))
                _json({**values, "logins": count.logins, "accepted": count.accepted})
        else:
            show_counts(groups, found, desk)


def _json(what: object) -> None:
    """One line of JSON in ASCII, so that no name in it can steer a terminal."""
    import json

    import msgspec

    typer.echo(json.dumps(msgspec.to_builtins(what)))


def _desk(settings: Path | None, store: Path | None) -> Desk:
    from ggi_net.authlog.desk import open_desk

    return open_desk(read_logs_settings(settings, store), note)


def _first(look: Callable[..., list[Login]], questions: list[Question], reason: str) -> list[Login]:
    """The answer to the first question that has one; `look` is a method of the helpdesk."""
    from ggi_net.authlog.helpdesk import engineer

    for question in questions:
        if found := look(engineer(), question, reason, where=WHERE):
            return found
    return []


def _reason(given: str) -> str:
    if given or not sys.stdin.isatty():
        return given
    asked: str = typer.prompt("Why do you look (a ticket, or a few words)", err=True)
    return asked


def _moment(text: str) -> datetime | None:
    from ggi_net.authlog.moments import moment

    return moment(text, datetime.now(UTC)) if text else None


def _digits(text: str, option: str) -> str:
    from ggi_net.authlog.asked import mac

    if text and not mac(text):
        raise typer.BadParameter(f"'{text[:40]}' is no MAC address", param_hint=option)
    return mac(text)


def _outcome(text: str) -> str | None:
    from ggi_net.authlog.login import Outcome

    if text and text not in list(Outcome):
        raise typer.BadParameter(f"one of {', '.join(Outcome)}", param_hint="--result")
    return Outcome(text) if text else None


def _cause(desk: Desk, text: str) -> str:
    from ggi_net.errors import nearest

    if text and text not in desk.catalogue:
        known = [cause.id for cause in desk.catalogue]
        raise typer.BadParameter(f"no cause '{text[:40]}'{nearest(text, known)}", param_hint="--cause")
    return text


def _list(logins: list[Login], desk: Desk) -> None:
    """Two lines a login, nothing cut off: when, how, who, on what, where; then what was the matter, and its id."""
    from rich.markup import escape

    from ggi_net.authlog.moments import clock
    from ggi_net.authlog.words import inert

    for login in logins:
        place = desk.places.name(login.visited) or login.operator or login.nas or "?"
        site = f" ({desk.places.site_name(login.visited, login.site)})" if login.site else ""
        times = f" ×{login.attempts}" if login.attempts > 1 else ""
        style = {"accept": "green", "reject": "red"}.get(login.outcome, "yellow")
        who = escape(inert(login.inner or login.outer or login.realm))
        outcome = f"[{style}]{f'{login.outcome}{times}':10}[/]"
        out.print(f"{clock(login.begin)}  {outcome}  {who}  {login.mac[:12]}  {escape(inert(place + site))}")
        what = f"[bold]{desk.catalogue[login.cause].nl.title}[/]" if login.cause else escape(inert(login.reason))
        out.print(f"{'':21}{what}{'  ' if what else ''}[dim]{login.id}[/]")
    if not logins:
        out.print("no logins")


def _csv(logins: list[Login]) -> str:
    """Rows for a spreadsheet (RFC 4180); what it would take for a formula gets an apostrophe before it."""
    from ggi_net.authlog.moments import clock
    from ggi_net.authlog.words import spelled

    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    for login in logins:
        values = [clock(login.begin), *(str(getattr(login, name)) for name in _COLUMNS[1:])]
        rows.writerow([spelled(_FORMULA.sub("'", value)) for value in values])
    return text.getvalue()
