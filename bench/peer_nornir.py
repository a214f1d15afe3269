"""Run in the peers' environment: configure many routers, or collect from them, with nornir and netmiko; as JSON.

Standard input: {"hosts": file for SimpleInventory, "workers", "what": "push" or "collect", "added": [lines]}.
Each session is closed as soon as it has done its work.
"""

from __future__ import annotations

import json
import sys
import time

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
    task = {"push": push, "collect": collect}[job["what"]]
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


def collect(task, added):
    """The running configuration."""
    try:
        found = task.run(task=netmiko_send_command, command_string="show running-config", enable=True)
        if len(found.result) < 1000:
            raise ValueError("cut off")
    finally:
        task.host.close_connections()


main()
