"""Ansible's door: the same devices as `ggi`, and playbooks that work against simulated devices."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import asyncssh
import pytest
from netbox_tables import held
from terminal import Terminal

from ggi_net.lab.fleet import blueprint
from ggi_net.lab.server import down, up
from ggi_net.lab.tamper import tamper
from ggi_net.model.waves import waves
from ggi_net.paths import demo_folder, specs_folder
from ggi_net.push.connections import read_connections
from ggi_net.secrets import LabSecrets
from ggi_net.source.files import load_estate
from ggi_net.source.netbox.changes import Position
from ggi_net.source.netbox.snapshot import make_snapshot, save_snapshot, snapshot_file

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ESTATE = load_estate(demo_folder())
APPROVED = ("-e", "ggi_approve=yes")
HOST_KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def run(state, tmp_path_factory):
    """Run a program of Ansible in the project's folder; artifacts and reports go to a folder of the test."""
    build = tmp_path_factory.mktemp("build")

    def run(program, *arguments, **environment):
        places = ("-e", f"ggi_out={build}/artifacts", "-e", f"ggi_reports={build}/reports")
        return subprocess.run(
            [BIN / program, *arguments, *(places if program == "ansible-playbook" else ())],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=os.environ
            | {"GGI_STATE": str(state), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": f"{build}/tmp", "GGI_WATCH": "0"}
            | environment,
        )

    run.build = build
    return run


@pytest.fixture(scope="module")
def losser(state):
    """Simulated devices of Losser, found by the inventory as the lab's are."""
    folder = state / "lab"
    up([blueprint(placed) for placed in ESTATE.select(gemeente=["losser"])], folder)
    yield [device.name for device in ESTATE.gemeente("losser").devices]
    down(folder)


@pytest.fixture(scope="module")
def inventory(run):
    done = run("ansible-inventory", "--list")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def recap(output):
    """The counts of each host from the last lines of a play."""
    lines = output[output.index("PLAY RECAP") :].splitlines()[1:]
    split = (line.split(":", 1) for line in lines if ":" in line)
    return {host.strip(): dict(pair.split("=") for pair in counts.split()) for host, counts in split}


def members(inventory, group):
    """The hosts of a group and of the groups in it."""
    listed = inventory.get(group, {})  # an empty group is not listed
    return set(listed.get("hosts", ())).union(*(members(inventory, child) for child in listed.get("children", ())))


class TestInventory:
    def test_has_the_devices_of_the_estate(self, inventory):
        assert set(inventory["_meta"]["hostvars"]) == set(ESTATE.devices)

    def test_a_group_for_each_gemeente_and_the_federation(self, inventory):
        for organisation in ESTATE.organisations():
            assert inventory[organisation.slug]["hosts"] == [device.name for device in organisation.devices]
        assert sorted(inventory["gemeenten"]["children"]) == sorted(ESTATE.by_slug)

    @pytest.mark.parametrize(
        ("group", "host"),
        [
            ("province_overijssel", "ce-losser-01"),
            ("role_radius", "radius-losser-01"),
            ("role_federation_proxy", "flr-asd-01"),
            ("platform_frr", "core-asd-01"),
            ("standard_2026_1", "ce-losser-01"),
            ("standard_2026_1", "core-asd-01"),
            ("gemeenten", "ce-losser-01"),
        ],
    )
    def test_groups_by_what_devices_have_in_common(self, inventory, group, host):
        assert host in members(inventory, group)

    def test_a_province_has_its_own_gemeenten_only(self, inventory):
        assert "core-asd-01" not in members(inventory, "province_overijssel")
        assert sorted(inventory["province_overijssel"]["children"]) == sorted(ESTATE.by_slug)

    def test_the_groups_of_waves_are_the_waves_of_a_push(self, inventory):
        found = {name.removeprefix("wave_"): group["hosts"] for name, group in inventory.items() if "wave_" in name}
        assert found == waves(ESTATE)

    def test_the_variables_of_a_device(self, run):
        found = json.loads(run("ansible-inventory", "--host", "ce-losser-01").stdout)
        assert {key: value for key, value in found.items() if key.startswith("ggi_") and key != "ggi_connections"} == {
            "ggi_estate": str(demo_folder()),
            "ggi_organisation": "losser",
            "ggi_site": "gemeentehuis",
            "ggi_role": "ce",
            "ggi_platform": "frr",
            "ggi_standard": "2026.1",
            "ggi_wave": "rest_1",
            "ggi_view": "{{ lookup('ggi_view', inventory_hostname) }}",
        }

    def test_the_view_of_a_device_is_what_templates_see(self, run):
        done = run(
            "ansible", "losser:almelo", "-m", "debug", "-a", "msg='{{ ggi_view.fqdn }} {{ ggi_view.snmp.auth_key }}'"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ce-losser-01.losser.example secret://" in done.stdout
        assert "radius-almelo-01.almelo.example secret://" in done.stdout

    def test_views_are_made_for_the_devices_of_a_play_only(self, run, tmp_path):
        """A device whose view can't be made disturbs nobody until a play is about it."""
        shutil.copytree(demo_folder(), tmp_path / "estate")
        broken = tmp_path / "estate/gemeenten/enschede.yml"
        text = broken.read_text()
        broken.write_text(re.sub(r"(name: ce-enschede-01\n(?:.*\n)*?        management: )\[.*\]", r"\1[]", text))
        use = ("-m", "debug", "-a", "var=ggi_view.name")
        well = run("ansible", "ce-losser-01", *use, GGI_ESTATE=str(tmp_path / "estate"))
        assert well.returncode == 0, well.stdout + well.stderr
        ill = run("ansible", "ce-enschede-01", *use, GGI_ESTATE=str(tmp_path / "estate"))
        assert "GGI1401" in ill.stdout + ill.stderr
        assert "no IPv4 management address" in ill.stdout + ill.stderr
        assert "Traceback" not in ill.stdout + ill.stderr

    def test_a_device_is_reached_at_its_management_address(self, run):
        found = json.loads(run("ansible-inventory", "--host", "ce-losser-01").stdout)
        assert found["ansible_host"] == "2001:db8:ff01::12"

    def test_no_value_of_the_estate_is_taken_for_a_template(self, inventory):
        assert inventory["_meta"]["hostvars"]["ce-losser-01"]["ggi_site"] == {"__ansible_unsafe": "gemeentehuis"}

    def test_a_connections_file_says_how_instead(self, run, tmp_path):
        file = tmp_path / "connections.json"
        device = {"host": "127.0.0.9", "port": 2201, "username": "ops", "password": "hush", "host_key": HOST_KEY}
        file.write_text(json.dumps({"devices": {"ce-losser-01": device}}))
        file.chmod(0o600)
        done = run("ansible-inventory", "--host", "ce-losser-01", GGI_CONNECTIONS=str(file))
        found = json.loads(done.stdout)
        assert (found["ansible_host"], found["ansible_port"], found["ansible_user"]) == ("127.0.0.9", 2201, "ops")
        assert "hush" not in done.stdout

    def test_a_broken_estate_is_explained_with_its_place(self, run, tmp_path):
        shutil.copytree(demo_folder(), tmp_path / "estate")
        (tmp_path / "estate/gemeenten/losser.yml").write_text("slug: losser\nname: [\n")
        done = run("ansible-inventory", "--graph", GGI_ESTATE=str(tmp_path / "estate"))
        assert done.returncode != 0
        assert "GGI1003" in done.stderr
        assert "losser.yml:" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The demo estate as the snapshot of a NetBox."""
    folder, url = tmp_path_factory.mktemp("kept"), "https://netbox.invalid"
    position = Position(1, "2026-01-01T00:00:00Z", "r", ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GGI_STATE", str(folder))
        save_snapshot(make_snapshot(url, "nbt_a.b", "rest", position, held(ESTATE)), snapshot_file(url))
    return {"GGI_STATE": str(folder), "GGI_ESTATE": "snapshot", "GGI_NETBOX_URL": url}


class TestSnapshot:
    """NetBox as the last pull found it: nothing is asked of NetBox."""

    def test_gives_the_same_inventory_as_the_files(self, run, kept, inventory):
        done = run("ansible-inventory", "--list", **kept)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        groups = sorted(set(inventory) - {"_meta"})
        assert sorted(set(found) - {"_meta"}) == groups
        assert [members(found, name) for name in groups] == [members(inventory, name) for name in groups]

        def of_devices(listed):
            own = ("ggi_estate", "ggi_connections")
            return {
                host: {name: value for name, value in values.items() if name not in own}
                for host, values in listed["_meta"]["hostvars"].items()
            }

        assert of_devices(found) == of_devices(inventory)
        assert found["_meta"]["hostvars"]["ce-losser-01"]["ggi_estate"] == {"__ansible_unsafe": "snapshot"}

    def test_says_how_old_it_is(self, run, kept):
        assert "using the snapshot of https://netbox.invalid" in run("ansible-inventory", "--graph", **kept).stderr

    def test_playbooks_and_views_work_from_it(self, run, kept):
        done = run("ansible-playbook", "playbooks/render.yml", "-l", "losser", **kept)
        assert done.returncode == 0, done.stdout + done.stderr
        seen = run("ansible", "ce-losser-01", "-m", "debug", "-a", "var=ggi_view.fqdn", **kept)
        assert "ce-losser-01.losser.example" in seen.stdout

    def test_without_one_it_says_how_to_get_one(self, run, tmp_path):
        done = run("ansible-inventory", "--graph", GGI_STATE=str(tmp_path), GGI_ESTATE="snapshot")
        assert done.returncode != 0
        assert "GGI2018" in done.stderr
        assert "ggi pull" in done.stderr


class TestPlaybooks:
    def test_render_writes_the_artifacts_of_the_limit_only(self, run):
        done = run("ansible-playbook", "playbooks/render.yml", "-l", "losser")
        assert done.returncode == 0, done.stdout + done.stderr
        assert {path.name for path in (run.build / "artifacts").iterdir() if path.is_dir()} == {
            device.name for device in ESTATE.gemeente("losser").devices
        }

    def test_deploy_checks_pushes_and_finds_nothing_left_to_do(self, run, losser, state):
        checked = run("ansible-playbook", "playbooks/deploy.yml", "--check", "--diff", "-l", "losser")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "+++ intended/frr.conf" in checked.stdout
        assert all(recap(checked.stdout)[name]["changed"] != "0" for name in losser)
        assert not (state / "journal").exists()

        nobody = run("ansible-playbook", "playbooks/deploy.yml", "-l", "losser")
        assert nobody.returncode != 0
        assert "GGI1620 2 devices would be changed, which nobody has approved" in nobody.stdout + nobody.stderr

        pushed = run("ansible-playbook", "playbooks/deploy.yml", "-l", "losser", *APPROVED)
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr
        assert all(recap(pushed.stdout)[name]["changed"] == "1" for name in losser)
        assert "wave canary: ce-losser-01, radius-losser-01" in pushed.stdout + pushed.stderr

        again = run("ansible-playbook", "playbooks/deploy.yml", "-l", "losser", *APPROVED)
        assert all(recap(again.stdout)[name]["changed"] == "0" for name in losser)

    def test_somebody_at_a_terminal_is_asked(self, losser, state, run):
        plan = blueprint(ESTATE.placed("ce-losser-01"))
        tamper(plan.name, plan.driver, read_connections(state / "lab/connections.json").of(plan.name))
        places = ("-e", f"ggi_out={run.build}/artifacts", "-e", '{"ggi_accept": ["drift"]}')
        user = Terminal(
            [BIN / "ansible-playbook", "playbooks/deploy.yml", "-l", "losser", *places],
            PROJECT,
            GGI_STATE=str(state),
            GGI_WATCH="0",
            ANSIBLE_NOCOLOR="1",
        )
        user.expect(r"change 1 of 1, plan [0-9a-f]{12}, \+\d+ -\d+ lines: ce-losser-01")
        user.expect("Push this to 1 device. Type yes")
        user.insist("yes", "ce-losser-01: changed")
        assert user.end() == 0, user.seen
        assert recap(user.seen)["radius-losser-01"]["changed"] == "0"

    def test_rollback_brings_the_devices_of_the_limit_back_and_asks_for_a_limit(self, run, losser):
        unlimited = run("ansible-playbook", "playbooks/rollback.yml", *APPROVED)
        assert unlimited.returncode != 0
        assert "Name a run" in unlimited.stdout + unlimited.stderr
        back = run("ansible-playbook", "playbooks/rollback.yml", "--diff", "-l", "radius-losser-01", *APPROVED)
        assert back.returncode == 0, back.stdout + back.stderr
        assert recap(back.stdout)["radius-losser-01"]["changed"] == "1"
        assert "--- running/radiusd.conf" in back.stdout
        again = run("ansible-playbook", "playbooks/deploy.yml", "-l", "losser", *APPROVED)
        assert recap(again.stdout)["radius-losser-01"]["changed"] == "1", again.stdout + again.stderr

    def test_each_host_is_told_what_became_of_it(self, run, losser, tmp_path, state):
        """One is not there: it is unreachable, and the other is as it should be."""
        file = tmp_path / "connections.json"
        known = json.loads((state / "lab/connections.json").read_text())
        known["devices"]["ce-losser-01"]["port"] = 1
        file.write_text(json.dumps(known))
        file.chmod(0o600)
        done = run("ansible-playbook", "playbooks/deploy.yml", "-l", "losser", *APPROVED, GGI_CONNECTIONS=str(file))
        assert done.returncode != 0
        assert recap(done.stdout)["ce-losser-01"]["unreachable"] == "1"
        other = recap(done.stdout)["radius-losser-01"]
        assert (other["failed"], other["unreachable"]) == ("0", "0")
        assert "GGI1602" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr

    def test_no_secret_is_shown(self, run, losser, state):
        shown = run("ansible-playbook", "playbooks/deploy.yml", "--check", "--diff", "-vvvv", "-l", "losser")
        values = LabSecrets.read(state / "lab/secrets.seed")
        references = [
            word.strip('";')
            for path in (run.build / "artifacts").rglob("*")
            if path.is_file()
            for word in path.read_text().split()
            if word.strip('";').startswith("secret://")
        ]
        assert references
        assert not [reference for reference in references if values.value(reference) in shown.stdout]
        passwords = [
            c.password for c in read_connections(state / "lab/connections.json").devices.values() if c.password
        ]
        assert not [password for password in passwords if password in shown.stdout]

    def test_drift_fails_and_names_the_device_that_was_tampered_with(self, run, losser, state):
        clean = run("ansible-playbook", "playbooks/drift.yml", "-l", "losser")
        assert clean.returncode == 0, clean.stdout + clean.stderr

        plan = blueprint(ESTATE.placed("ce-losser-01"))
        tamper(plan.name, plan.driver, read_connections(state / "lab/connections.json").of(plan.name))
        found = run("ansible-playbook", "playbooks/drift.yml", "-l", "losser")
        assert found.returncode != 0
        assert "drift: ce-losser-01; could not be compared: none" in found.stdout + found.stderr
        assert "ce-losser-01" in (run.build / "reports/drift.html").read_text()


class TestOnboard:
    SPEC = specs_folder() / "hengelo.yml"

    @pytest.fixture
    def estate(self, tmp_path):
        shutil.copytree(demo_folder(), tmp_path / "estate")
        return tmp_path / "estate"

    @pytest.fixture
    def play(self, run, estate):
        def play(*arguments, source=estate):
            options = ("-e", f"spec={self.SPEC}", "-e", f"ggi_plans={estate.parent}/plans", *arguments)
            return run("ansible-playbook", "playbooks/onboard.yml", *options, GGI_ESTATE=str(source))

        return play

    def test_check_mode_stops_after_the_plan(self, play, estate):
        before = sorted(estate.rglob("*"))
        done = play("--check")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Plan for Hengelo (O.) (GM0164)" in done.stdout
        assert "asn: 4200900004  (next free of pool ASN)" in done.stdout
        assert recap(done.stdout)["localhost"]["changed"] == "0"
        assert sorted(estate.rglob("*")) == before

    def test_approved_beforehand_it_applies_and_a_second_time_finds_nothing_to_do(self, play, estate):
        first = play("-e", "approve=yes")
        assert first.returncode == 0, first.stdout + first.stderr
        assert recap(first.stdout)["localhost"]["changed"] == "1"
        assert load_estate(estate).gemeente("hengelo").asn == 4200900004
        again = play("-e", "approve=yes")
        assert again.returncode == 0
        assert "nothing to do" in again.stdout
        assert recap(again.stdout)["localhost"]["changed"] == "0"

    def test_nothing_but_yes_approves(self, play, estate):
        done = play("-e", "approve=maybe")
        assert done.returncode != 0
        assert "Not approved, nothing was changed" in done.stdout + done.stderr
        assert "hengelo" not in load_estate(estate).by_slug

    def test_without_a_terminal_nobody_approves(self, play, estate):
        assert play().returncode != 0
        assert "hengelo" not in load_estate(estate).by_slug

    @pytest.mark.parametrize(("answer", "there"), [("yes", True), ("", False)])
    def test_somebody_at_a_terminal_is_asked(self, estate, answer, there):
        options = ("-e", f"spec={self.SPEC}", "-e", f"ggi_plans={estate.parent}/plans")
        user = Terminal(
            [BIN / "ansible-playbook", "playbooks/onboard.yml", *options],
            PROJECT,
            GGI_ESTATE=str(estate),
            GGI_STATE=str(estate.parent / "state"),
            ANSIBLE_NOCOLOR="1",
        )
        user.expect("Plan for Hengelo")
        user.expect(f"Apply this plan to {estate}. Type yes")
        user.insist(answer, r"TASK \[Stop unless the answer is yes")
        assert (user.end() == 0) is there, user.seen
        assert ("hengelo" in load_estate(estate).by_slug) is there

    def test_the_embedded_demo_estate_is_not_changed(self, play):
        done = play("-e", "approve=yes", source=demo_folder())
        assert done.returncode != 0
        assert "GGI1101" in done.stdout + done.stderr
        assert "hengelo" not in load_estate(demo_folder()).by_slug

    def test_a_wrong_spec_is_explained_with_its_place(self, run, estate, tmp_path):
        spec = tmp_path / "spec.yml"
        spec.write_text(self.SPEC.read_text().replace("GM0164", "GM9999"))
        done = run("ansible-playbook", "playbooks/onboard.yml", "-e", f"spec={spec}", GGI_ESTATE=str(estate))
        assert done.returncode != 0
        assert f"{spec}:9:7: CBS code 'GM9999'" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr

    def test_without_a_spec_it_says_how_to_name_one(self, run, estate):
        done = run("ansible-playbook", "playbooks/onboard.yml", GGI_ESTATE=str(estate))
        assert "Name the onboarding spec: -e spec=FILE" in done.stdout + done.stderr
