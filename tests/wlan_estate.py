"""The demo estate with a WLAN side: a controller and two access points, as an engineer adds them to its files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.model.estate import Estate

DEVICES = {
    "wlc-almelo-01": (
        "almelo",
        "stadhuis",
        """\
      - name: wlc-almelo-01
        role: wlan
        platform: cisco_c9800
        serial: ALM-W001
        management: ["2001:db8:c000::20/64", 198.19.0.20/27]
        ports:
          - {name: TenGigabitEthernet0/0/0, kind: lan}
""",
    ),
    "ap-almelo-werf-01": (
        "almelo",
        "werf",
        """\
      - name: ap-almelo-werf-01
        role: wlan
        platform: hostapd
        serial: ALM-A001
        management: ["2001:db8:c000:100::20/64", 198.19.0.40/28]
        ports:
          - {name: eth0, kind: lan}
          - {name: wlan0, kind: radio-2ghz}
          - {name: wlan1, kind: radio-5ghz}
""",
    ),
    "ap-enschede-zuid-01": (
        "enschede",
        "zuid",
        """\
      - name: ap-enschede-zuid-01
        role: wlan
        platform: hostapd
        serial: ENS-A001
        management: [198.19.0.110/27]
        ports:
          - {name: enp1s0, kind: lan}
          - {name: wlp2s0, kind: radio-5ghz}
""",
    ),
}
"""By name: the gemeente, the site, and what its file says of the device."""


def write_wlan_estate(folder: Path) -> Path:
    """A copy of the demo estate in `folder`, which must not be there yet, with the devices above."""
    shutil.copytree(demo_folder(), folder)
    for gemeente, site, text in DEVICES.values():
        path = folder / "gemeenten" / f"{gemeente}.yml"
        before, mark, after = path.read_text().partition(f"  - slug: {site}\n")
        head, devices, rest = after.partition("    devices:\n")
        path.write_text(before + mark + head + devices + text + rest)
    return folder


def wlan_estate(folder: Path) -> Estate:
    """That estate, read."""
    return load_estate(write_wlan_estate(folder))
