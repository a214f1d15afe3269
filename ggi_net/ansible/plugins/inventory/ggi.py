"""Ansible's inventory from an estate: the same loader, so the same words about what is wrong."""

from __future__ import annotations

import gc
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.template import trust_as_template

from ggi_net.ansible.shared import estate_in
from ggi_net.errors import GgiError
from ggi_net.model.waves import waves
from ggi_net.paths import demo_folder, lab_folder
from ggi_net.push.connections import read_connections
from ggi_net.source.open import NETBOX, SNAPSHOT

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.push.connections import Connection

DOCUMENTATION = r"""
name: ggi
short_description: Devices of a GGI estate
description:
  - Reads an estate with the loader that C(ggi) itself uses, so that both always see the same devices.
  - Makes a group of every gemeente (its slug with C(_) for C(-)) and of the C(federation). Those of gemeenten are in
    C(gemeenten) and in C(province_*), all are in C(standard_*).
  - Makes groups C(role_*) and C(platform_*), and C(wave_canary), C(wave_ten_percent), C(wave_rest_1) and so on, in the
    order in which devices are changed; no wave holds two devices that stand in for each other.
  - Sets C(ansible_host), C(ansible_port) and C(ansible_user) from the connections file where it names the device,
    else C(ansible_host) to the first management address of the estate. Sets C(ggi_organisation), C(ggi_site),
    C(ggi_role), C(ggi_platform), C(ggi_standard) and C(ggi_wave); for all C(ggi_estate) and C(ggi_connections), the
    paths in use.
  - C(ggi_view) is all that a template of the toolkit sees of the device. It is computed when a task uses it, for that
    device only. Secrets in it are references.
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [ggi]
  estate:
    description:
      - Folder of the estate, seen from the inventory file's folder (in the variable from the working folder).
      - C(snapshot) is NetBox as the last C(ggi pull) found it; C(netbox) pulls what changed first.
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

VIEW = trust_as_template("{{ lookup('ggi_view', inventory_hostname) }}")
"""Ansible computes a variable when a task uses it: so a view is made for the devices that a play is about, at most."""


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]  # Ansible has no types
    """The plugin that `plugin: ggi` names."""

    NAME = "ggi"

    def verify_file(self, path: str) -> bool:
        """Whether `path` may be an inventory of this plugin: by name, as Ansible's own plugins do."""
        return super().verify_file(path) and path.endswith(("ggi.yml", "ggi.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill `inventory`; raise AnsibleParserError with the toolkit's own words."""
        gc.disable()  # thousands of new objects, none of them garbage
        try:
            self._fill(inventory, loader, path, cache=cache)
        finally:
            gc.enable()
        gc.freeze()  # nor later: Ansible forks a process for every host, which so shares this memory

    def _fill(self, inventory: Any, loader: Any, path: str, *, cache: bool) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        source = self._source(path)
        file = self._path("connections", path) or lab_folder() / "connections.json"
        try:
            estate = estate_in(source)
            connections = read_connections(file).devices if file.exists() else {}
        except GgiError as error:
            raise AnsibleParserError(str(error)) from None
        inventory.set_variable("all", "ggi_estate", source)
        inventory.set_variable("all", "ggi_connections", str(file.resolve()))
        inventory.set_variable("all", "ggi_view", VIEW)
        for name, placed in estate.devices.items():
            inventory.add_host(name)
            for key, value in own_variables(placed, connections.get(name)).items():
                inventory.set_variable(name, key, value)
        for group in groups(estate):
            self._add(group)

    def _source(self, inventory_file: str) -> str:
        """The estate's name as `open_estate` takes it."""
        value = self.get_option("estate")
        if value in (NETBOX, SNAPSHOT):
            return str(value)
        return str((self._path("estate", inventory_file) or demo_folder()).resolve())

    def _path(self, option: str, inventory_file: str) -> Path | None:
        """An option's path: seen from the inventory file when it stands there, else from the working folder."""
        value, origin = self.get_option_and_origin(option)
        if not value:
            return None
        return Path(value) if origin.startswith("env:") else Path(inventory_file).parent / value

    def _add(self, group: Group) -> None:
        self.inventory.add_group(group.name)
        for child in group.children:
            self.inventory.add_child(group.name, child)
        for key, value in group.variables.items():
            self.inventory.set_variable(group.name, key, value)


class Group(NamedTuple):
    """A group: its devices or the groups in it, and what these have in common."""

    name: str
    children: list[str]
    variables: dict[str, str]


def groups(estate: Estate) -> list[Group]:
    """The groups in names that Ansible accepts, each after those in it: Ansible is quicker so.

    What devices have in common stands once, at their group: thousands of hosts are read in half the time.
    """
    organisations, provinces, standards = [], defaultdict(list), defaultdict(list)
    by_role, by_platform = defaultdict(list), defaultdict(list)
    for organisation in estate.organisations():
        name = named(organisation.slug)
        devices = [device.name for device in organisation.devices]
        organisations.append(Group(name, devices, {"ggi_organisation": organisation.slug}))
        standards[organisation.standard].append(name)
    for gemeente in estate.gemeenten:
        provinces[gemeente.province].append(named(gemeente.slug))
    for placed in estate.devices.values():
        by_role[placed.device.role].append(placed.device.name)
        by_platform[placed.device.platform].append(placed.device.name)
    return [
        *organisations,
        *(Group(named(f"role_{role}"), names, {"ggi_role": str(role)}) for role, names in by_role.items()),
        *(Group(f"platform_{name}", names, {"ggi_platform": name}) for name, names in by_platform.items()),
        *(Group(f"wave_{wave}", names, {"ggi_wave": wave}) for wave, names in waves(estate).items()),
        *(Group(named(f"province_{name.lower()}"), slugs, {}) for name, slugs in provinces.items()),
        *(Group(named(f"standard_{name}"), slugs, {"ggi_standard": name}) for name, slugs in standards.items()),
        Group("gemeenten", [named(slug) for slug in estate.by_slug], {}),
    ]


def named(text: str) -> str:
    """A name of a group that Ansible accepts."""
    return re.sub(r"\W", "_", text, flags=re.ASCII)


def own_variables(placed: Placed, connection: Connection | None) -> dict[str, str | int]:
    """What is a device's own. Never a password: the toolkit's drivers read those themselves."""
    found: dict[str, str | int] = {"ggi_site": placed.site.slug}
    if placed.device.management:
        found["ansible_host"] = placed.device.management[0].partition("/")[0]
    if connection:
        if connection.host:
            found["ansible_host"] = connection.host
        found["ansible_port"] = connection.port
        if connection.username:
            found["ansible_user"] = connection.username
    return found
