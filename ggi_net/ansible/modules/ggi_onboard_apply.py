"""What `ansible-doc ggi_onboard_apply` shows; the work is done on the controller by the action of the same name."""

DOCUMENTATION = r"""
module: ggi_onboard_apply
short_description: Make the changes of an onboarding plan
description:
  - Applies from the controller, as C(ggi onboard apply) does, a plan that M(ggi_onboard_plan) saved.
  - A plan is refused when what it was computed from has changed since. Applied again it changes nothing; one that was
    cut off is completed.
  - The embedded demo estate is never changed.
  - Check mode skips this.
options:
  estate:
    description: Folder of the estate, or C(netbox).
    type: str
    required: true
  plan:
    description: The saved plan.
    type: path
    required: true
author: GGI toolkit maintainers
"""

EXAMPLES = r"""
- name: Apply the plan
  ggi_onboard_apply:
    estate: "{{ ggi_estate }}"
    plan: build/hengelo.json
"""

RETURN = r"""
gemeente:
  description: Slug of the gemeente.
  type: str
  returned: success
"""
