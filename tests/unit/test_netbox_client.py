"""The client's own rules: what is sent again and what is not, what a refusal means, where the token goes."""

from __future__ import annotations

import pytest
import requests

from ggi_net.errors import (
    ChangedMeanwhile,
    NetBoxAway,
    NetBoxBusy,
    NetBoxRejected,
    NetBoxSlow,
    NothingFree,
    NotInNetBox,
    Place,
    Rejection,
    StillUsed,
)
from ggi_net.source.netbox import client as module
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.refusals import refusal_of
from ggi_net.source.netbox.settings import Settings
from ggi_net.source.netbox.transport import Answer

URL = "https://netbox.example"
TOKEN = "nbt_abcdefghijkl.0123456789012345678901234567890123456789"
JSON = {"Content-Type": "application/json", "API-Version": "4.7"}


def refused(method, status, body, headers=JSON):
    return refusal_of(method, Place(f"{URL}/api/dcim/devices/"), status, headers, body)


@pytest.fixture
def sent(monkeypatch):
    """What was sent, and what comes back: errors are raised, anything else is the decoded answer."""
    monkeypatch.setattr(module, "WAITS", (0.0, 0.0))

    class Wire:
        def __init__(self):
            self.requests = []
            self.answers = []

        def request(self, _, method, url, **options):
            prepared = requests.Request(method, url, auth=options.pop("auth", None)).prepare()
            self.requests.append((method, url, options))
            found = self.answers.pop(0) if self.answers else {}
            if isinstance(found, Exception):
                raise found
            answer = Answer()
            answer.status_code, answer.request, answer.decoded = 204 if method == "DELETE" else 200, prepared, found
            return answer

    wire = Wire()
    monkeypatch.setattr(requests.Session, "request", lambda session, **options: wire.request(session, **options))
    return wire


def lost(*, maybe_done):
    error = NetBoxAway("the connection broke off", place=Place(URL))
    error.maybe_done = maybe_done
    return error


@pytest.fixture
def nb(sent):
    return NetBox(Settings(URL, TOKEN))


# -- what is sent again -------------------------------------------------------------------------------

SAFE = {
    "get": lambda nb: nb.get("dcim/devices"),
    "delete of one": lambda nb: nb.delete("dcim/devices/1"),
    "post that may be": lambda nb: nb.post("dcim/devices", {}, again=True),
    "graphql": lambda nb: nb.graphql("{x}"),
}
UNSAFE = {
    "post": lambda nb: nb.post("dcim/devices", {}),
    "patch": lambda nb: nb.patch("dcim/devices", [{}]),
    "delete of many": lambda nb: nb.delete("dcim/devices", [{"id": 1}]),
    "delete if not changed": lambda nb: nb.delete("dcim/devices/1", if_match='W/"x"'),
}


@pytest.mark.parametrize("call", SAFE.values(), ids=SAFE)
def test_what_can_be_done_twice_is_sent_again(nb, sent, call):
    sent.answers = [lost(maybe_done=True), lost(maybe_done=True), {"data": {}}]
    call(nb)
    assert len(sent.requests) == 3


@pytest.mark.parametrize("call", UNSAFE.values(), ids=UNSAFE)
def test_what_can_not_be_done_twice_is_sent_again_only_when_it_was_not_done(nb, sent, call):
    sent.answers = [lost(maybe_done=False), lost(maybe_done=True), {}]
    with pytest.raises(NetBoxAway) as raised:
        call(nb)
    assert raised.value.maybe_done
    assert len(sent.requests) == 2


def test_a_slow_answer_is_waited_for_twice_and_not_five_times(nb, sent, monkeypatch):
    monkeypatch.setattr(module, "WAITS", (0.0, 0.001, 0.001))
    sent.answers = [NetBoxSlow("slow", place=Place(URL)) for _ in range(5)]
    with pytest.raises(NetBoxSlow):
        nb.get("status")
    assert len(sent.requests) == 2


def test_a_delete_that_finds_nothing_is_done_only_if_it_was_sent_before(nb, sent):
    gone = NotInNetBox("no such object", place=Place(URL))
    sent.answers = [lost(maybe_done=True), gone]
    nb.delete("dcim/devices/1")
    sent.answers = [gone]
    with pytest.raises(NotInNetBox):
        nb.delete("dcim/devices/1")


@pytest.mark.parametrize(
    ("method", "said", "maybe_done"),
    [
        ("POST", b'{"error": "deadlock detected\\nDETAIL: Process 1 waits", "exception": "OperationalError"}', False),
        ("POST", b'{"error": "no space left", "exception": "OperationalError"}', True),
        ("GET", b'{"error": "no space left"}', False),
    ],
)
def test_a_transaction_that_the_database_undid_was_not_done(method, said, maybe_done):
    error = refused(method, 500, said)
    assert isinstance(error, NetBoxBusy)
    assert error.maybe_done is maybe_done


# -- what is sent -------------------------------------------------------------------------------------


def test_paths_parameters_branch_and_precondition(nb, sent):
    nb.get("dcim/devices", id=[1, 2])
    nb.branch("abc123").patch("/dcim/devices/1/", {"name": "x"}, if_match='W/"1"')
    assert sent.requests[0][1:] == (
        f"{URL}/api/dcim/devices/", {"headers": {}, "params": {"id": [1, 2]}, "json": None}
    )  # fmt: skip
    method, url, options = sent.requests[1]
    assert (method, url) == ("PATCH", f"{URL}/api/dcim/devices/1/")
    assert options["headers"] == {"X-NetBox-Branch": "abc123", "If-Match": 'W/"1"'}


def test_each_client_has_its_own_token():
    """netbox-python's default headers are one dict: the second client's token would go out with the first."""
    words = []
    for token in (TOKEN, "0123456789abcdef0123456789abcdef01234567"):
        session = NetBox(Settings(URL, token))._client._session
        words.append(session.prepare_request(requests.Request("GET", URL)).headers["Authorization"])
    assert words == [f"Bearer {TOKEN}", "Token 0123456789abcdef0123456789abcdef01234567"]


def test_what_netrc_has_for_the_host_is_not_sent(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine netbox.example login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session = NetBox(Settings(URL, TOKEN))._client._session
    assert session.prepare_request(requests.Request("GET", URL)).headers["Authorization"] == f"Bearer {TOKEN}"


# -- lists --------------------------------------------------------------------------------------------


def test_pages_follow_the_cursor(nb, sent):
    sent.answers = [
        {"count": None, "next": "more", "results": [{"id": 3}, {"id": 7}]},
        {"count": None, "next": None, "results": [{"id": 8}]},
    ]
    assert nb.all("dcim/devices", limit=2) == [{"id": 3}, {"id": 7}, {"id": 8}]
    assert [options["params"]["start"] for _, _, options in sent.requests] == [0, 8]


def test_pages_of_a_netbox_without_cursor_follow_the_ids(nb, sent):
    sent.answers = [
        {"count": 3, "next": "more", "results": [{"id": 7}, {"id": 3}]},  # takes no notice of `start`
        {"count": 3, "next": "more", "results": [{"id": 3}, {"id": 7}]},
        {"count": 1, "next": None, "results": [{"id": 8}]},
    ]
    assert nb.all("dcim/devices", limit=2) == [{"id": 3}, {"id": 7}, {"id": 8}]
    assert [options["params"].get("id__gte") for _, _, options in sent.requests] == [None, 0, 8]


# -- what a refusal means -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        (b'{"name": ["This field is required."]}', [Rejection(None, None, "name", "This field is required.")]),
        (b'{"detail": "Bad."}', [Rejection(None, None, "", "Bad.")]),
        (b'["Bad."]', [Rejection(None, None, "", "Bad.")]),
        (
            b'{"detail": "1 of 2 objects failed.", "errors": [{"index": 1, "errors": {"__all__": ["Bad."]}}]}',
            [Rejection(1, None, "", "Bad.")],
        ),
        (
            b'{"detail": "x", "errors": [{"id": 9, "errors": {"custom_fields": {"ggi_code": ["Bad.", "Worse."]}}}]}',
            [
                Rejection(None, 9, "custom_fields.ggi_code", "Bad."),
                Rejection(None, 9, "custom_fields.ggi_code", "Worse."),
            ],
        ),
        (b'[{}, {"vid": ["Bad."]}]', [Rejection(1, None, "vid", "Bad.")]),
    ],
    ids=["field", "detail", "list", "bulk create", "bulk change", "bulk create before 4.7"],
)
def test_reasons_of_a_rejection(body, reasons):
    error = refused("POST", 400, body)
    assert type(error) is NetBoxRejected
    assert list(error.reasons) == reasons


def test_of_many_reasons_the_first_are_shown():
    entries = ", ".join(f'{{"index": {n}, "errors": {{"name": ["Bad {n}."]}}}}' for n in range(30))
    error = refused("POST", 400, f'{{"detail": "30 failed", "errors": [{entries}]}}'.encode())
    lines = error.message.splitlines()
    assert lines[1] == "  - object number 1: name: Bad 0."
    assert lines[-1] == "  - and 20 more"
    assert len(error.reasons) == 30


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (409, b'{"detail": "Insufficient resources are available to satisfy the request"}', NothingFree),
        (409, b'{"detail": "Unable to delete object. 1 dependent objects were found: x (1)"}', StillUsed),
        (412, b'{"detail": "Precondition failed."}', ChangedMeanwhile),
    ],
)
def test_conflicts(status, body, kind):
    assert type(refused("POST", status, body)) is kind


def test_hostile_words_of_a_server_do_not_steer_a_terminal():
    error = refused("POST", 400, b'{"name": ["\\u001b[2J\\u202eBad"]}')
    assert "\x1b" not in str(error)
    assert "\u202e" not in str(error)
