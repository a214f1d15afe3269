"""Ansible's inventory from an estate: the same loader, so the same words about what is wrong."""

from __future__ import annotations

import re
from ipaddress import ip_interface
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from ggi_net.ansible.shared import estate_in
from ggi_net.errors import GgiError
from ggi_net.lab.server import lab_folder
from ggi_net.model.gemeente import Gemeente
from ggi_net.paths import demo_folder
from ggi_net.push.connections import read_connections

if TYPE_CHECKING:
    from ggi_net.model.estate import Placed
    from ggi_net.push.connections import Connection

DOCUMENTATION = r"""
name: ggi
short_description: Devices of a GGI estate
description:
  - Reads an estate with the loader that C(ggi) itself uses, so that both always see the same devices.
  - Makes a group of every gemeente (its slug with C(_) for C(-)) below C(gemeenten), the group C(federation), and
    groups C(province_*), C(role_*), C(platform_*) and C(standard_*).
  - Sets C(ansible_host), C(ansible_port) and C(ansible_user) from the connections file where it names the device,
    else C(ansible_host) to the first management address of the estate. Sets C(ggi_organisation), C(ggi_site),
    C(ggi_role), C(ggi_platform) and C(ggi_standard); for all C(ggi_estate) and C(ggi_connections), the paths in use.
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [ggi]
  estate:
    description:
      - Folder of the estate, seen from the inventory file's folder (in the variable from the working folder).
      - Without it the embedded demo estate.
    type: str
    env:
      - name: GGI_ESTATE
  connections:
    description:
      - File that says how devices are reached, seen likewise. A file that is not there counts as empty.
      - Without it that of the simulated devices which C(ggi lab devices up) starts.
    type: str
    env:
      - name: GGI_CONNECTIONS
"""

EXAMPLES = r"""
# inventory/ggi.yml
plugin: ggi
estate: ../../estate
connections: ../../connections.yml
"""


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]  # Ansible has no types
    """The plugin that `plugin: ggi` names."""

    NAME = "ggi"

    def verify_file(self, path: str) -> bool:
        """Whether `path` may be an inventory of this plugin: by name, as Ansible's own plugins do."""
        return super().verify_file(path) and path.endswith(("ggi.yml", "ggi.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill `inventory`; raise AnsibleParserError with the toolkit's own words."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        folder = self._path("estate", path) or demo_folder()
        file = self._path("connections", path) or lab_folder() / "connections.json"
        try:
            estate = estate_in(folder.resolve())
            connections = read_connections(file).devices if file.exists() else {}
        except GgiError as error:
            raise AnsibleParserError(str(error)) from None
        inventory.set_variable("all", "ggi_estate", str(folder.resolve()))
        inventory.set_variable("all", "ggi_connections", str(file.resolve()))
        inventory.add_group("gemeenten")
        for placed in estate.devices.values():
            self._add(placed, connections.get(placed.device.name))

    def _path(self, option: str, inventory_file: str) -> Path | None:
        """An option's path: seen from the inventory file when it stands there, else from the working folder."""
        value, origin = self.get_option_and_origin(option)
        if not value:
            return None
        return Path(value) if origin.startswith("env:") else Path(inventory_file).parent / value

    def _add(self, placed: Placed, connection: Connection | None) -> None:
        name = placed.device.name
        self.inventory.add_host(name)
        own, *others = groups(placed)
        for group in (own, *others):
            self.inventory.add_group(group)
            self.inventory.add_child(group, name)
        if isinstance(placed.organisation, Gemeente):
            self.inventory.add_child("gemeenten", own)
        for key, value in variables(placed, connection).items():
            self.inventory.set_variable(name, key, value)


def groups(placed: Placed) -> list[str]:
    """The groups of a device in names that Ansible accepts, that of its organisation first."""
    organisation = placed.organisation
    names = [
        organisation.slug,
        f"role_{placed.device.role}",
        f"platform_{placed.device.platform}",
        f"standard_{organisation.standard}",
    ]
    if isinstance(organisation, Gemeente):
        names.append(f"province_{organisation.province.lower()}")
    return [re.sub(r"\W", "_", name, flags=re.ASCII) for name in names]


def variables(placed: Placed, connection: Connection | None) -> dict[str, str | int]:
    """What playbooks may need of a device. Never a password: the toolkit's drivers read those themselves."""
    found: dict[str, str | int] = {
        "ggi_organisation": placed.organisation.slug,
        "ggi_site": placed.site.slug,
        "ggi_role": str(placed.device.role),
        "ggi_platform": placed.device.platform,
        "ggi_standard": placed.organisation.standard,
    }
    if connection:
        found["ansible_host"] = connection.host
        found["ansible_port"] = connection.port
        if connection.username:
            found["ansible_user"] = connection.username
    elif placed.device.management:
        found["ansible_host"] = str(ip_interface(placed.device.management[0]).ip)
    return found
