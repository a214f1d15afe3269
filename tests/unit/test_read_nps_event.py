"""Windows events of NPS: XML of any layout, JSON of forwarders, and what is hostile in them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.authlog.read import flatxml
from ggi_net.authlog.read.formats import nps_event
from ggi_net.authlog.read.formats.nps_event import FORMAT, read

LOGS = Path(__file__).parents[1] / "logs" / "nps"
EVENTS = [line for line in (LOGS / "events.xml").read_text().splitlines() if line]
DENIED = EVENTS[3]


def of(text: str) -> dict[str, str]:
    said = read(text)
    assert said is not None
    return {name: str(value) for name, value in said.items() if value}


def test_denied_says_whom_where_and_why() -> None:
    assert of(DENIED) == {
        "kind": "result",
        "result": "reject",
        "hop": "home",
        "time": "2026-11-23T08:57:02.120000000Z",
        "host": "nps1.almelo.example",
        "outer": "j.jansen@almelo.example",
        "inner": "ALMELO\\j.jansen",
        "mac": "02-7A-11-B2-6F-48",
        "called": "02-19-92-0C-E4-E9:govroam",
        "nas": "192.0.2.15",
        "client": "Federation proxy 1",
        "eap": "PEAP",
        "code": "16",
        "reason": "Authentication failed due to a user credentials mismatch. Either the user name provided does not "
        "map to an existing user account or the password was incorrect.",
    }


def test_every_event_of_the_log_is_read() -> None:
    seen = [(said["kind"], said.get("result", ""), said.get("code", "")) for said in map(of, EVENTS)]
    assert seen == [
        ("result", "reject", "7"),
        ("notice", "", ""),
        ("result", "accept", ""),
        ("result", "reject", "16"),
        ("notice", "", "1"),
        ("result", "reject", "117"),
        ("notice", "", ""),
        ("notice", "", ""),
    ]


def test_granted_has_neither_code_nor_reason() -> None:
    assert {"code", "reason"}.isdisjoint(of(EVENTS[2]))


def test_dropped_is_no_answer() -> None:
    said = of(EVENTS[4])
    assert (said["kind"], said.get("result"), said["eap"]) == ("notice", None, "TLS")


def test_a_server_that_only_forwards_is_the_visited_one_and_says_whom_it_asked() -> None:
    said = of(EVENTS[5])
    assert (said["hop"], said["server"]) == ("visited", "198.51.100.1")


def test_what_nps_says_of_itself_names_the_client_and_never_the_domain_that_a_user_typed() -> None:
    domain, unknown, secret = of(EVENTS[1]), of(EVENTS[6]), of(EVENTS[7])
    assert domain["reason"] == "There is no domain controller available for domain"
    assert "client" not in domain
    assert (unknown["client"], unknown["reason"]) == (
        "192.0.2.77",
        "A RADIUS message was received from the invalid RADIUS client IP address",
    )
    assert secret["reason"].endswith("Message-Authenticator attribute that is not valid")


def test_a_rendered_message_is_the_reason_without_what_was_inserted() -> None:
    """`wevtutil /f:RenderedXml`, and forwarded events: for the numbers that have no saying of their own."""
    message = (
        "<RenderingInfo Culture='nl-NL'><Message>De server 192.0.2.77 antwoordt\r\nniet.</Message></RenderingInfo>"
    )
    rendered = EVENTS[6].replace(">13</EventID>", ">25</EventID>").replace("</EventData>", "</EventData>" + message)
    said = of(rendered)
    assert (said["kind"], said["reason"]) == ("notice", "De server antwoordt niet.")
    beat = {
        "@timestamp": "2026-11-23T09:00:00Z",
        "message": "De server 192.0.2.77 antwoordt niet.",
        "winlog": {"provider_name": "NPS", "event_id": "25", "event_data": {"param1": "192.0.2.77"}},
    }
    assert of(json.dumps(beat))["reason"] == "De server antwoordt niet."


@pytest.mark.parametrize(
    "change", [lambda t: t.replace('"', "'"), lambda t: "\ufeff" + t, lambda t: "\r\n  " + t + "\r\n"]
)
def test_quotes_bom_and_white_space_change_nothing(change) -> None:
    assert read(change(DENIED)) == read(DENIED)


def test_an_event_over_many_lines_says_the_same() -> None:
    pretty = of((LOGS / "events-pretty.xml").read_text())
    one = of(EVENTS[0])
    assert {k: v for k, v in pretty.items() if k not in ("time", "client")} == {
        k: v for k, v in one.items() if k not in ("time", "client")
    }


def test_winlogbeat_and_nxlog_say_the_same_as_the_xml() -> None:
    beat = of((LOGS / "winlogbeat.ndjson").read_text())
    assert (beat["result"], beat["outer"], beat["mac"]) == ("accept", "j.jansen@almelo.example", "02-7A-11-B2-6F-48")
    assert (beat["time"], beat["host"]) == ("2026-11-23T08:56:10.495Z", "nps1.almelo.example")
    log = of((LOGS / "nxlog.ndjson").read_text())
    xml = of(DENIED)
    assert log.pop("time") == "2026-11-23T09:57:02.120000+01:00"
    assert log == {name: value for name, value in xml.items() if name != "time"}


def test_a_dutch_server_is_understood_by_its_numbers() -> None:
    dutch = DENIED.replace("Authentication failed", "Verificatie is mislukt").replace(
        "Microsoft: Secured password", "Microsoft: beveiligd wachtwoord"
    )
    said = of(dutch)
    assert (said["code"], said["eap"]) == ("16", "PEAP")
    assert said["reason"].startswith("Verificatie is mislukt")


@pytest.mark.parametrize("number", ["4624", "4625", "6281", "627"])
def test_other_events_of_the_security_log_are_not_of_nps(number: str) -> None:
    assert read(DENIED.replace("<EventID>6273<", f"<EventID>{number}<")) is None


def test_a_user_name_can_add_no_element() -> None:
    forged = 'x</Data><Data Name="ReasonCode">0</Data></EventData></Event>\r\n<Event>'
    escaped = forged.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    said = of(DENIED.replace("j.jansen@almelo.example", escaped))
    assert (said["outer"], said["code"], said["result"]) == (forged, "16", "reject")


def test_a_reason_code_that_is_no_number_is_not_one() -> None:
    assert "code" not in of(DENIED.replace(">16</Data>", ">16 or 8</Data>"))


def test_nothing_is_declared_fetched_or_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("shibboleth")
    lol = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE e [<!ENTITY lol0 "lol">{lol}<!ENTITY file SYSTEM "file://{secret}">]>'
    began = time.process_time()
    assert read(doctype + DENIED) is None
    said = of(DENIED.replace("j.jansen@almelo.example", "&lol9;&file;&#xD800;&#x110000;&#65;"))
    assert said["outer"] == "&lol9;&file;&#xD800;&#x110000;A"
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "bomb",
    [
        DENIED.replace("</EventData>", "<Data Name=" * 100_000),
        "<Event xmlns='x'>" + "<Data>" * 100_000,
        "<Event " + " " * 300_000,
        "<Event ><Provider Name='NPS'/><EventID>13</EventID>" + "<Data Name='a'>&" * 100_000,
        '{"winlog":' + "[" * 100_000,
        '{"SourceName":"NPS","EventID":' + '{"a":' * 100_000,
        '{"winlog":{"event_data":{' + '"a":"b",' * 100_000,
    ],
    ids=range(7),
)
def test_a_bomb_takes_linear_time(bomb: str) -> None:
    began = time.process_time()
    read(bomb)
    assert time.process_time() - began < 1


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_or_not_mine(text: str) -> None:
    read(text)
    read("<Event>" + text)
    read("{" + text)


NAMES = st.text(max_size=60)


@settings(deadline=None)
@given(NAMES)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    """Whatever a device calls itself, except what XML itself cannot hold."""
    written = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = read(DENIED.replace("j.jansen@almelo.example", written))
    assert said is not None
    assert said["outer"] == ("" if name == "-" else name)
    assert (said["code"], said["result"]) == ("16", "reject")


@settings(deadline=None)
@given(st.text(), st.sampled_from(["&lt;", "&#10;", "&#x0;", "&amp;lt;", "&nbsp;", "&"]))
def test_unescaping_never_fails(text: str, reference: str) -> None:
    flatxml.unescaped(text + reference + text)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3),
        max_leaves=8,
    )
)
def test_json_of_another_form_is_not_mine(value: object) -> None:
    for document in ({"winlog": value}, {"SourceName": value, "EventID": value}, {"winlog": {"event_data": value}}):
        read(json.dumps(document))


def test_where_records_lie() -> None:
    """Many on one line, as Event Viewer exports them, and one over many lines."""
    assert FORMAT.opens is not None
    assert FORMAT.begins is not None
    assert FORMAT.ends is not None
    exported = (
        '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events>' + "".join(EVENTS) + "</Events>"
    ).encode()
    for data in (exported, (LOGS / "events.xml").read_bytes(), (LOGS / "events-pretty.xml").read_bytes()):
        assert FORMAT.opens.match(data)
        assert len(FORMAT.begins.findall(data)) == len(FORMAT.ends.findall(data))
    assert len(FORMAT.begins.findall(exported)) == len(EVENTS)
    assert not FORMAT.opens.match((LOGS / "dts.log").read_bytes())
    assert nps_event.FORMAT.name == "nps_event"
