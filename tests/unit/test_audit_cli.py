"""`ggi audit`: who looked up what, and whether the log of that is whole."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ggi_net.authlog.audit import Audit
from ggi_net.authlog.audit_entry import What
from ggi_net.authlog.question import Question, Role, Viewer
from ggi_net.cli.audit import app
from ggi_net.errors import AuditBroken

KEY = "a secret of the federation"


@pytest.fixture
def folder(tmp_path):
    """A log of two people, and the settings that name it."""
    (tmp_path / "vault.yml").write_text(f"secret://federation/audit/key: {KEY}\n")
    (tmp_path / "vault.yml").chmod(0o600)
    (tmp_path / "logs.yml").write_text(
        f"store: store\nsecrets: {tmp_path}/vault.yml\n"
        f"audit: {{folder: {tmp_path}/audit, key: 'secret://federation/audit/key'}}\n"
    )
    audit = Audit(tmp_path / "audit", KEY)
    for name, user in (("j.bakker", "j.jansen@almelo.example"), ("p.peters\x1b[31m", "k.klein@almelo.example")):
        viewer = Viewer(name=name, role=Role.HELPDESK, gemeenten=("almelo",))
        audit.record(
            What.SEARCH, viewer, where="web 192.0.2.7", reason="M2611-0042", rows=2, question=Question(user=user)
        )
    return tmp_path


def ggi(folder, *arguments: str):
    return CliRunner().invoke(
        app, [arguments[0], "--settings", str(folder / "logs.yml"), *arguments[1:]], env={"COLUMNS": "250"}
    )


def test_it_shows_who_looked_somebody_up_and_that_is_on_record_too(folder):
    done = ggi(folder, "search", "--about", "J.Jansen@almelo.example")
    assert done.exit_code == 0, done.output
    assert "j.bakker" in done.output
    assert "user=j.jansen@almelo.example" in done.output
    assert "p.peters" not in done.output
    assert "1 entry" in done.output
    again = [json.loads(line) for line in ggi(folder, "search", "--json").stdout.splitlines()]
    assert [one["entry"]["what"] for one in again] == ["audit", "search", "search"]
    assert again[0]["entry"]["role"] == "engineer"


def test_hostile_names_are_spelled_out(folder):
    assert "\x1b" not in ggi(folder, "search").output
    assert "p.peters\\x1b[31m" in ggi(folder, "search", "--who", "p.peters\x1b[31m").output


@pytest.mark.parametrize(
    ("options", "found"),
    [(["--who", "J.BAKKER"], 1), (["--reason", "0042"], 2), (["--since", "2d"], 2),
     (["--until", "2d"], 0), (["--limit", "1"], 1)],
)  # fmt: skip
def test_conditions_narrow_the_list(folder, options, found):
    assert ggi(folder, "search", *options).output.rstrip().endswith("1 entry" if found == 1 else f"{found} entries")


def test_a_whole_log_is_called_whole(folder):
    done = ggi(folder, "verify")
    assert done.exit_code == 0
    assert "2 entries of 1 day: as they were written" in done.stdout


def test_a_log_that_was_touched_ends_with_status_2(folder):
    (path,) = Audit(folder / "audit", KEY).chain.days()
    path.write_bytes(path.read_bytes().replace(b"j.bakker", b"a.nander"))
    done = ggi(folder, "verify")
    assert isinstance(done.exception, AuditBroken)
    assert done.exception.exit_status == 2
    assert "entry 2 does not follow entry 0" in str(done.exception)


def test_a_head_that_was_kept_elsewhere_shows_an_older_copy(folder):
    kept = folder / "heads"
    kept.write_text(ggi(folder, "head").stdout)
    assert "and with 1 head kept elsewhere" in ggi(folder, "verify", "--head", str(kept)).stdout
    for path in (folder / "audit").iterdir():
        if path.suffix == ".jsonl" or path.name == "head":
            path.unlink()
    assert isinstance(ggi(folder, "verify", "--head", str(kept)).exception, AuditBroken)
