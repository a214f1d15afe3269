"""What `ansible-doc ggi_push` shows; the work is done on the controller by the action of the same name."""

DOCUMENTATION = r"""
module: ggi_push
short_description: Bring artifacts to devices, in waves
description:
  - Pushes from the controller, as C(ggi push) does, to all named devices by one run. Run it once for the whole play,
    then let C(ggi_outcome) tell what became of each host.
  - Devices are compared, each different change is approved, then they are changed in waves. A device that fails
    does not fail this task.
  - Check mode compares only. Secrets are masked in differences.
  - References to secrets are resolved in memory.
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
  devices:
    description: Names of the devices.
    type: list
    elements: str
    required: true
  reason:
    description: Why; it goes into the journal.
    type: str
    default: ansible
  approve:
    description: Whether every change is approved beforehand. Otherwise somebody at the terminal is asked.
    type: bool
    default: false
  max_failures:
    description: So many devices may fail; at one more nothing new starts.
    type: int
    default: 0
  now:
    description: Why maintenance windows don't count; empty when they do.
    type: str
    default: ""
  accept:
    description:
      - C(drift) overwrites what somebody changed since the last push.
      - C(sessions) pushes though none of a device's BGP sessions is up.
    type: list
    elements: str
    choices: [drift, sessions]
    default: []
  watch:
    description: Seconds for which all must stay well before a change is confirmed; the BGP hold time when empty.
    type: str
    default: ""
  secrets:
    description: The secrets backend; the one that the connections file names when empty.
    type: str
    default: ""
author: GGI toolkit maintainers
"""

EXAMPLES = r"""
- name: Push to every device of the play
  ggi_push:
    estate: "{{ ggi_estate }}"
    artifacts: "{{ ggi_out }}"
    connections: "{{ ggi_connections }}"
    devices: "{{ ansible_play_hosts_all }}"
    approve: true
    reason: change 2026-117
  run_once: true
  register: pushed

- name: Tell what became of the device
  ggi_outcome:
    outcome: "{{ pushed.outcomes[inventory_hostname] }}"
"""

RETURN = r"""
run:
  description: The run's name in the journal; empty in check mode.
  type: str
  returned: always
journal:
  description: The run's folder in the journal, with the diff of each device; empty in check mode.
  type: str
  returned: always
plan:
  description: What names the changes of all devices together.
  type: str
  returned: always
stopped:
  description: Why nothing new was started any more; empty when everything had its turn.
  type: str
  returned: always
outcomes:
  description: By device its C(status), C(error), C(code), C(note), C(armed) seconds and, with C(--diff), C(diff).
  type: dict
  returned: always
"""
