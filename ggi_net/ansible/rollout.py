"""A run as one task of Ansible: what `ggi_push` and `ggi_rollback` share."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail, AnsiblePromptInterrupt, AnsiblePromptNoninteractive
from ansible.utils.display import Display

from ggi_net.ansible.shared import arguments, estate_in, say
from ggi_net.errors import ApprovalMissing, GgiError, Interrupted
from ggi_net.push.connections import read_connections
from ggi_net.push.journal import Journal, journal_folder
from ggi_net.push.netbox_record import netbox_of
from ggi_net.push.rollout import COMPARING, Rollout, approve_all, stopped
from ggi_net.push.rollout_state import Asked
from ggi_net.push.run import ACCEPTABLE, Policy
from ggi_net.push.summary import counted, group_lines, totals
from ggi_net.secrets import Resolver, open_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible.plugins.action import ActionBase

    from ggi_net.model.estate import Estate
    from ggi_net.push.connections import Connections
    from ggi_net.push.groups import ChangeGroup
    from ggi_net.push.rollout import Job
    from ggi_net.push.run import Outcome

OPTIONS: dict[str, dict[str, Any]] = {
    "estate": {"type": "str", "required": True},
    "connections": {"type": "path", "required": True},
    "devices": {"type": "list", "elements": "str", "required": True},
    "reason": {"type": "str", "default": "ansible"},
    "secrets": {"type": "str", "default": "", "no_log": False},
    "approve": {"type": "bool", "default": False},
    "max_failures": {"type": "int", "default": 0},
    "now": {"type": "str", "default": ""},
    "accept": {"type": "list", "elements": "str", "choices": list(ACCEPTABLE), "default": []},
    "watch": {"type": "str", "default": ""},
}
HOW_TO_APPROVE = (
    "read the diff (--check --diff), then say -e ggi_approve=yes; or run it at a terminal, where it is asked"
)


def run_task(
    action: ActionBase,
    result: dict[str, Any],
    jobs: Callable[[Estate, Mapping[str, Any], Journal, Connections], list[Job]],
    *,
    rollback: bool = False,
    **more: dict[str, Any],
) -> dict[str, Any]:
    """Do a run with the arguments of the task; `jobs` makes what is to be done of them, `more` are its own options.

    Returns `outcomes`, by device what `ggi_outcome` reports. Raises AnsibleActionFail, in the toolkit's words, for
    what concerns the whole run; what happened to a device is its outcome.
    """
    given = arguments(action, **OPTIONS, **more)
    check, diff = bool(action._task.check_mode), bool(action._task.diff)  # noqa: SLF001  Ansible has no other way
    try:
        known = read_connections(Path(given["connections"]))
        estate = estate_in(given["estate"])
        journal = Journal(journal_folder(), given["reason"])
        policy = Policy(accept=frozenset(given["accept"]), watch=float(given["watch"]) if given["watch"] else None)
        rollout = Rollout(
            estate, jobs(estate, given, journal, known), Resolver(open_backend(given["secrets"] or known.secrets)),
            journal, Asked(
                reason=given["reason"], rollback=rollback, policy=policy,
                max_failures=given["max_failures"], now=given["now"],
            ),
            _approval(approved=given["approve"]), _Lines(), check=check,
            netbox=None if check else netbox_of(given["estate"], say),
        )  # fmt: skip
        state = rollout.run()
    except GgiError as error:
        raise AnsibleActionFail(str(error)) from None
    problem = stopped(state)
    if problem:
        say(str(problem))
    outcomes = {outcome.device: outcome for outcome in rollout.outcomes}
    return result | {
        "changed": False,
        "run": "" if check else state.run,
        "journal": "" if check else str(rollout.folder),
        "plan": state.plan,
        "stopped": state.stopped,
        "msg": totals(state),
        "outcomes": {
            name: {
                "status": str(device.status), "code": device.code, "error": outcomes[name].error, "note": device.note,
                "armed": device.armed, "diff": outcomes[name].diff if diff else "",
            }
            for name, device in state.devices.items() if name in outcomes
        },
    }  # fmt: skip


class _Lines:
    """Watches a run: a line for each wave, each device that had its turn, and each that went wrong."""

    def __init__(self) -> None:
        self._comparing = True

    def begins(self, what: str, devices: Sequence[str]) -> None:
        self._comparing = what == COMPARING
        say(f"{what}: {counted(len(devices))}" if self._comparing else f"wave {what}: {', '.join(devices)}")

    def step(self, device: str, step: str) -> None:
        """Not told: Ansible has no lines that go away."""

    def ends(self, outcome: Outcome) -> None:
        if not self._comparing:
            say(f"{outcome.device}: {outcome.status}")

    def says(self, text: str) -> None:
        say(text)


def _approval(*, approved: bool) -> Callable[[Sequence[ChangeGroup]], Mapping[str, str]]:
    """Whatever is needed when it was approved beforehand; else the user at the terminal is asked for each change."""
    user = getpass.getuser()
    return approve_all(f"{user}, ggi_approve") if approved else lambda groups: _asked(groups, user)


def _asked(groups: Sequence[ChangeGroup], user: str) -> Mapping[str, str]:
    given = {}
    for number, group in enumerate(groups, start=1):
        shown = "\n".join(line.plain for line in group_lines(group, number, len(groups)))
        try:
            answer = Display().prompt_until(f"{shown}\nPush this to {counted(len(group.plans))}? Type yes:")
        except AnsiblePromptNoninteractive:
            count = sum(len(one.plans) for one in groups)
            raise ApprovalMissing(
                f"{counted(count)} would be changed, which nobody has approved", hint=HOW_TO_APPROVE
            ) from None
        except AnsiblePromptInterrupt:
            raise Interrupted("interrupted; nothing was changed") from None
        if answer.decode(errors="replace").strip().lower() == "yes":
            given[group.name] = f"{user}, at a terminal"
    return given
