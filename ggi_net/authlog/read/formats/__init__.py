"""Every format that is read, one module each. A line is tried against them in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.read.formats import (
    detail,
    freeradius,
    fticks,
    hostapd,
    login_log,
    nps_csv,
    nps_dts,
    nps_event,
    radsecproxy,
    wpa_supplicant,
)

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Format

FORMATS: tuple[Format, ...] = (
    radsecproxy.FORMAT,
    freeradius.FORMAT,
    fticks.FORMAT,
    login_log.FORMAT,
    hostapd.FORMAT,
    wpa_supplicant.FORMAT,
    nps_dts.FORMAT,
    nps_csv.FORMAT,
    nps_event.FORMAT,
    detail.FORMAT,
)
