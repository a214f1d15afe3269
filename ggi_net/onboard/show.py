"""A plan for people: what is created, changed and deleted, grouped as the gemeente is built."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from rich.text import Text

from ggi_net.onboard.objects import Action
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.onboard.objects import Change, Field
    from ggi_net.onboard.plan import Plan

_STYLE = {Action.CREATE: ("+", "green"), Action.UPDATE: ("~", "yellow"), Action.DELETE: ("-", "red")}
_GROUPS = (
    ("Gemeente", ("gemeente", "option", "block")),
    ("Sites and VLANs", ("site", "vlan")),
    ("Devices", ("device", "port")),
    ("Links", ("link", "vrf")),
)


def summary(plan: Plan, *, done: bool = False) -> str:
    """`12 to create, 1 to change`, or that there is nothing to do; `done`: `12 created, 1 changed`."""
    counts = Counter(change.action for change in plan.changes)
    words = {Action.CREATE: "create", Action.UPDATE: "change", Action.DELETE: "delete"}
    form = "{} {}d" if done else "{} to {}"
    parts = [form.format(counts[action], word) for action, word in words.items() if counts[action]]
    return ", ".join(parts) if parts else "nothing to do: the estate is as the spec asks"


def plan_lines(plan: Plan) -> Iterator[Text]:
    """The plan's lines, in colour."""
    yield Text(f"Plan for {printable(plan.result.name)} ({plan.result.code}): {summary(plan)}", style="bold")
    for title, kinds in _GROUPS:
        chosen = [change for change in plan.changes if change.kind in kinds]
        if chosen:
            yield Text("")
            yield Text(title, style="bold")
            for change in chosen:
                yield from _change(change)
    for note in plan.notes:
        yield Text(f"note: {printable(note, 300)}", style="cyan")


def _change(change: Change) -> Iterator[Text]:
    sign, style = _STYLE[change.action]
    name = change.ref.split("/", 2)[2] if change.kind != "gemeente" else change.ref
    yield Text(f"  {sign} {name}", style=style)
    if change.action is Action.DELETE:
        return
    for part in change.fields:
        said = not part.source and change.kind != "gemeente" and str(part.new) in name.split("/")
        if not (change.action is Action.CREATE and said):
            yield _field(part, change.action, style)


def _field(part: Field, action: Action, style: str) -> Text:
    line = Text(f"      {part.name}: ")
    if action is Action.UPDATE:
        line.append(f"{value_text(part.old)} -> ", style="dim")
    line.append(value_text(part.new), style=style)
    if part.source:
        line.append(f"  ({part.source})", style="dim")
    return line


def value_text(value: Any) -> str:
    """A value on one line, safe for a terminal."""
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return printable(", ".join(value), 300) or "nothing"
    if isinstance(value, dict):
        return printable(", ".join(f"{key} {value_text(inner)}" for key, inner in value.items()), 300)
    if isinstance(value, str | int):
        return printable(str(value).lower() if isinstance(value, bool) else value, 300)
    return printable(msgspec.json.encode(value).decode(), 300)
