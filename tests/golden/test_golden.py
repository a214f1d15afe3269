"""The artifacts of the demo estate and its variants are the reviewed ones, and the real daemons accept them.

`make golden` renders them again; its diff is read like code.
"""

from __future__ import annotations

import pytest
from regenerate import CASES, expected, rendered, stored

from ggi_net.check.result import Status
from ggi_net.check.run import check_device

each_device = pytest.mark.parametrize(("folder", "device"), CASES, ids=["/".join(case) for case in CASES])


@each_device
def test_the_artifacts_are_the_reviewed_ones(folder, device):
    now, reviewed = rendered(folder, device), expected(folder, device)
    assert sorted(now) == sorted(reviewed)
    for file, artifact in now.items():
        assert artifact.text.splitlines() == reviewed[file].splitlines(), (
            f"{folder}/{device}/{file}: `make golden` and read the diff"
        )
        assert artifact.text == reviewed[file]


def test_nothing_else_is_stored():
    assert stored() == sorted(CASES)


@each_device
def test_the_real_daemons_accept_them(folder, device):
    verdicts = check_device(tuple(rendered(folder, device).values()))
    assert {f"{v.file}:{f.line}: {f.message}" for v in verdicts for f in v.findings} == set()
    lacking = sorted({v.reason for v in verdicts if v.status is Status.SKIPPED and v.validator})
    if lacking:
        pytest.skip("; ".join(lacking))


@each_device
def test_each_artifact_is_plain_text_of_whole_lines(folder, device):
    for artifact in rendered(folder, device).values():
        assert artifact.text.isascii()
        assert artifact.text.endswith("\n")
        assert not artifact.text.endswith("\n\n\n")
        assert all(line == line.rstrip() for line in artifact.text.splitlines()), f"{device}/{artifact.file}"
        assert "None" not in artifact.text.split()
