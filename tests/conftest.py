"""What a test may ask for: `@pytest.mark.needs("vtysh", ...)` for programs of Debian packages, `@pytest.mark.root`.

Locally a lack skips the test, with the package to install as the reason. In CI (`CI=true`) a skipped test fails,
whoever skipped it: otherwise a package that stopped being installed would silently take its tests along.
"""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

PACKAGES = {
    "bgpd": "frr",
    "busybox": "busybox-static",
    "charon-systemd": "charon-systemd",
    "chromium": "chromium",
    "chronyd": "chrony",
    "curl": "curl",
    "eapol_test": "eapoltest",
    "freeradius": "freeradius",
    "frr-reload.py": "frr-pythontools",
    "hostapd": "hostapd",
    "ifquery": "ifupdown2",
    "ip": "iproute2",
    "iw": "iw wireless-regdb",
    "keepalived": "keepalived",
    "logrotate": "logrotate",
    "nft": "nftables",
    "node": "nodejs npm",
    "ping": "iputils-ping",
    "qemu-system-x86_64": "qemu-system-x86",
    "radclient": "freeradius-utils",
    "radsecproxy": "radsecproxy",
    "radvd": "radvd",
    "redis-server": "redis-server",
    "rsyslogd": "rsyslog rsyslog-gnutls rsyslog-relp",
    "snmpd": "snmpd",
    "slapd": "slapd",
    "ss": "iproute2",
    "sshd": "openssh-server",
    "sudo": "sudo",
    "swanctl": "strongswan-swanctl",
    "vtysh": "frr",
    "wpa_supplicant": "wpasupplicant",
    "zebra": "frr",
}
"""The Debian packages that a program comes from, for the reason that a skipped test shows."""

_COMPUTE = tuple(
    f"tests/live/{name}" for name in ("datanet", "test_netbox", "test_lab", "test_onboard", "test_vm", "test_wlan")
)
"""The long files that keep a processor busy: a NetBox's, or that of the small virtual machine."""
_WAIT = ("tests/faults", "tests/live")
"""The other long files: most of their time passes by waiting for timers and for sessions."""
_THEN = ("tests/web", "tests/errors")
NEEDS_ROOT = "needs root"
_BEYOND_PATH = ("/usr/sbin", "/sbin", "/usr/lib/frr", "/usr/lib/ipsec")


def program(name: str) -> str | None:
    """Where a program is, also where Debian keeps daemons that an ordinary user's PATH lacks."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_BEYOND_PATH)))


@pytest.fixture(scope="session")
def packages() -> dict[str, str]:
    """The Debian packages that each program of a test comes from."""
    return PACKAGES


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts its background jobs with SIGINT ignored, and what tests interrupt would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "needs(*programs): skipped without these programs; names their packages")
    config.addinivalue_line("markers", "root: needs root, for namespaces and for daemons that change user")
    config.addinivalue_line("markers", "fault(*names): which faults of tests/faults/promises.yml a test is about")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files, so that no worker ends with one on its own: in turn one that computes and one that
    waits, since those can share a processor.
    """
    files = list(dict.fromkeys(_file(item) for item in items))
    computing = [file for file in files if file.startswith(_COMPUTE)]
    waiting = [file for folder in _WAIT for file in files if file.startswith(folder) and file not in computing]
    turns = {file: turn for kind in (computing, waiting) for turn, file in enumerate(kind)}
    after = [*_THEN, ""]

    def turn(item: pytest.Item) -> int:
        file = _file(item)
        return turns.get(file, len(turns) + next(n for n, folder in enumerate(after) if file.startswith(folder)))

    items.sort(key=turn)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = {name for marker in item.iter_markers("needs") for name in marker.args}
    missing = sorted(name for name in wanted if program(name) is None)
    if missing:
        packages = " ".join(sorted({PACKAGES.get(name, name) for name in missing}))
        pytest.skip(f"{', '.join(missing)} not found: apt-get install {packages}")
    if os.geteuid() != 0 and item.get_closest_marker("root"):
        pytest.skip(NEEDS_ROOT)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure in CI."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if NEEDS_ROOT not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped in CI: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report
