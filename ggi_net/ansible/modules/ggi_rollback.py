"""What `ansible-doc ggi_rollback` shows; the work is done on the controller by the action of the same name."""

DOCUMENTATION = r"""
module: ggi_rollback
short_description: Bring devices back to what they ran before a push, in waves
description:
  - Rolls back from the controller, as C(ggi rollback) does, all named devices by one run. Run it once for the whole
    play, then let C(ggi_outcome) tell what became of each host.
  - Check mode compares only. Secrets are masked in differences.
options:
  estate:
    description: Folder of the estate, C(netbox) or C(snapshot).
    type: str
    required: true
  run:
    description: The run to take back, on those of the devices that it changed. Without it each device goes back to
      before the last push that changed it.
    type: str
    default: ""
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
- name: Take a run back
  ggi_rollback:
    estate: "{{ ggi_estate }}"
    connections: "{{ ggi_connections }}"
    run: 20261128T101500Z-a1b2c3
    devices: "{{ ansible_play_hosts_all }}"
    approve: true
  run_once: true
  register: taken_back

- name: Tell what became of the device
  ggi_outcome:
    outcome: "{{ taken_back.outcomes[inventory_hostname] | default({}) }}"
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
