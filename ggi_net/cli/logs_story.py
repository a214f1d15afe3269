"""A login told in the terminal: Dutch first, English beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from ggi_net.authlog.causes.cause import Owner
from ggi_net.authlog.moments import clock
from ggi_net.authlog.story import Status
from ggi_net.authlog.words import HOPS, Both, spelled
from ggi_net.cli.console import out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.authlog.login import Login
    from ggi_net.authlog.story import Story

MARKS = {
    Status.OK: "[green]✓[/]",
    Status.REFUSED: "[red]✗[/]",
    Status.SILENT: "[red]…[/]",
    Status.ABSENT: "[yellow]?[/]",
}
OWNERS = {
    Owner.USER: Both("de gebruiker", "the user"),
    Owner.VISITED: Both("de bezochte gemeente", "the visited gemeente"),
    Owner.FEDERATION: Both("het landelijke beheer van govroam", "the federation that runs govroam"),
    Owner.HOME: Both("de eigen gemeente van de gebruiker", "the user's own gemeente"),
    Owner.NOBODY: Both("niemand", "nobody"),
}


def show_story(told: Story, login: Login, remarks: Iterable[Both]) -> None:
    """Print it: the answer, hop by hop, who must act, what else is known, the lines that show it."""
    _both(told.title, style="bold")
    out.print(f"[dim]{login.id}[/]")
    out.print()
    for sentence in told.summary:
        _both(sentence)
    out.print()
    for step in told.steps:
        hop = HOPS[step.hop]
        lines = f" [dim]\\[{', '.join(str(number + 1) for number in step.lines)}][/]" if step.lines else ""
        where = " ".join(part for part in (step.time, step.host) if part)
        out.print(f"  {MARKS[step.status]} {step.time and escape(where) + ': '}{escape(step.text.nl)}{lines}")
        out.print(f"    [dim]{escape(hop.en)}: {escape(step.text.en)}[/]")
    for missing in told.missing:
        _both(missing, before="  ")
    if told.owner:
        out.print()
        who = OWNERS[told.owner]
        _both(Both(f"Wie moet iets doen: {who.nl}.", f"Who must act: {who.en}."), style="bold")
        for number, advice in enumerate(told.advice, 1):
            _both(advice, before=f"  {number}. ")
    if told.ask:
        _both(Both(f"Vraag aan de beller: {told.ask.nl}", f"Ask the caller: {told.ask.en}"))
    for remark in remarks:
        _both(remark, before="  ! ")
    if login.lines:
        out.print()
        for number, line in enumerate(login.lines, 1):
            where = f"{clock(line.time)} {line.host or line.source}"
            out.print(f"  [dim]\\[{number}] {escape(spelled(where))}[/] {escape(spelled(line.raw))}")


def _both(text: Both, *, before: str = "", style: str = "") -> None:
    dutch = f"[{style}]{escape(text.nl)}[/]" if style else escape(text.nl)
    out.print(f"{before}{dutch}  [dim]{escape(text.en)}[/]")
