"""The job in the virtual machine: read the plan, build it, run the daemons, observe, write what was seen.

It judges nothing: `result.json` holds observations, and the tests on the host hold the expectations.
"""

from __future__ import annotations

import json
import pathlib
import resource
import sys
import time

import wires
from probes import World
from routers import Router, wait
from space import say, sh

_SHARE = pathlib.Path("/mnt/share")


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
    plan = json.loads((_SHARE / "plan.json").read_text())
    wires.build(plan)
    say("wires")
    devices = [Router(name, record) for name, record in plan["devices"].items()]
    for device in devices:
        device.place_files()
    say("files")
    for device in devices:
        _network(device)
    for device in devices:
        _daemons(device)
    _tunnels(devices)
    result = {"converged": _converge(devices, plan["sessions"])}
    result["shared"] = _share(devices, plan["shared"])
    world = World(plan)
    say("listeners")
    result["routers"] = {device.name: _observe(device, plan) for device in devices}
    result["communities"] = _communities(next(d for d in devices if d.name == plan["core"]), plan["communities"])
    say("routers observed")
    result["probes"] = {name: world.probe(probes) for name, probes in plan["probes"].items()}
    for story in plan["stories"]:
        result[story["name"]] = _story(story, {d.name: d for d in devices})
    for device in devices:  # for whoever has to find out why
        (_SHARE / f"{device.name}.nft").write_text(device.sh("nft", "list", "ruleset"))
    result["line"] = json.loads(sh("ip", "netns", "exec", "internet", "nft", "-j", "list", "counters"))
    (_SHARE / "result.part").write_text(json.dumps(result))
    (_SHARE / "result.part").rename(_SHARE / "result.json")
    say("done")


def _network(device):
    """What systemd does at boot on a real device: kernel settings, the firewall before the interfaces, ifupdown2.

    A network namespace lacks the settings that are the whole kernel's (kernel.*, table sizes): sysctl passes over them.
    """
    for item in device.record["files"]:
        if item["path"].startswith("/etc/sysctl.d/"):
            device.sh("sysctl", "-q", "-e", "-p", item["path"], ok=(0, 1, 255))
    device.sh("nft", "-f", "/etc/nftables.conf")
    words = device.sh("ifup", "-a")
    say(f"{device.name}: network {words.strip()}")


def _daemons(device):
    for name, *options in device.frr_daemons():
        device.sh(f"/usr/lib/frr/{name}", "-d", *options)
        if name == "zebra":
            wait(f"{device.name}: zebra", 20, device.body.path("/run/frr/zserv.api"))
    words = device.sh("vtysh", "-b")
    if device.has("/etc/swanctl/swanctl.conf"):
        device.start("/usr/sbin/charon-systemd")
    say(f"{device.name}: daemons {words.strip()}")


def _tunnels(devices):
    """Give every IKE daemon its configuration, as strongswan.service does once it runs."""
    for device in devices:
        if device.has("/etc/swanctl/swanctl.conf"):
            wait(f"{device.name}: IKE daemon", 20, device.body.path("/run/charon.vici"))
            say(f"{device.name}: {device.sh('swanctl', '--load-all', '--noprompt').splitlines()[-1]}")


def _converge(devices, sessions):
    """Wait until as many sessions as the estate wants are established; return the seconds, or None after 45."""
    start = time.monotonic()
    found = {}
    while time.monotonic() < start + 45:
        for device in devices:
            if found.get(device.name) != sessions[device.name]:
                found[device.name] = sum(
                    peer["state"] == "Established"
                    for vrf in device.vtysh("show bgp vrf all summary json")[0].values()
                    for family in vrf.values() if isinstance(family, dict)
                    for peer in family.get("peers", {}).values())  # fmt: skip
        if found == sessions:
            say("converged")
            return time.monotonic() - start
        time.sleep(2)
    say(f"sessions established {found}, wanted {sessions}")
    for device in devices:
        if device.has("/etc/swanctl/swanctl.conf"):
            say(f"{device.name}: {device.sh('swanctl', '--list-sas')}")
    return None


def _share(devices, addresses):
    """Start VRRP and wait until each shared address has a holder; return who holds each."""
    partners = [device for device in devices if device.has("/etc/keepalived/keepalived.conf")]
    for device in partners:
        device.start("/usr/sbin/keepalived", "--dont-fork", "--log-console")
    end = time.monotonic() + 60
    while True:
        held = {device.name: {address["local"] for link in json.loads(device.sh("ip", "-j", "addr"))
                              for address in link["addr_info"]} for device in partners}  # fmt: skip
        holders = {address: [name for name in names if address in held[name]] for address, names in addresses.items()}
        if all(len(names) == 1 for names in holders.values()) or time.monotonic() > end:
            say(f"shared addresses {holders}")
            return holders
        time.sleep(1)


def _observe(device, plan):
    """What the routing daemons of one device hold."""
    commands = ["show bgp vrf all summary json", "show bfd peers json"]
    for vrf in plan["vrfs"]:
        for family in ("ipv4", "ipv6"):
            commands += [f"show bgp vrf {vrf} {family} unicast json",
                         f"show {'ip' if family == 'ipv4' else 'ipv6'} route vrf {vrf} json"]  # fmt: skip
    answers = device.vtysh(*commands)
    seen = {"summary": answers[0], "bfd": answers[1], "bgp": {}, "routes": {}}
    place = 2
    for vrf in plan["vrfs"]:
        for family in ("4", "6"):
            seen["bgp"][f"{vrf}/{family}"] = answers[place].get("routes", {})
            seen["routes"][f"{vrf}/{family}"] = answers[place + 1]
            place += 2
    return seen


def _communities(core, wanted):
    """The prefixes that carry each large community, by `<vrf>/<family>/<community>`."""
    commands = [f"show bgp vrf {vrf} ipv{family} unicast large-community {community} json"
                for vrf, family, community in wanted]  # fmt: skip
    answers = core.vtysh(*commands)
    return {"/".join(map(str, about)): list(answer.get("routes", {}))
            for about, answer in zip(wanted, answers, strict=True)}  # fmt: skip


def _story(story, devices):
    """Do something to a device, give it time to have its effect, and look."""
    devices[story["device"]].sh("vtysh", *(word for line in story["commands"] for word in ("-c", line)))
    time.sleep(story["seconds"])
    say(f"story {story['name']}")
    return [devices[name].vtysh(*commands) for name, commands in story["looks"]]


if __name__ == "__main__":
    sys.exit(main())
