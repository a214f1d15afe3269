"""What `ansible-doc ggi_onboard_plan` shows; the work is done on the controller by the action of the same name."""

DOCUMENTATION = r"""
module: ggi_onboard_plan
short_description: Plan the onboarding of a gemeente
description:
  - Makes on the controller, as C(ggi onboard plan) does, the exact list of changes that bring an estate to what an
    onboarding spec asks, and saves it for M(ggi_onboard_apply).
  - The estate is not changed.
options:
  spec:
    description: The onboarding spec, a YAML file.
    type: path
    required: true
  estate:
    description: Folder of the estate, or C(netbox).
    type: str
    required: true
  plan:
    description: File to save the plan in.
    type: path
    required: true
author: GGI toolkit maintainers
"""

EXAMPLES = r"""
- name: Plan the onboarding of Hengelo
  ggi_onboard_plan:
    spec: inventory/specs/hengelo.yml
    estate: "{{ ggi_estate }}"
    plan: build/hengelo.json
  register: result

- name: Show the plan
  ansible.builtin.debug:
    var: result.lines
"""

RETURN = r"""
gemeente:
  description: Slug of the gemeente.
  type: str
  returned: success
needed:
  description: Whether there is anything to do.
  type: bool
  returned: success
lines:
  description: The plan for people.
  type: list
  elements: str
  returned: success
"""
