"""A plan in a NetBox branch, by the real branching plugin and NetBox's worker: review, merge, revert, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from netbox_apply import BORNE, Died, Mortal, apply, client, counts, gemeente, onboard, plan, spec_file

from ggi_net.errors import BranchConflict, BranchGone, BranchingMissing, PlanStale
from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.netbox.branch import BRANCHES, Branches, merge_plan
from ggi_net.onboard.plan import load_plan, save_plan

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.lab.netbox import Instance
    from ggi_net.onboard.plan import Plan
    from ggi_net.source.netbox.client import NetBox


def branches(netbox: NetBox) -> Branches:
    return Branches(InNetBox(netbox))


def in_branch(netbox: NetBox, spec: Any, name: str = "") -> Plan:
    return branches(netbox).write(plan(netbox, spec), name)


@pytest.fixture
def netbox_(onboarding_lab: Instance) -> NetBox:
    netbox = client(onboarding_lab)
    yield netbox
    for branch in netbox.all(BRANCHES):
        branches(netbox)._settled(branch, "")
        netbox.delete(f"{BRANCHES}/{branch['id']}")


def test_a_branch_is_reviewed_merged_and_reverted(netbox_: NetBox, tmp_path: Path) -> None:
    before = counts(netbox_)
    made = in_branch(netbox_, spec_file(tmp_path))
    save_plan(made, tmp_path / "plan.json")
    made = load_plan(tmp_path / "plan.json")
    assert counts(netbox_) == before, "main is untouched"
    assert made.branch.name == f"onboard-borne-{made.digest[:8]}"
    (listed,) = netbox_.all(BRANCHES)
    assert (listed["id"], listed["schema_id"]) == (made.branch.id, made.branch.schema)
    assert listed["description"] == f"onboarding borne, plan {made.digest}"
    inside = netbox_.branch(made.branch.schema)
    reviewed = gemeente(inside, "borne")
    device = inside.get("dcim/devices", name="ce-borne-01")["results"][0]
    inside.patch(f"dcim/devices/{device['id']}", {"serial": "REVIEWED-1"})

    merging = branches(netbox_)
    assert merging.merge(made)
    assert merging.backend.page == netbox_.get("tenancy/tenants", slug="borne")["results"][0]["display_url"]
    became = gemeente(netbox_, "borne")
    assert became.pop("gemeente/borne/device/ce-borne-01")["serial"] == "REVIEWED-1"
    reviewed.pop("gemeente/borne/device/ce-borne-01")
    assert became == reviewed
    (entry,) = netbox_.all("extras/journal-entries")
    assert made.digest in entry["comments"]
    assert branches(netbox_).merge(made) is None, "merged once"

    assert branches(netbox_).revert(made)
    assert counts(netbox_) == before
    assert netbox_.all(BRANCHES) == []
    assert not branches(netbox_).revert(made)
    with pytest.raises(BranchGone, match=f"the branch '{made.branch.name}' is gone"):
        branches(netbox_).merge(made)


def test_an_unmerged_branch_is_removed(netbox_: NetBox, tmp_path: Path) -> None:
    before = counts(netbox_)
    made = in_branch(netbox_, spec_file(tmp_path), "borne, take two")
    assert made.branch.name == "borne, take two"
    assert branches(netbox_).revert(made)
    assert netbox_.all(BRANCHES) == []
    assert counts(netbox_) == before


def test_numbers_that_were_given_out_meanwhile_keep_a_branch_from_the_merge(netbox_: NetBox, tmp_path: Path) -> None:
    made = in_branch(netbox_, spec_file(tmp_path))
    other = BORNE.replace("GM0147", "GM0189").replace("borne", "wierden")
    onboard(netbox_, spec_file(tmp_path, other, "wierden.yml"))
    before = counts(netbox_)
    with pytest.raises(PlanStale, match="the branch no longer fits: ASN 4200900001 "):
        branches(netbox_).merge(made)
    assert counts(netbox_) == before
    assert branches(netbox_).revert(made)


def test_a_conflict_is_told_in_words(netbox_: NetBox, tmp_path: Path) -> None:
    """The same object was changed in the branch and beside it."""
    onboard(netbox_, spec_file(tmp_path))
    text = BORNE.replace("{provider: Twentse Glasvezel BV}", "{provider: Twentse Glasvezel BV, serial: B-1}")
    made = in_branch(netbox_, spec_file(tmp_path, text))
    inside = netbox_.branch(made.branch.schema)
    for where, words in ((inside, "in the branch"), (netbox_, "beside it")):
        site = where.get("dcim/sites", slug="borne-stadhuis")["results"][0]
        where.patch(f"dcim/sites/{site['id']}", {"facility": words})
    with pytest.raises(BranchConflict, match="can't be merged: All conflicts must be acknowledged"):
        branches(netbox_).merge(made)


def test_a_name_that_is_taken_is_refused(netbox_: NetBox, tmp_path: Path) -> None:
    netbox_.post(BRANCHES, {"name": "mine", "description": "the new wing"})
    with pytest.raises(BranchGone, match="there is a branch 'mine' already, for something else"):
        in_branch(netbox_, spec_file(tmp_path), "mine")


def test_a_netbox_without_the_plugin_or_worker_is_refused(
    netbox_: NetBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(netbox_, spec_file(tmp_path))
    status = netbox_.get("status")
    before = counts(netbox_)
    for missing, words in (
        ({**status, "plugins": {}}, "this NetBox has no branching plugin"),
        ({**status, "rq-workers-running": 0}, "NetBox's worker is not running, and branches are made by it"),
    ):
        monkeypatch.setattr(netbox_, "get", lambda _path, said=missing, **_: said)
        with pytest.raises(BranchingMissing, match=words):
            branches(netbox_).write(made)
        monkeypatch.undo()
    assert counts(netbox_) == before


def test_killed_while_a_branch_is_made_merged_and_reverted(
    onboarding_lab: Instance, netbox_: NetBox, tmp_path: Path
) -> None:
    """Each run dies after its first change; the next goes on, and nothing is there twice."""
    spec = spec_file(tmp_path)
    before = counts(netbox_)
    made = plan(netbox_, spec)

    def until_done(job: str, argument: Plan) -> Any:
        for runs in range(100):
            mortal = client(onboarding_lab, Mortal)
            mortal.after_change = 1
            try:
                return runs, getattr(branches(mortal), job)(argument)
            except Died:
                continue
        raise AssertionError("it never comes to an end")

    runs, written = until_done("write", made)
    assert runs > 20
    assert len(netbox_.all(BRANCHES)) == 1
    runs, _ = until_done("merge", written)
    assert runs
    assert gemeente(netbox_, "borne")
    assert netbox_.count("extras/journal-entries") == 1
    runs, _ = until_done("revert", written)
    assert runs > 1
    assert netbox_.all(BRANCHES) == []
    assert counts(netbox_) == before


def test_a_plan_without_a_branch_and_a_place_without_branches(netbox_: NetBox, tmp_path: Path) -> None:
    from ggi_net.errors import SpecError
    from ggi_net.onboard.backend import Files

    made = in_branch(netbox_, spec_file(tmp_path))
    with pytest.raises(SpecError, match="this plan was written into a branch of NetBox, and can't be applied"):
        merge_plan(made, Files(tmp_path), print)
    assert apply(netbox_, plan(netbox_, spec_file(tmp_path))), "main is free meanwhile"
