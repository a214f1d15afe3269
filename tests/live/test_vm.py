"""The small virtual machine: a script runs in it as root, nothing of the host changes, and it always ends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ggi_net.errors import LabFailure
from ggi_net.lab.kernel import Kernel, prepare
from ggi_net.lab.vm import run

pytestmark = [pytest.mark.live, pytest.mark.needs("qemu-system-x86_64", "busybox")]

SCRIPT = """
set -e
ip link add name v type vrf table 1010
ip link add name port type dummy
ip link add link port name port.100 type vlan id 100
ip link add name x type xfrm if_id 7
echo 'table inet t { chain i { type filter hook input priority 0; fib saddr . iif oif missing drop; }; }' | nft -f -
id -u > seen
exit 7
"""


def test_a_script_runs_as_root_with_vrf_vlan_xfrm_and_nftables_and_reports_back(tmp_path):
    (tmp_path / "script").write_text(SCRIPT)
    result = run(["bash", "script"], tmp_path, seconds=180)
    assert result.log == ""
    assert result.status == 7
    assert (tmp_path / "seen").read_text() == "0\n"


def test_the_host_is_untouched(tmp_path):
    before = Path("/etc/hostname").read_text()
    run(
        ["sh", "-c", "cp /etc/hostname before; echo other > /etc/hostname; cp /etc/hostname after"],
        tmp_path,
        seconds=180,
    )
    assert (tmp_path / "before").read_text() == before, "the machine sees the host's files"
    assert (tmp_path / "after").read_text() == "other\n", "it may change what it sees"
    assert Path("/etc/hostname").read_text() == before


def test_a_machine_that_does_not_end_is_ended(tmp_path):
    with pytest.raises(LabFailure, match="still busy after 2 s"):
        run(["sleep", "100"], tmp_path, seconds=2)
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in processes


def test_a_machine_that_can_not_start_says_why(tmp_path):
    real = prepare()
    with pytest.raises(LabFailure, match="ended before its command did"):
        run(["true"], tmp_path, kernel=Kernel(tmp_path / "no-such-kernel", real.initramfs), seconds=30)
