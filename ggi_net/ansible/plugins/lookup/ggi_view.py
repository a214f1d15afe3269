"""`ggi_view`: what templates see of a device, for a task that uses it."""

from __future__ import annotations

from typing import Any

import msgspec
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ggi_net.ansible.shared import estate_in
from ggi_net.errors import GgiError
from ggi_net.render.device import view_of

DOCUMENTATION = r"""
name: ggi_view
short_description: What templates see of a device
description:
  - The view of a device, from which C(ggi render) makes its artifacts, as plain data. Secrets are references.
  - The inventory sets C(ggi_view) to it for every device.
options:
  _terms:
    description: Names of devices.
    required: true
"""

EXAMPLES = r"""
- name: Show the addresses that a device is managed at
  ansible.builtin.debug:
    msg: "{{ ggi_view.management | map(attribute='cidr') }}"
"""

RETURN = r"""
_raw:
  description: One view for each name.
  type: list
  elements: dict
"""


class LookupModule(LookupBase):  # type: ignore[misc]  # Ansible has no types
    """The lookup."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """The views of the named devices of the inventory's estate; raise AnsibleLookupError in the toolkit's words."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            estate = estate_in(str((variables or {})["ggi_estate"]))
            return [msgspec.to_builtins(view_of(estate, estate.placed(str(name)))) for name in terms]
        except GgiError as error:
            raise AnsibleLookupError(str(error)) from None
