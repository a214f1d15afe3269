"""What `ansible-doc ggi_render` shows; the work is done on the controller by the action of the same name."""

DOCUMENTATION = r"""
module: ggi_render
short_description: Render the artifacts of devices
description:
  - Renders on the controller, as C(ggi render) does, all named devices in one call. Run it once for the whole play.
  - Secrets stay references.
options:
  estate:
    description: Folder of the estate, C(netbox) or C(snapshot).
    type: str
    required: true
  out:
    description: Folder for the artifacts.
    type: path
    required: true
  devices:
    description: Names of the devices; all of the estate when empty.
    type: list
    elements: str
    default: []
author: GGI toolkit maintainers
"""

EXAMPLES = r"""
- name: Render the artifacts of every device in the play
  ggi_render:
    estate: "{{ ggi_estate }}"
    out: "{{ ggi_out }}"
    devices: "{{ ansible_play_hosts_all }}"
  run_once: true
"""

RETURN = r"""
rendered:
  description: Devices rendered.
  type: int
  returned: always
written:
  description: Files whose content changed.
  type: int
  returned: always
unchanged:
  description: Files that were already as they should be.
  type: int
  returned: always
removed:
  description: Files that no longer belong to a device.
  type: int
  returned: always
failures:
  description: What went wrong, one text for each device that could not be rendered.
  type: list
  elements: str
  returned: always
"""
