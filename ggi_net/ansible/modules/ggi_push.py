"""What `ansible-doc ggi_push` shows; the work is done on the controller by the action of the same name."""

DOCUMENTATION = r"""
module: ggi_push
short_description: Bring a device's artifacts to the device
description:
  - Pushes from the controller, as C(ggi push) does; compares first, and verifies over a new connection afterwards.
  - Check mode compares only. With C(--diff) the difference is shown, secrets masked.
  - References to secrets are resolved in memory.
  - A device that can't be reached is reported as unreachable.
options:
  estate:
    description: Folder of the estate, C(netbox) or C(snapshot).
    type: str
    required: true
  artifacts:
    description: Folder that C(ggi_render) or C(ggi render) wrote.
    type: path
    required: true
  connections:
    description: File that says how devices are reached.
    type: path
    required: true
  reason:
    description: Why; it goes into the journal.
    type: str
    default: ansible
  secrets:
    description: The secrets backend; the one that the connections file names when empty.
    type: str
    default: ""
author: GGI toolkit maintainers
"""

EXAMPLES = r"""
- name: Push
  ggi_push:
    estate: "{{ ggi_estate }}"
    artifacts: "{{ ggi_out }}"
    connections: "{{ ggi_connections }}"
    reason: change 2026-117
"""

RETURN = r"""
status:
  description: C(unchanged), C(would change) (in check mode), C(changed) or C(failed).
  type: str
  returned: always
"""
