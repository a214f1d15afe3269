"""Run in the peers' environment: configure many routers, or collect from them, with nornir and netmiko; as JSON.

Standard input: {"hosts": file for SimpleInventory, "workers", "what": "push", "careful" or "collect", "added":
[lines]}.
Each session is closed as soon as it has done its work.
"""

from __future__ import annotations

import json
import sys
import time

from netmiko import ConnectHandler
from nornir import InitNornir
from nornir_netmiko import netmiko_save_config, netmiko_send_command, netmiko_send_config


def main():
    """Do it once."""
    job = json.load(sys.stdin)
    nornir = InitNornir(
        runner={"plugin": "threaded", "options": {"num_workers": job["workers"]}},
        inventory={"plugin": "SimpleInventory", "options": {"host_file": job["hosts"]}},
        logging={"enabled": False},
    )
    task = {"push": push, "careful": careful, "collect": collect}[job["what"]]
    start = time.perf_counter()
    results = nornir.run(task=task, added=job["added"])
    seconds = time.perf_counter() - start
    done = sum(not result.failed for result in results.values())
    errors = [str(result[-1].exception or result[-1].result)[-400:] for result in results.values() if result.failed]
    print(json.dumps({"seconds": seconds, "done": done, "errors": errors}))


def push(task, added):
    """Enter the lines and save: nothing is compared before, and nothing verified after."""
    try:
        task.run(task=netmiko_send_config, config_commands=added)
        task.run(task=netmiko_save_config)
    finally:
        task.host.close_connections()


def careful(task, added):
    """What the toolkit does, as one would write it with netmiko; the comparisons are of texts."""
    about = task.host
    device = about.get_connection("netmiko", task.nornir.config)
    try:
        device.enable()
        if about.name.upper() not in device.send_command("show version"):
            raise ValueError("another device")
        if "No Rollback Confirmed Change pending" not in device.send_command("show archive config rollback timer"):
            raise ValueError("somebody else is at work")
        before = configuration(device)
        lines = [line for line in added if line not in before]
        if "bytes free" not in device.send_command("dir bootflash: | include bytes free"):
            raise ValueError("no disk")
        device.send_command("copy running-config bootflash:bench.cfg", expect_string=r"\]\?")
        device.send_command("", expect_string="#")
        device.send_command("configure terminal revert timer 3", expect_string=r"\(config\)#")
        device.send_config_set(lines, enter_config_mode=False)
        with ConnectHandler(
            device_type="cisco_xe", host=about.hostname, port=about.port, username=about.username,
            password=about.password, secret=about.connection_options["netmiko"].extras["secret"],
        ) as again:  # fmt: skip
            again.enable()
            if sorted(configuration(again)) != sorted(before + lines):
                raise ValueError("not what was intended")
        device.send_command("configure confirm")
        device.save_config()
    finally:
        about.close_connections()


def configuration(device):
    """The lines of what runs."""
    text = device.send_command("show running-config")
    if not text.rstrip().endswith("end"):
        raise ValueError("cut off")
    return [line for line in text.splitlines() if line and not line.startswith(("!", "Building", "Current"))]


def collect(task, added):
    """The running configuration."""
    try:
        found = task.run(task=netmiko_send_command, command_string="show running-config", enable=True)
        if len(found.result) < 1000:
            raise ValueError("cut off")
    finally:
        task.host.close_connections()


main()
