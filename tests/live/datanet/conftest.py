"""The live network, run once a session in the small virtual machine; the tests read what was observed there."""

from __future__ import annotations

import json
import shutil
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ggi_net.lab import namespaces
from ggi_net.lab.kernel import prepare
from ggi_net.lab.vm import run
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate

_HERE = Path(__file__).resolve().parent
_GUEST = _HERE.parent / "guest"
sys.path.insert(0, str(_HERE))

from experiment import EVERYTHING, communities, device_probes, host_probes, rogue_story, service_probes, spoofed_probes  # noqa: E402
from intent import Flows, sessions  # noqa: E402
from pki import Authority, device_files  # noqa: E402
from topology import DEVICES, Host, build_plan, hosts, shared_addresses  # noqa: E402


@dataclass(frozen=True)
class Observed:
    """The estate, what was planned, and what the daemons and the packets did."""

    estate: Estate
    people: dict[str, Host]
    flows: Flows
    plan: dict[str, Any]
    result: dict[str, Any]
    log: str

    def seen(self, kind: str, source: str, destination: str) -> list[tuple[dict, dict]]:
        """The probes of one pair with what happened to each."""
        return self._by_pair[kind, source, destination]

    @cached_property
    def _by_pair(self) -> dict[tuple[str, str, str], list[tuple[dict, dict]]]:
        found = defaultdict(list)
        for kind, probes in self.plan["probes"].items():
            for probe, result in zip(probes, self.result["probes"][kind], strict=True):
                found[kind, probe["from"], probe["to"]].append((probe, result))
        return dict(found)


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """About a minute: boot, wire, start every daemon, converge, send every probe."""
    estate = load_estate(demo_folder())
    people = hosts(estate)
    authority = Authority("GGI test authority")
    certificates = {name: device_files(authority, estate, name) for name in DEVICES}
    plan = build_plan(estate, people, certificates)
    flows = Flows(estate)
    texts = {f["path"]: f["text"] for f in plan["devices"]["ce-enschede-zuid-01"]["files"]}
    probes = {
        "hosts": host_probes(people, flows),
        "services": service_probes(people),
        "spoofed": spoofed_probes(people),
        "devices": device_probes(estate, people),
    }
    plan |= {
        "sessions": {name: len(sessions(estate, DEVICES, name)) for name in DEVICES},
        "core": DEVICES[0],
        "shared": shared_addresses(estate),
        "ports": [(protocol, port) for protocol, port in EVERYTHING if port],
        "communities": communities(estate),
        "stories": [rogue_story(estate, texts["/etc/frr/frr.conf"])],
        "probes": probes,
    }
    share = tmp_path_factory.mktemp("vm")
    for file in (*_GUEST.glob("*.py"), Path(namespaces.__file__)):
        shutil.copy(file, share)
    (share / "plan.json").write_text(json.dumps(plan))
    done = run(["python3", "main.py"], share, kernel=prepare(), seconds=2400, memory_mb=1536)
    assert done.status == 0, done.log
    return Observed(estate, people, flows, plan, json.loads((share / "result.json").read_text()), done.log)
