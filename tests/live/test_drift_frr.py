"""Real FRR loads the rendered frr.conf and shows it in its own order and words: that is no drift."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from ggi_net.config.compare import Kind
from ggi_net.config.ruleset import load_rules
from ggi_net.drift.collect import compare_texts
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.secrets import REFERENCE
from ggi_net.source.files import load_estate

pytestmark = [pytest.mark.live, pytest.mark.root, pytest.mark.needs("zebra", "bgpd", "vtysh", "ip")]

# A network of its own, forwarding as a router does; the daemons end with the script, whatever happens to the test.
SCRIPT = """
set -eu
trap 'for file in *.pid; do kill "$(cat "$file")"; done' EXIT
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
for daemon in zebra staticd bgpd bfdd; do
  [ $daemon = bfdd ] && bfd="--bfdctl $PWD/bfdd.sock" || bfd=
  /usr/lib/frr/$daemon -d -i "$PWD/$daemon.pid" -z "$PWD/zserv.api" --vty_socket "$PWD" -A 127.0.0.1 -P 0 $bfd
  for try in 1 2 3 4 5 6 7 8 9 10; do [ -S "$PWD/$daemon.vty" ] && break; sleep 0.1; done
done
vtysh --vty_socket "$PWD" --config_dir "$PWD" -b >&2
vtysh --vty_socket "$PWD" --config_dir "$PWD" -c 'show running-config'
"""
RULES = load_rules("frr").of("frr.conf")


@pytest.fixture(scope="module")
def estate():
    return load_estate(demo_folder())


def intended(estate, device: str) -> str:
    artifacts = render_device(estate, estate.placed(device))
    text = next(a.text for a in artifacts if a.file == "frr.conf")
    return REFERENCE.sub("0123456789abcdef", text)


@pytest.fixture
def folder():
    """A folder that FRR's own user can enter, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="ggi-frr-") as made:
        shutil.chown(made, "frr", "frr")
        yield Path(made)


def run_by_frr(text: str, folder: Path) -> str:
    (folder / "frr.conf").write_text(text)
    (folder / "vtysh.conf").write_text("service integrated-vtysh-config\n")
    shown = subprocess.run(
        ["unshare", "--net", "sh", "-c", SCRIPT], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def drift(text: str, running: str):
    return compare_texts(text, running, RULES, b"k" * 32, "device", "frr.conf")


@pytest.mark.parametrize("device", ["ce-almelo-01", "core-asd-01"])
def test_what_frr_shows_of_a_rendered_file_is_no_drift(estate, device, folder):
    text = intended(estate, device)
    assert drift(text, run_by_frr(text, folder)) == []


def test_one_changed_line_in_real_frr_is_one_difference(estate, folder):
    text = intended(estate, "ce-almelo-01")
    changed = re.sub(r"(maximum-prefix) \d+", r"\1 4711", text, count=1)
    [found] = drift(text, run_by_frr(changed, folder))
    assert (found.kind, found.running.split()[-1]) == (Kind.CHANGED, "4711")
