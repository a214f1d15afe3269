"""An apply to NetBox that is cut off anywhere: the same command again completes it, and nothing is there twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from netbox_apply import (
    BORNE,
    CHANGES,
    Counting,
    Died,
    Forgetful,
    Mortal,
    apply,
    client,
    counts,
    gemeente,
    plan,
    spec_file,
)

from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.plan import kept_path, save_plan

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.lab.netbox import Instance
    from ggi_net.onboard.plan import Plan


@pytest.fixture
def made(onboarding_lab: Instance, tmp_path: Path) -> Plan:
    """The plan of the smallest onboarding."""
    return plan(client(onboarding_lab), spec_file(tmp_path))


@pytest.fixture(scope="module")
def undisturbed(federation_lab: Instance, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What an apply that nothing disturbs leaves in NetBox, and the requests that it takes."""
    federation_lab.restore("federation")
    netbox = client(federation_lab, Counting)
    made = plan(netbox, spec_file(tmp_path_factory.mktemp("undisturbed")))
    netbox.sent.clear()
    assert apply(netbox, made)
    sent = list(netbox.sent)
    return gemeente(netbox, "borne"), counts(netbox), sent


def dies(lab: Instance, made: Plan, **when: Any) -> bool:
    """Apply with a client that dies at a request; whether it did."""
    netbox = client(lab, Mortal)
    for name, value in when.items():
        setattr(netbox, name, value)
    try:
        apply(netbox, made)
    except Died:
        return True
    return False


def check(lab: Instance, undisturbed: Any) -> None:
    netbox = client(lab)
    assert gemeente(netbox, "borne") == undisturbed[0]
    assert counts(netbox) == undisturbed[1]


def test_killed_after_each_change(onboarding_lab: Instance, made: Plan, undisturbed: Any) -> None:
    """Every run dies when NetBox has carried out its first change: what one run did, the next must find."""
    onboarding_lab.restore("federation")
    runs = 0
    while dies(onboarding_lab, made, after_change=1):
        runs += 1
        assert runs < 100, "it never comes to an end"
    check(onboarding_lab, undisturbed)
    assert runs == sum(method in CHANGES for method, _ in undisturbed[2])


def test_killed_before_each_request(onboarding_lab: Instance, made: Plan, undisturbed: Any) -> None:
    """The first run dies before its first request, the second before its second, and so on to the end."""
    onboarding_lab.restore("federation")
    runs, known = 1, {}
    while dies(onboarding_lab, made, before=runs, known=known):
        runs += 1
    check(onboarding_lab, undisturbed)
    assert runs > 40


def test_an_answer_lost_after_each_change(onboarding_lab: Instance, made: Plan, undisturbed: Any) -> None:
    """The connection breaks whenever NetBox has done something: one run looks what was done, and goes on."""
    onboarding_lab.restore("federation")
    netbox = client(onboarding_lab, Forgetful)
    netbox.lost = frozenset(range(1, 200, 2))
    assert apply(netbox, made)
    check(onboarding_lab, undisturbed)
    assert netbox.changes > len([method for method, _ in undisturbed[2] if method in CHANGES])


WERF = """\
  - slug: werf
    name: Werf
    size: small
    gateways:
      - {provider: Twentse Glasvezel BV}
"""

APPLY = """
import sys
from pathlib import Path
from ggi_net.onboard.apply import apply_plan
from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.plan import load_plan
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.settings import Settings
netbox = NetBox(Settings(sys.argv[1], sys.stdin.read()))
apply_plan(load_plan(Path(sys.argv[2])), InNetBox(netbox, tick=lambda kind, count: print(kind, flush=True)))
print("done", flush=True)
"""


@pytest.mark.parametrize("word", ["site", "interface", "termination"])
def test_killed_by_the_kernel(
    onboarding_lab: Instance, made: Plan, undisturbed: Any, tmp_path: Path, word: str
) -> None:
    onboarding_lab.restore("federation")
    save_plan(made, tmp_path / "plan.json")
    command = [sys.executable, "-c", APPLY, onboarding_lab.url, tmp_path / "plan.json"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write(onboarding_lab.token)
    process.stdin.close()
    for line in process.stdout:
        if line.startswith(word):
            break
    process.kill()
    assert process.wait() == -signal.SIGKILL
    time.sleep(0.5)  # NetBox may be at its last request still
    again = subprocess.run(command, input=onboarding_lab.token, text=True, capture_output=True, check=True, timeout=600)
    assert again.stdout.endswith("done\n")
    check(onboarding_lab, undisturbed)


@pytest.mark.parametrize("changes", [1, 2, 9, 20, 30])
def test_a_cut_off_apply_can_be_taken_back(onboarding_lab: Instance, made: Plan, changes: int) -> None:
    netbox = client(onboarding_lab)
    before = counts(netbox)
    assert dies(onboarding_lab, made, after_change=changes)
    assert InNetBox(netbox).undo(made)
    assert before - counts(netbox) == {}
    assert set(counts(netbox) - before) <= {"providers", "provider_networks"}, "those may serve others"
    assert not InNetBox(netbox).undo(made)
    assert not kept_path(made.digest).exists()
    assert apply(netbox, made), "the plan is as good as before"


def test_a_cut_off_change_is_taken_back_to_what_was(onboarding_lab: Instance, made: Plan, tmp_path: Path) -> None:
    """Also when the taking back is killed after each change."""
    netbox = client(onboarding_lab)
    assert apply(netbox, made)
    was, before = gemeente(netbox, "borne"), counts(netbox)
    text = BORNE.replace("name: Stadhuis", "name: Raadhuis") + WERF
    larger = plan(netbox, spec_file(tmp_path, text, "larger.yml"))
    assert dies(onboarding_lab, larger, after_change=25)
    runs = 0
    while True:
        mortal = client(onboarding_lab, Mortal)
        mortal.after_change = 1
        try:
            InNetBox(mortal).undo(larger)
            break
        except Died:
            runs += 1
    assert runs > 5
    assert gemeente(netbox, "borne") == was
    assert counts(netbox) == before
