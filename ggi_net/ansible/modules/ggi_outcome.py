"""What `ansible-doc ggi_outcome` shows; the work is done on the controller by the action of the same name."""

DOCUMENTATION = r"""
module: ggi_outcome
short_description: Tell what a push or a rollback did to the host
description:
  - Reports the outcome that C(ggi_push) or C(ggi_rollback) returned for the host as Ansible knows it - changed,
    failed, unreachable, or skipped when nothing was done to it.
  - Does nothing else. With C(--diff) the difference is shown, secrets masked.
options:
  outcome:
    description: The host's part of C(outcomes); empty when the run was not about it.
    type: dict
    default: {}
author: GGI toolkit maintainers
"""

EXAMPLES = r"""
- name: Tell what became of the device
  ggi_outcome:
    outcome: "{{ pushed.outcomes[inventory_hostname] }}"
"""

RETURN = r"""
status:
  description: As C(ggi push) tells it - C(unchanged), C(would change), C(changed), C(failed), C(rolled back),
    C(unknown), C(not started), C(postponed), C(not approved) or C(held back).
  type: str
  returned: when the run was about the host
armed:
  description: For how many seconds the host would have gone back by itself.
  type: float
  returned: when the run was about the host
"""
