"""What other rooms know of the places of a login: one small interface, and what drift runs found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from ggi_net.authlog.words import Both, day, minute
from ggi_net.drift.result import DeviceResult, Report, State
from ggi_net.errors import FileError, LogError, Place
from ggi_net.files import read_bytes
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ggi_net.authlog.places import Places

_ROLES = {
    "freeradius": Both("de RADIUS-server", "the RADIUS server"),
    "radsecproxy": Both("de RADIUS-proxy", "the RADIUS proxy"),
    "hostapd": Both("het toegangspunt", "the access point"),
    "cisco_c9800": Both("de wifi-controller", "the WLAN controller"),
}
"""What a platform is to a login; any other one is a router on the way."""
_ROUTER = Both("de router", "the router")


class Remark(Record, frozen=True, kw_only=True):
    """What a room says. `since` is when it began as far as is known, `where` the device or place that it is about."""

    text: Both
    since: datetime
    where: str


class Knowledge(Protocol):
    """A room that knows something of places."""

    def said(self, gemeente: str, site: str, hosts: Sequence[str], since: datetime, until: datetime) -> list[Remark]:
        """What held between two moments for a gemeente, one of its sites, and hosts by name; oldest first."""
        ...


class DriftKnowledge:
    """What the results of drift runs say: the JSON files that `ggi drift --json` wrote, all in one folder."""

    def __init__(self, folder: Path, places: Places) -> None:
        self._folder, self._places = folder, places

    def said(self, gemeente: str, site: str, hosts: Sequence[str], since: datetime, until: datetime) -> list[Remark]:
        """Devices of the site (its servers, access points and routers) and hosts that had drifted.

        Drift lasts from the first of the runs that found it without a break until a run finds the device clean. Raises
        FileError, or LogError for a file that is no result of a drift run.
        """
        names = {host.lower().partition(".")[0] for host in hosts}
        remarks: list[Remark] = []
        begun: dict[str, tuple[datetime, DeviceResult]] = {}
        for started, device in self._runs(until):
            if not self._concerns(device, gemeente, site, names):
                continue
            if device.state is State.DRIFT:
                begun.setdefault(device.device, (started, device))
            elif device.state is State.CLEAN and device.device in begun:
                first, result = begun.pop(device.device)
                if started >= since:
                    remarks.append(_remark(first, result))
        remarks += [_remark(first, result) for first, result in begun.values()]
        return sorted(remarks, key=lambda remark: (remark.since, remark.where))

    def _runs(self, until: datetime) -> list[tuple[datetime, DeviceResult]]:
        """What every run before `until` said of each device, oldest first."""
        try:
            files = sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []
        except OSError as error:
            raise FileError(f"can't be read: {error.strerror}", place=Place(str(self._folder))) from None
        found: list[tuple[datetime, DeviceResult]] = []
        for path in files:
            report = _report(path)
            started = _moment(report.started, path)
            if started < until:
                found += [(started, device) for device in report.devices]
        return sorted(found, key=lambda item: item[0])

    def _concerns(self, device: DeviceResult, gemeente: str, site: str, names: set[str]) -> bool:
        """Whether a device has to do with logins there: it is named, or it stands at the site, or serves all sites."""
        if device.device in names:
            return True
        if not gemeente or device.organisation != gemeente:
            return False
        spot = self._places.nas.get(device.device)
        if spot is not None:
            return spot.site == site
        return bool(self._places.server(device.device).hops)


def _remark(since: datetime, device: DeviceResult) -> Remark:
    what = _ROLES.get(device.platform, _ROUTER)
    date, time = day(since), minute(since)
    return Remark(
        text=Both(
            f"{what.nl[0].upper()}{what.nl[1:]} {device.device} wijkt sinds {date.nl} {time} af van wat bedoeld is.",
            f"{what.en[0].upper()}{what.en[1:]} {device.device} differs from what is intended since {date.en} {time}.",
        ),
        since=since,
        where=device.device,
    )


def _report(path: Path) -> Report:
    try:
        return msgspec.json.decode(read_bytes(path), type=Report)
    except msgspec.DecodeError as error:
        raise LogError(
            f"no result of a drift run: {error}",
            place=Place(str(path)),
            hint="keep only what `ggi drift --json` wrote there",
        ) from None


def _moment(text: str, path: Path) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise LogError(
            f"'{text[:40]}' is no moment", place=Place(str(path)), hint="run `ggi drift --json` again"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
