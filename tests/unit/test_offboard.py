"""The way back on files: what goes, what is free again, and who keeps a gemeente there."""

import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

from ggi_net.errors import NotInEstate, OthersDepend, PlanInvalid, PlanStale
from ggi_net.onboard.apply import apply_plan, plan_spec
from ggi_net.onboard.backend import Files
from ggi_net.onboard.objects import Action, objects
from ggi_net.onboard.offboard import apply_offboard, load_offboarding, plan_offboard, save_offboarding
from ggi_net.onboard.spec import load_spec
from ggi_net.paths import data_folder, demo_folder
from ggi_net.source.pools import Pools
from ggi_net.source.write import write_organisation

if TYPE_CHECKING:
    from pathlib import Path

SPEC = data_folder() / "inventory" / "specs" / "hengelo.yml"


@pytest.fixture
def place(tmp_path):
    shutil.copytree(demo_folder(), tmp_path / "estate")
    return Files(tmp_path / "estate")


def onboard(place):
    assert apply_plan(plan_spec(load_spec(SPEC), place), place)


def edit(place, slug, **changes):
    gemeente = place.read().by_slug[slug]
    write_organisation(msgspec.structs.replace(gemeente, **changes), place.folder / "gemeenten" / f"{slug}.yml")


def test_all_of_a_gemeente_goes_and_nothing_else(place):
    before = place.read()
    onboard(place)
    there = objects(place.read().by_slug["hengelo"])
    made = plan_offboard("hengelo", place)
    assert {change.action for change in made.changes} == {Action.DELETE}
    assert {change.ref for change in made.changes} == set(there)
    assert apply_offboard(made, place)
    assert place.read() == before
    assert not apply_offboard(made, place), "a second time there is nothing to do"


def test_what_is_free_again_is_all_that_was_taken(place):
    """Onboarding again takes exactly the numbers that were released."""
    made = plan_spec(load_spec(SPEC), place)
    onboard(place)
    off = plan_offboard("hengelo", place)
    numbers = {number for released in off.released for number in released.numbers}
    ipv6 = {value for ref, value in made.numbers.items() if "/vlan/" in ref and ref.endswith("/6")}
    assert numbers == set(made.numbers.values()) - ipv6, "IPv6 prefixes of VLANs go back with their block"
    apply_offboard(off, place)
    assert plan_spec(load_spec(SPEC), place).numbers == made.numbers


def test_a_released_number_is_in_the_pool_that_it_is_said_to_be_in(place):
    estate = place.read()
    off = plan_offboard("losser", place)
    losser = estate.by_slug["losser"]
    used = Pools(estate.standard_of(losser), estate.ranges, [losser]).used
    for released in off.released:
        assert sorted(used[released.pool]) == sorted(released.numbers), released.pool


def test_who_answers_for_anothers_realms_stays(place):
    govroam = place.read().by_slug["losser"].govroam
    edit(place, "losser", govroam=msgspec.structs.replace(govroam, roles=("sp",), idp="enschede"))
    with pytest.raises(OthersDepend) as refused:
        plan_offboard("enschede", place)
    realms = ", ".join(govroam.realms)
    assert refused.value.message == (
        f"'enschede' can't go yet; others have something of it:\n  - it answers for the realms of 'losser' ({realms})"
    )
    assert refused.value.hint == "move or remove those first, then plan again; nothing was changed"


def test_a_dependent_that_came_after_the_plan_is_seen(place):
    made = plan_offboard("enschede", place)
    govroam = place.read().by_slug["losser"].govroam
    edit(place, "losser", govroam=msgspec.structs.replace(govroam, roles=("sp",), idp="enschede"))
    with pytest.raises(OthersDepend, match="it answers for the realms of 'losser'"):
        apply_offboard(made, place)
    assert "enschede" in place.read().by_slug


def test_a_plan_is_refused_when_the_gemeente_changed(place):
    made = plan_offboard("losser", place)
    edit(place, "losser", name="Losser (O.)")
    with pytest.raises(PlanStale, match="gemeente 'losser' has changed since the plan was made"):
        apply_offboard(made, place)


def test_a_gemeente_that_is_not_there(place):
    with pytest.raises(NotInEstate, match="no gemeente 'loser' in the estate, did you mean 'losser'"):
        plan_offboard("loser", place)


def test_a_plan_survives_its_file_and_an_edited_one_is_refused(place, tmp_path):
    path: Path = tmp_path / "off.json"
    made = plan_offboard("losser", place)
    save_offboarding(made, path)
    assert load_offboarding(path).digest == made.digest
    path.write_text(path.read_text().replace("4200900003", "4200900002"))
    with pytest.raises(PlanInvalid, match="the plan was changed after it was made: its digest does not fit"):
        load_offboarding(path)
    path.write_text("{}")
    with pytest.raises(PlanInvalid, match="not a whole plan of an offboarding"):
        load_offboarding(path)
