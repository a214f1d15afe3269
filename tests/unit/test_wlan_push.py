"""Pushing to an access point and a WLAN controller: the drivers of Debian and IOS-XE do it, nothing of their own."""

from __future__ import annotations

import pytest
from wlan_estate import wlan_estate

from ggi_net.lab.fleet import blueprint, running_fleet
from ggi_net.push.journal import Journal
from ggi_net.push.run import Policy, Push, Status
from ggi_net.push.targets import targets
from ggi_net.render.artifact import Artifact
from ggi_net.render.device import render_device
from ggi_net.secrets import Resolver, open_backend

AP, CONTROLLER = "ap-almelo-werf-01", "wlc-almelo-01"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    estate = wlan_estate(folder / "estate")
    with running_fleet([blueprint(estate.placed(name)) for name in (AP, CONTROLLER)], folder / "lab") as fleet:
        yield Bench(estate, fleet, folder)


class Bench:
    """The two devices, and how to push to them."""

    def __init__(self, estate, fleet, folder):
        self.estate, self.fleet, self.folder = estate, fleet, folder

    def push(self, name, **changed):
        """Push what is rendered, each text with the pairs of `changed` for its file replaced."""
        artifacts = []
        for artifact in render_device(self.estate, self.estate.placed(name)):
            old, new = changed.get(artifact.file.replace("-", "_").replace(".", "_"), ("", ""))
            assert old in artifact.text
            text = artifact.text.replace(old, new) if old else artifact.text
            artifacts.append(Artifact(artifact.device, artifact.platform, artifact.file, text))
        [target] = targets(self.estate, [artifacts], self.fleet.connections)
        resolver = Resolver(open_backend(self.fleet.connections.secrets))
        journal = Journal(self.folder / "journal", "a test")
        return Push(target, resolver, journal, Policy(verify=5, watch=0, grace=10)).run()

    def calls(self, name):
        """What the tools of the access point were called with."""
        return (self.fleet.devices[name].root / ".ggi-lab" / "calls").read_text()


@pytest.mark.parametrize("name", [AP, CONTROLLER])
def test_it_takes_all_once(lab, name):
    first = lab.push(name)
    assert (first.status, first.error) == (Status.CHANGED, "")
    assert lab.push(name).status is Status.UNCHANGED


def test_only_hostapd_is_started_again_for_another_channel(lab):
    assert lab.push(AP).status in (Status.CHANGED, Status.UNCHANGED)
    before = lab.calls(AP)
    assert lab.push(AP, hostapd_2ghz_conf=("chanlist=1 6 11", "chanlist=1 11")).status is Status.CHANGED
    called = lab.calls(AP).removeprefix(before)
    assert called.count("systemctl restart") == called.count("systemctl restart hostapd") == 1
    assert "nft -f" not in called


def test_an_open_wlan_is_shut_for_a_change_by_the_driver_as_well(lab):
    assert lab.push(CONTROLLER).status in (Status.CHANGED, Status.UNCHANGED)
    outcome = lab.push(CONTROLLER, running_cfg=("security pmf optional", "security pmf mandatory"))
    assert (outcome.status, outcome.error) == (Status.CHANGED, ""), outcome
