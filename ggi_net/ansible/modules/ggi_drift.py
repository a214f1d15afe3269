"""What `ansible-doc ggi_drift` shows; the work is done on the controller by the action of the same name."""

DOCUMENTATION = r"""
module: ggi_drift
short_description: Compare what devices run with what they should
description:
  - Compares from the controller, as C(ggi drift) does, all named devices in one call. Run it once for the whole play.
  - Changes nothing. Secrets are compared by a keyed hash, and are in no report.
options:
  estate:
    description: Folder of the estate, C(netbox) or C(snapshot); what devices should run is rendered from it in memory.
    type: str
    required: true
  connections:
    description: File that says how devices are reached.
    type: path
    required: true
  devices:
    description: Names of the devices.
    type: list
    elements: str
    required: true
  html:
    description: Write a report for people to this file.
    type: path
    default: ""
  json:
    description: Write the result for programs to this file.
    type: path
    default: ""
  secrets:
    description: The secrets backend; the one that the connections file names when empty.
    type: str
    default: ""
author: GGI toolkit maintainers
"""

EXAMPLES = r"""
- name: Compare every device of the play
  ggi_drift:
    estate: "{{ ggi_estate }}"
    connections: "{{ ggi_connections }}"
    devices: "{{ ansible_play_hosts_all }}"
    html: drift.html
  run_once: true
  register: result
  failed_when: result.exit_status != 0
"""

RETURN = r"""
drift:
  description: Names of the devices that differ.
  type: list
  elements: str
  returned: always
unknown:
  description: The reason, for each device that could not be compared.
  type: dict
  returned: always
exit_status:
  description: 0 all clean, 2 drift, 3 no drift found but a device could not be compared.
  type: int
  returned: always
"""
