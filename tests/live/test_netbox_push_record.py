"""What a push did to a device stands in the device's journal in a real NetBox: once, and never as markup."""

from __future__ import annotations

import msgspec
import pytest
from netbox_apply import client

from ggi_net.push.journal import Journal, JournalEntry, Status
from ggi_net.push.netbox_record import deliver, owe, owed
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.settings import Settings

pytestmark = pytest.mark.live

RUN = "20261128T101500Z-abc123"
DIFF = "--- running/frr.conf\n+++ intended/frr.conf\n" + "".join(f"+line {number} <b>`x`</b>\n" for number in range(90))


def test_an_entry_is_delivered_once_when_netbox_is_there_and_waits_when_it_is_not(onboarding_lab, tmp_path):
    netbox = client(onboarding_lab)
    journal = Journal(tmp_path / "journal", "change 2026-117 **now**", RUN)
    entry = JournalEntry(
        run=RUN, device="core-asd-01", organisation="federation", user="ans", started="2026-11-28T10:15:00+00:00",
        seconds=9.0, reason=journal.reason, outcome=Status.CHANGED, diff=DIFF, artifacts={}, armed_seconds=4.2,
    )  # fmt: skip
    away = msgspec.structs.replace(entry, device="flr-asd-01", outcome=Status.UNKNOWN, error="GGI1614 nobody knows")
    for one in (entry, away):
        owe(journal.folder / RUN, one.device, netbox)
        journal.write(one)

    said = []
    assert deliver(journal.folder, NetBox(Settings(onboarding_lab.url, "nbt_wrong.tokentokentoken")), said.append) == 0
    assert "not yet in NetBox's journal" in said[0]
    assert len(owed(journal.folder, netbox.url)) == 1, "what is not known yet has to be settled first"
    assert deliver(journal.folder, netbox, said.append) == 1
    owe(journal.folder / RUN, entry.device, netbox)  # as if it had been cut off before it was noted as delivered
    assert deliver(journal.folder, netbox, said.append) == 1
    journal.write(msgspec.structs.replace(away, outcome=Status.ROLLED_BACK))
    assert deliver(journal.folder, netbox, said.append) == 1

    ids = {row["name"]: row["id"] for row in netbox.all("dcim/devices", fields="id,name")}
    of = {"assigned_object_type": "dcim.device"}
    [found] = netbox.all("extras/journal-entries", **of, assigned_object_id=ids["core-asd-01"])
    assert found["kind"]["value"] == "success"
    text = found["comments"]
    for said_there in ("**Push**: changed", "    by: ans", "    why: change 2026-117 **now**", "    armed: 4 s", RUN):
        assert said_there in text
    assert "    +line 57 <b>`x`</b>\n    ... 32 more lines, in the local journal" in text
    [other] = netbox.all("extras/journal-entries", **of, assigned_object_id=ids["flr-asd-01"])
    assert other["kind"]["value"] == "warning"
