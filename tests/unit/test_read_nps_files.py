"""Log files of NPS: DTS-compliant, database-compatible and IAS."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.authlog.read import secret_values
from ggi_net.authlog.read.formats import nps_csv, nps_dts
from ggi_net.secrets import MASK

LOGS = Path(__file__).parents[1] / "logs" / "nps"
DTS = (LOGS / "dts.log").read_text().splitlines()
DATABASE = (LOGS / "database.csv").read_text().splitlines()
IAS = (LOGS / "ias.log").read_text().splitlines()


def of(said: dict[str, str] | None) -> dict[str, str]:
    assert said is not None
    return {name: str(value) for name, value in said.items() if value}


def row(**columns: str) -> str:
    """A record of the database-compatible format, as NPS quotes it."""
    values = dict.fromkeys(nps_csv._COLUMNS, "")
    values |= {"Computer-Name": "NPS1", "Event-Source": "IAS", "Record-Date": "11/23/2026", "Record-Time": "09:02:11"}
    values |= {name.replace("_", "-"): value for name, value in columns.items()}
    plain = {
        "Record-Date",
        "Record-Time",
        "Packet-Type",
        "Reason-Code",
        "NAS-Port",
        "NAS-Port-Type",
        "Authentication-Type",
    }
    quoted = (v if n in plain or not v else '"' + v.replace('"', '""') + '"' for n, v in values.items())
    return ",".join(quoted)


# -- DTS-compliant --------------------------------------------------------------------------------------


def test_dts_request_and_answer_are_joined_by_class() -> None:
    request, answer = of(nps_dts.read(DTS[0])), of(nps_dts.read(DTS[1]))
    assert request["session"] == answer["session"] == "311 1 192.0.2.42 11/16/2026 02:17:48 1307"
    assert (request["kind"], request["mac"], request["outer"]) == (
        "notice",
        "02-1e-df-e8-84-5a",
        "j.jansen@almelo.example",
    )
    assert "vlan" not in request
    assert answer == {
        "kind": "result",
        "result": "reject",
        "hop": "home",
        "time": "2026-11-23T15:21:44.008",
        "host": "NPS1",
        "inner": "ALMELO\\j.jansen",
        "client": "WLANCON",
        "session": "311 1 192.0.2.42 11/16/2026 02:17:48 1307",
        "eap": "EAP",
        "code": "8",
    }


def test_dts_challenge_is_a_notice_and_accounting_has_the_address() -> None:
    challenge, accounting = of(nps_dts.read(DTS[2])), of(nps_dts.read(DTS[3]))
    assert challenge["kind"] == "notice"
    assert (accounting["kind"], accounting["address"]) == ("accounting", "198.51.100.23")
    assert accounting["time"] == "2026-11-23T11:23:13.729"


def test_dts_pretty_printed_says_the_same() -> None:
    assert nps_dts.read(DTS[0].replace("><", ">\r\n  <")) == nps_dts.read(DTS[0])


def test_dts_that_forwards_is_the_visited_server() -> None:
    forwarded = (
        DTS[1]
        .replace('<Provider-Type data_type="0">1<', '<Provider-Type data_type="0">2<')
        .replace("</Event>", '<Remote-Server-Address data_type="3">198.51.100.1</Remote-Server-Address></Event>')
    )
    said = of(nps_dts.read(forwarded))
    assert (said["hop"], said["server"]) == ("visited", "198.51.100.1")


def test_dts_keeps_no_key() -> None:
    text = DTS[1].replace(
        "</Event>",
        '<MS-MPPE-Send-Key data_type="2">DEADBEEF</MS-MPPE-Send-Key>'
        '<MS-CHAP2-Response data_type="2">0A0B</MS-CHAP2-Response>'
        "<User-Password>geheim</User-Password></Event>",
    )
    kept = secret_values.elements(text)
    assert kept.count(MASK) == 3
    assert not any(secret in kept for secret in ("DEADBEEF", "0A0B", "geheim"))
    assert secret_values.elements(DTS[0]) == DTS[0]


@pytest.mark.parametrize(
    "bomb",
    ["<Event>" + "<a>" * 100_000, "<Event>" + "<a " + "x" * 300_000, "<Event>" + "<a>b</a" * 100_000],
    ids=range(3),
)
def test_dts_bomb_takes_linear_time(bomb: str) -> None:
    began = time.process_time()
    nps_dts.read(bomb)
    secret_values.elements(bomb)
    assert time.process_time() - began < 1


@settings(deadline=None)
@given(st.text(max_size=300))
def test_dts_any_text(text: str) -> None:
    for whole in (text, "<Event>" + text, DTS[0].replace("j.jansen@almelo.example", text)):
        nps_dts.read(whole)
        secret_values.elements(whole)


def test_both_formats_conceal() -> None:
    assert nps_dts.FORMAT.conceal is secret_values.elements
    assert nps_csv.FORMAT.conceal is nps_csv.conceal


def test_dts_and_events_are_told_apart_by_their_beginning() -> None:
    assert nps_dts.FORMAT.opens is not None
    assert nps_dts.FORMAT.opens.match((LOGS / "dts.log").read_bytes())
    assert not nps_dts.FORMAT.opens.match((LOGS / "events.xml").read_bytes())


# -- database-compatible --------------------------------------------------------------------------------


def test_database_records_of_microsofts_own_examples() -> None:
    said = [of(nps_csv.read(line)) for line in DATABASE]
    assert [(one["kind"], one.get("result"), one.get("code")) for one in said] == [
        ("notice", None, None),
        ("result", "accept", None),
        ("notice", None, None),
        ("result", "reject", "36"),
        ("notice", None, None),
    ]
    assert said[0] == {
        "kind": "notice",
        "hop": "home",
        "time": "2008-03-07T13:04:33",
        "host": "CLIENTCOMP",
        "outer": "client",
        "client": "npsclient",
        "eap": "PAP",
    }
    assert said[1]["session"] == "311 1 192.0.2.11 03/07/2008 20:04:30 1"
    assert said[1]["inner"] == "npsclientdc/Users/client"
    assert said[2]["session"] == said[3]["session"]


def test_database_record_of_a_visitor() -> None:
    said = of(
        nps_csv.read(
            row(Packet_Type="3", User_Name="anonymous@almelo.example", Called_Station_Id="02-AA-BB-CC-DD-01:govroam",
                Calling_Station_Id="02-00-00-00-02-01", Authentication_Type="11", Reason_Code="16", Class="311 1 x 7",
                Provider_Type="2", Remote_Server_Address="192.0.2.1")
        )
    )  # fmt: skip
    assert (said["result"], said["code"], said["eap"], said["hop"], said["server"]) == (
        "reject",
        "16",
        "PEAP",
        "visited",
        "192.0.2.1",
    )
    assert (said["mac"], said["called"]) == ("02-00-00-00-02-01", "02-AA-BB-CC-DD-01:govroam")


@pytest.mark.parametrize("name", ['a,"b",c', '"', '""', ",,,,", "O'Brien, J.", "\\", "=cmd|' /C calc'!A0"])
def test_database_commas_and_quotes_stay_in_their_column(name: str) -> None:
    said = of(nps_csv.read(row(Packet_Type="3", User_Name=name, Reason_Code="16")))
    assert (said["outer"], said["code"]) == (name, "16")


def test_database_columns_that_were_shifted_are_not_read() -> None:
    """A daemon that doesn't double quotes would let a user name write its own reason; then only what stands before it
    counts.
    """
    shifted = row(Packet_Type="3", User_Name="NAME", Reason_Code="16").replace(
        '"NAME"', '"a","b","c","d","e","f","g","h"'
    )
    said = of(nps_csv.read(shifted))
    assert said == {"kind": "result", "result": "reject", "hop": "home", "time": "2026-11-23T09:02:11", "host": "NPS1"}


def test_database_hexadecimal_is_read_where_nps_must_have_written_it() -> None:
    hexadecimal = "0x" + b"jan\n\x1b[31m".hex()
    assert of(nps_csv.read(row(Packet_Type="1", User_Name=hexadecimal)))["outer"] == "jan\n\x1b[31m"
    literal = "0x" + b"jan".hex()
    assert of(nps_csv.read(row(Packet_Type="1", User_Name=literal)))["outer"] == literal


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=100))
def test_database_any_name_comes_back(name: str) -> None:
    line = row(Packet_Type="3", User_Name=name, Reason_Code="16")
    assert next(csv.reader(io.StringIO(line)))[5] == name
    said = nps_csv.read(line)
    assert said is not None
    assert said["result"] == "reject"
    if not name.startswith("0x"):
        assert (said["outer"], said["code"]) == (name, "16")


# -- IAS ------------------------------------------------------------------------------------------------


def test_ias_records_of_microsofts_own_examples() -> None:
    request, answer, cut = (of(nps_csv.read(line)) for line in IAS)
    assert request == {
        "kind": "notice",
        "hop": "home",
        "time": "2000-02-09T23:18:00",
        "host": "NPS2",
        "outer": "user",
        "inner": "NPS2\\user",
        "mac": "192.0.2.108",
        "nas": "192.0.2.187",
        "client": "user3",
    }
    assert (answer["result"], answer["code"]) == ("reject", "16")
    assert (cut["kind"], cut["host"]) == ("notice", "CLIENTCOMP")


def test_ias_text_with_a_comma_is_in_hexadecimal() -> None:
    line = IAS[0].replace(",user,", f",0x{b'a,4136,2'.hex()},", 1)
    said = of(nps_csv.read(line))
    assert (said["outer"], said["kind"]) == ("a,4136,2", "notice")


def test_ias_keeps_no_key() -> None:
    line = IAS[1] + ",4140,0xDEADBEEF,2,geheim"
    kept = nps_csv.conceal(line)
    assert kept == f"{IAS[1]},4140,{MASK},2,{MASK}"
    assert nps_csv.conceal(IAS[0]) == IAS[0]


@pytest.mark.parametrize("name", ["database.csv", "ias.log"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv_is_known_by_its_first_line(name: str, mark: bytes) -> None:
    assert nps_csv.FORMAT.opens is not None
    assert nps_csv.FORMAT.opens.match(mark + (LOGS / name).read_bytes())
    assert not nps_csv.FORMAT.opens.match((LOGS / "dts.log").read_bytes())


def test_one_file_can_change_its_format() -> None:
    """NPS lets an administrator do so while it runs."""
    assert all(nps_csv.read(line) for line in (*DATABASE, *IAS))


@pytest.mark.parametrize("line", ["", ",", '"', "a,b,c,d,e,f", '"x","IAS",99/99/9999,99:99:99,3,', "0x" * 1000])
def test_what_is_none_or_half_a_record_raises_nothing(line: str) -> None:
    nps_csv.read(line)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_csv_any_text(text: str) -> None:
    for whole in (text, DATABASE[0][:40] + text, IAS[0][:60] + text, text + IAS[0]):
        nps_csv.read(whole)
        nps_csv.conceal(whole)


def test_csv_a_long_field_is_kept_and_costs_no_time() -> None:
    began = time.process_time()
    said = of(nps_csv.read(row(Packet_Type="3", User_Name="x" * 300_000, Reason_Code="16")))
    assert said["result"] == "reject"
    nps_csv.read("," * 300_000)
    assert time.process_time() - began < 1
