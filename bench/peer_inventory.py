"""Run in the peers' environment: fill an inventory with nb_inventory; what it took, as JSON.

Standard input: {"source": the inventory file}. Only the plugin's own work counts, not the start of Ansible.
"""

from __future__ import annotations

import json
import sys
import time

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader


def main():
    """Parse the source once."""
    job = json.load(sys.stdin)
    init_plugin_loader()
    start = time.perf_counter()
    hosts = InventoryManager(loader=DataLoader(), sources=[job["source"]]).get_hosts()
    seconds = time.perf_counter() - start
    interfaces = [interface for host in hosts for interface in host.vars.get("interfaces", ())]
    rows = {
        "hosts": len(hosts),
        "interfaces": len(interfaces),
        "addresses": sum(len(interface["ip_addresses"]) for interface in interfaces),
    }
    print(json.dumps({"seconds": seconds, "rows": rows}))


main()
