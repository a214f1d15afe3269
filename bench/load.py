"""`python -m bench.load`: what making, loading, validating and extending the national estate costs."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.measure import Cost, cost, machine, peak_memory
from ggi_net.onboard.apply import plan_spec
from ggi_net.onboard.backend import Files
from ggi_net.onboard.generate import write_estate
from ggi_net.onboard.spec import load_spec
from ggi_net.source.files import load_estate
from ggi_net.source.validate import findings_of

SPEC = """\
code: GM0164
domain: hengelo.example
govroam: {roles: [idp, sp], realms: [hengelo.example]}
sites:
  - {slug: nieuw, name: Nieuw, size: small, gateways: [{provider: Test}]}
  - {slug: stadhuis, name: Stadhuis, size: large, main: true, radius_servers: 1, gateways: [{}, {}]}
"""


def main() -> None:
    """Measure in a scratch folder and print a table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "nl"
        rows: list[tuple[str, Cost]] = []
        made = timed(rows, "generate 342 gemeenten", lambda: write_estate(folder, 342, 2026))
        estate = timed(rows, "load", lambda: load_estate(folder))
        findings = timed(rows, "validate", lambda: findings_of(estate))
        (folder / "gemeenten" / "hengelo.json").unlink()
        spec = Path(scratch) / "spec.yml"
        spec.write_text(SPEC)
        timed(rows, "plan one new gemeente", lambda: plan_spec(load_spec(spec), Files(folder)))
        loading = [sys.executable, "-c", f"from ggi_net.cli.main import main; main(['estate','show','-e','{folder}'])"]
        memory = peak_memory(loading, every=0.02)
    print(f"{len(made.gemeenten)} gemeenten, {len(made.devices)} devices, {len(findings)} findings; {machine()}")
    for name, spent in rows:
        print(f"{name:24} {spent.cpu:6.2f} s of CPU {spent.wall:6.2f} s")
    print(f"{'ggi estate show':24} {memory:6.0f} MiB at most")


def timed(rows, name, run):
    spent = Cost()
    with cost(spent):
        result = run()
    rows.append((name, spent))
    return result


if __name__ == "__main__":
    main()
