"""Onboarding: a spec becomes a plan, a plan is applied once, and nothing is lost on the way."""

import dataclasses
import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.errors import DiskFull, PlanInvalid, PlanStale, PoolExhausted, SpecError
from ggi_net.model.gemeente import Govroam, GovroamRole
from ggi_net.onboard.apply import apply_plan, plan_spec
from ggi_net.onboard.backend import Files
from ggi_net.onboard.objects import Action
from ggi_net.onboard.plan import load_plan, make_plan, save_plan, spec_id
from ggi_net.onboard.show import plan_lines, summary
from ggi_net.onboard.spec import Gateway, Internet, SiteSpec, Size, Spec, SpecFile, load_spec, spec_schema
from ggi_net.paths import data_folder, demo_folder, standards_folder
from ggi_net.source.files import load_estate
from ggi_net.source.gemeenten import listed_gemeenten
from ggi_net.source.pools import BlockPool, Pools
from ggi_net.source.standard import load_standard
from ggi_net.source.validate import findings_of

SPEC = data_folder() / "inventory" / "specs" / "hengelo.yml"


@pytest.fixture
def estate(tmp_path):
    folder = tmp_path / "estate"
    shutil.copytree(demo_folder(), folder)
    return folder


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "hengelo.yml"
    path.write_text(SPEC.read_text())
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def plan(spec, estate):
    return plan_spec(load_spec(spec), Files(estate))


def onboard(spec, estate):
    made = plan(spec, estate)
    assert apply_plan(made, Files(estate))
    return made


def refs(made, action=None):
    return {change.ref for change in made.changes if action in (None, change.action)}


def test_a_new_gemeente_is_created_and_the_estate_stays_consistent(spec, estate):
    made = onboard(spec, estate)
    assert {change.action for change in made.changes} == {Action.CREATE}
    loaded = load_estate(estate)
    hengelo = loaded.gemeente("hengelo")
    assert hengelo == made.result
    assert [d.name for d in hengelo.devices] == [
        "ce-hengelo-01",
        "ce-hengelo-02",
        "radius-hengelo-01",
        "ce-hengelo-werf-01",
        "ce-hengelo-zwembad-01",
    ]
    assert findings_of(loaded) == []


def test_numbers_are_the_first_that_are_free(spec, estate):
    result = plan(spec, estate).result
    assert result.asn == 4200900004
    assert [block.prefix for block in result.blocks] == [
        "2001:db8:800c::/48",
        "2001:db8:a00c::/48",
        "2001:db8:c00c::/48",
    ]
    stadhuis = result.sites[0]
    assert [vlan.vid for vlan in stadhuis.vlans] == [101, 340, 900], "100 is reserved by the spec"
    assert result.sites[1].vlans[0].vid == 100


def test_the_plan_names_the_pool_of_every_number(spec, estate):
    sources = {(c.ref, f.name): f.source for c in plan(spec, estate).changes for f in c.fields}
    assert sources["gemeente/hengelo", "asn"] == "next free of pool ASN"
    assert sources["gemeente/hengelo/device/ce-hengelo-01", "management"] == "next free of pool loopbacks"
    assert sources["gemeente/hengelo/link/hengelo-01-asd/vrf/mgmt", "tag"] == "next free tag on core-asd-01 eth1"
    assert (
        sources["gemeente/hengelo/site/werf/vlan/100", "prefixes"] == "next free of the office block and of pool office"
    )


def test_planning_changes_nothing(spec, estate):
    before = {path: path.read_bytes() for path in estate.rglob("*") if path.is_file()}
    plan(spec, estate)
    assert {path: path.read_bytes() for path in estate.rglob("*") if path.is_file()} == before


def test_planning_twice_gives_the_same_plan(spec, estate):
    assert plan(spec, estate) == plan(spec, estate)


def test_applying_twice_changes_nothing(spec, estate):
    made = onboard(spec, estate)
    path = estate / "gemeenten" / "hengelo.yml"
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert not apply_plan(made, Files(estate))
    again = plan(spec, estate)
    assert again.changes == ()
    assert not apply_plan(again, Files(estate))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_new_site_keeps_every_number_of_the_others(spec, estate):
    first = onboard(spec, estate).result
    with spec.open("a") as file:
        file.write("\n  - {slug: bieb, name: Bibliotheek, size: small, gateways: [{provider: TG}]}\n")
    made = plan(spec, estate)
    assert refs(made, Action.UPDATE) == {"gemeente/hengelo"}, "the id of its spec"
    assert all("bieb" in ref for ref in refs(made, Action.CREATE))
    assert made.result.sites[:3] == first.sites
    assert made.result.links[: len(first.links)] == first.links


def test_what_was_added_by_hand_is_kept(spec, estate):
    onboard(spec, estate)
    path = estate / "gemeenten" / "hengelo.yml"
    edit(path, "vlans:\n", "vlans:\n      - {vid: 199, name: camera, zone: office, description: by hand}\n")
    edit(path, "serial: HGL-0003", "serial: HGL-0003\n        description: behind the stairs")
    edit(path, "options:\n", "options:\n  banner.language: nl-en\n")
    assert plan(spec, estate).changes == ()


def test_the_comment_at_the_top_of_a_file_is_kept(spec, estate):
    onboard(spec, estate)
    path = estate / "gemeenten" / "hengelo.yml"
    path.write_text("# Hengelo: asked for by J. de Vries.\n" + path.read_text())
    edit(spec, "Twentebad", "Zwembad Twente")
    onboard(spec, estate)
    assert path.read_text().startswith("# Hengelo: asked for by J. de Vries.\nslug: hengelo\n")


def test_leaving_a_site_out_keeps_it_and_removing_it_deletes_it(spec, estate):
    onboard(spec, estate)
    text = spec.read_text()
    spec.write_text(text[: text.index("  - slug: zwembad")])
    assert plan(spec, estate).changes == ()
    with spec.open("a") as file:
        file.write("remove: {sites: [zwembad]}\n")
    made = onboard(spec, estate)
    assert refs(made, Action.DELETE) == refs(made) - {"gemeente/hengelo"}
    assert "gemeente/hengelo/link/hengelo-zwembad-asd" in refs(made)
    assert findings_of(load_estate(estate)) == []


def test_a_line_that_becomes_untrusted_keeps_its_prefixes(spec, estate):
    first = {link.name: link for link in onboard(spec, estate).result.links}
    edit(
        spec,
        "{platform: cisco_iosxe, provider",
        "{line: untrusted, internet: {addresses: [203.0.113.58/29], gateways: [203.0.113.57]}, "
        "platform: cisco_iosxe, provider",
    )
    after = {link.name: link for link in onboard(spec, estate).result.links}
    old, new = first["hengelo-werf-asd"], after["hengelo-werf-asd"]
    assert (old.core.port, new.core.port) == ("eth1", "eth0")
    assert {name: v.prefixes for name, v in new.vrfs.items()} == {name: v.prefixes for name, v in old.vrfs.items()}
    assert "hengelo-werf-apd" in after, "tunnels go to both cores"
    assert findings_of(load_estate(estate)) == []


def test_a_larger_size_is_remarked_on_not_renumbered(spec, estate):
    first = onboard(spec, estate).result
    edit(spec, "size: small", "size: large")
    made = plan(spec, estate)
    assert made.result == first
    assert any("keeps 198.18.10.0/26" in note for note in made.notes)


def test_a_full_block_grows_inside_its_reserve():
    standard = load_standard(standards_folder() / "2026.1")
    blocks = BlockPool(Pools(standard, "national", ()), "amsterdam", "office", [], ())
    taken = [blocks.take(f"vlan/{n}") for n in range(4 * 256)]
    assert [block.prefix for block in blocks.blocks] == [f"2a07:3500:{n}::/48".replace(":0:", ":") for n in range(4)]
    assert taken[:2] == ["2a07:3500::/64", "2a07:3500:0:100::/64"]
    assert taken[256] == "2a07:3500:1::/64"
    assert len(set(taken)) == 1024
    with pytest.raises(PoolExhausted, match="reserve of amsterdam for office"):
        blocks.take("vlan")


lines = st.sampled_from(["trusted", "untrusted"])
buildings = st.tuples(st.sampled_from(["small", "medium", "large"]), lines)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(buildings, st.lists(buildings, max_size=4)), min_size=1, max_size=4))
def test_whatever_is_onboarded_after_each_other_nothing_overlaps(wanted):
    """Each gemeente joins the estate of those before it, and every rule of validation holds for the whole."""
    estate = load_estate(demo_folder())
    codes = [code for code in listed_gemeenten() if code not in {g.code for g in estate.gemeenten}]
    number = 0
    for code, (main, others) in zip(codes, wanted, strict=False):
        sites = []
        for position, (size, line) in enumerate([main, *others]):
            number += 1
            address = Internet(addresses=(f"192.0.2.{number + 128}/25",), gateways=("192.0.2.129",))
            gateway = Gateway(line=line, internet=address if line == "untrusted" else None)
            servers = 0 if position else 1
            sites.append(
                SiteSpec(
                    slug=f"s{position}",
                    name="S",
                    size=Size(size),
                    main=not position,
                    radius_servers=servers,
                    gateways=(gateway,),
                )
            )
        slug = f"g{code.lower()}"
        spec = Spec(
            code=code,
            name=code,
            slug=slug,
            province="x",
            domain=f"{slug}.example",
            govroam=Govroam(roles=(GovroamRole.SP,)),
            sites=tuple(sites),
        )
        made = make_plan(SpecFile(spec, Path("spec.yml"), b"{}"), estate)
        estate = dataclasses.replace(estate, gemeenten=(*estate.gemeenten, made.result))
        assert findings_of(estate) == []


# -- plans in files ---------------------------------------------------------------------------------


def test_a_saved_plan_is_read_back(spec, estate, tmp_path):
    made = plan(spec, estate)
    save_plan(made, tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json").digest == made.digest
    assert apply_plan(load_plan(tmp_path / "plan.json"), Files(estate))


def test_an_edited_plan_is_refused(spec, estate, tmp_path):
    path = tmp_path / "plan.json"
    save_plan(plan(spec, estate), path)
    edit(path, "4200900004", "4200900077")
    with pytest.raises(PlanInvalid, match="digest does not fit"):
        load_plan(path)


def test_a_plan_with_anything_cut_off_is_refused(spec, estate, tmp_path):
    path = tmp_path / "plan.json"
    save_plan(plan(spec, estate), path)
    content = path.read_bytes()
    for length in (0, 1, len(content) // 2, len(content) - 3):
        path.write_bytes(content[:length])
        with pytest.raises(PlanInvalid):
            load_plan(path)


def test_a_plan_is_stale_when_its_pools_were_drawn_from(spec, estate, tmp_path):
    made = plan(spec, estate)
    other = tmp_path / "borne.yml"
    other.write_text(
        "code: GM0147\ndomain: borne.example\ngovroam: {roles: [sp]}\nsites:\n"
        "  - {slug: huis, name: Borne, main: true, size: small, radius_servers: 1, gateways: [{provider: TG}]}\n"
    )
    onboard(other, estate)
    with pytest.raises(PlanStale, match="numbers were taken or released since the plan was made, in: ASN"):
        apply_plan(made, Files(estate))


def test_a_plan_is_stale_when_its_gemeente_was_changed(spec, estate):
    onboard(spec, estate)
    edit(spec, "Twentebad", "Zwembad Twente")
    made = plan(spec, estate)
    edit(estate / "gemeenten" / "hengelo.yml", "name: Gemeentewerf", "name: Werf")
    with pytest.raises(PlanStale, match="gemeente 'hengelo' has changed"):
        apply_plan(made, Files(estate))


def test_a_plan_is_not_stale_for_what_it_does_not_touch(spec, estate):
    made = plan(spec, estate)
    edit(estate / "gemeenten" / "enschede.yml", "name: Wijkcentrum Zuid", "name: Wijkcentrum")
    assert apply_plan(made, Files(estate))


def test_a_plan_for_another_estate_is_refused(spec, estate):
    made = plan(spec, estate)
    edit(estate / "estate.yml", "name: demo", "name: other")
    with pytest.raises(PlanStale, match="made for estate 'demo'"):
        apply_plan(made, Files(estate))


def test_a_plan_is_read_by_people(spec, estate):
    onboard(spec, estate)
    edit(spec, "Twentebad", '"[bold]Zwembad[/] \u202e"')
    before, made = spec_id(load_spec(SPEC).spec), plan(spec, estate)
    assert [line.plain for line in plan_lines(made)] == [
        "Plan for Hengelo (O.) (GM0164): 2 to change",
        "",
        "Gemeente",
        "  ~ gemeente/hengelo",
        f"      spec: {before} -> {made.result.spec}",
        "",
        "Sites and VLANs",
        "  ~ site/zwembad",
        "      name: Twentebad -> [bold]Zwembad[/] \\u202e",
    ]
    assert summary(made, done=True) == "2 changed"


def test_the_plan_shows_every_value_of_what_it_makes(spec, estate):
    made = plan(spec, estate)
    shown = "\n".join(line.plain for line in plan_lines(made))
    for change in made.changes:
        for field in change.fields:
            if isinstance(field.new, str | int):
                value = str(field.new).lower() if isinstance(field.new, bool) else str(field.new)
                assert f"{field.name}: {value}" in shown or value in change.ref.split("/"), (change.ref, field)


def test_the_schema_describes_the_spec():
    schema = spec_schema()
    assert schema["$defs"]["Spec"]["required"] == ["code", "domain", "sites"]
    json.dumps(schema)


def test_what_would_contradict_the_estate_is_refused(spec, estate):
    edit(spec, "serial: HGL-0002", "serial: ALM-0001")
    with pytest.raises(SpecError, match="serial number ALM-0001 of ce-hengelo-02") as caught:
        plan(spec, estate)
    assert SPEC.read_text().splitlines()[caught.value.place.line - 1].strip().startswith("- {provider")


def test_two_that_apply_at_once_get_different_numbers(spec, estate, tmp_path):
    other = tmp_path / "borne.yml"
    other.write_text(
        "code: GM0147\ndomain: borne.example\ngovroam: {roles: [sp]}\nsites:\n"
        "  - {slug: huis, name: Borne, main: true, size: small, radius_servers: 1, gateways: [{provider: TG}]}\n"
    )
    both = [
        subprocess.Popen([*GGI, "onboard", "apply", path, "-e", estate], stdout=subprocess.DEVNULL)
        for path in (spec, other)
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    loaded = load_estate(estate)
    assert {"hengelo", "borne"} < set(loaded.by_slug)
    assert findings_of(loaded) == []


def test_what_a_killed_apply_left_is_removed(spec, estate):
    left = estate / "gemeenten" / ".hengelo.yml.123.abc"
    left.write_text("half")
    onboard(spec, estate)
    assert not left.exists()


# -- accidents --------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_estate_as_it_was(spec, estate, monkeypatch):
    made = plan(spec, estate)

    def full(_handle, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(DiskFull, match="no space left"):
            apply_plan(made, Files(estate))
    assert sorted(p.name for p in (estate / "gemeenten").iterdir()) == ["almelo.yml", "enschede.yml", "losser.yml"]
    assert apply_plan(made, Files(estate))


def test_a_file_size_limit_leaves_the_estate_as_it_was(spec, estate):
    """A real refusal by the kernel, in the middle of the file."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    ran = ggi("onboard", "apply", spec, "-e", estate, preexec_fn=limit)
    assert ran.returncode == 1
    assert "GGI1001" in ran.stderr
    assert "File too large" in ran.stderr
    assert sorted(p.name for p in (estate / "gemeenten").iterdir()) == ["almelo.yml", "enschede.yml", "losser.yml"]


@pytest.mark.parametrize("after", [0.02, 0.1, 0.16, 0.2, 0.24, 0.3])
def test_killed_at_any_moment_the_second_run_completes(spec, estate, after):
    process = subprocess.Popen([*GGI, "onboard", "apply", spec, "-e", estate], stdout=subprocess.DEVNULL)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    load_estate(estate)
    ran = ggi("onboard", "apply", spec, "-e", estate)
    assert ran.returncode == 0, ran.stderr
    loaded = load_estate(estate)
    assert loaded.gemeente("hengelo").asn == 4200900004
    assert findings_of(loaded) == []


def test_interrupted_before_the_rename_the_estate_is_as_before(spec, estate, monkeypatch):
    made = plan(spec, estate)

    def killed(_self, _target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        apply_plan(made, Files(estate))
    assert not (estate / "gemeenten" / "hengelo.yml").exists()
    assert "hengelo" not in load_estate(estate).by_slug


GGI = [sys.executable, "-c", "from ggi_net.cli.main import main; main()"]


def ggi(*arguments, preexec_fn=None):
    return subprocess.run(
        [*GGI, *map(str, arguments)], capture_output=True, text=True, check=False, preexec_fn=preexec_fn, timeout=60
    )


def test_json_gemeenten_stay_json(spec, estate):
    made = onboard(spec, estate)
    yml = estate / "gemeenten" / "hengelo.yml"
    yml.with_suffix(".json").write_bytes(msgspec.json.encode(made.result))
    yml.unlink()
    edit(spec, "Twentebad", "Zwembad Twente")
    onboard(spec, estate)
    assert not yml.exists()
    assert load_estate(estate).gemeente("hengelo").sites[2].name == "Zwembad Twente"
