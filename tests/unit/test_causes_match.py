"""Finding the cause of a line, of a login, of columns."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from causes_help import CATALOGUE, PATTERNS, SAYS_NOTHING, found, line, lines_of, said

from ggi_net.authlog.causes.cause import Certainty, Identity
from ggi_net.authlog.causes.checks import IDENTITY
from ggi_net.authlog.line import Hop, Kind, Product, Result
from ggi_net.source.yamlfile import parse

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("cause", list(CATALOGUE), ids=lambda cause: cause.id)
def test_every_pattern_finds_its_cause_in_the_line_that_a_daemon_writes(cause):
    """From the bytes of the log to the cause; and no pattern is in another's shadow."""
    for pattern in cause.patterns:
        lines = lines_of(pattern.line, pattern.hop or Hop.UNKNOWN)
        assert len(lines) == 1, f"{pattern.id} is one record"
        match = CATALOGUE.match(lines[0]) if pattern.attempt is None else CATALOGUE.cause_of(lines)
        assert match is not None, f"{pattern.id}: nothing found in {lines[0]!r}"
        assert match.cause.id == cause.id, f"{pattern.id}: {match.pattern.id} was first"
        assert match.pattern.id == pattern.id, f"{pattern.id} is never used: {match.pattern.id} is before it"


def test_two_patterns_for_one_line_say_which_comes_first():
    """What says more comes first by itself, a text before an identity; else one must be `over` the other."""
    undeclared = set()
    for _, pattern in PATTERNS:
        if pattern.attempt is not None:
            continue
        matches = CATALOGUE.matches(lines_of(pattern.line, pattern.hop or Hop.UNKNOWN)[0])
        for one, other in combinations(matches, 2):
            texts = [bool(match.pattern.reason or match.pattern.code) for match in (one, other)]
            by_itself = one.cause.certainty is not other.cause.certainty or texts == [True, False]
            if one.cause.id != other.cause.id and not by_itself and other.pattern.id not in one.pattern.over:
                undeclared.add((one.pattern.id, other.pattern.id))
    assert sorted(undeclared) == []


def test_what_is_declared_to_come_first_does():
    order = {pattern.id: number for number, (pattern, _) in enumerate(CATALOGUE._ordered)}
    wrong = [(p.id, other) for _, p in PATTERNS for other in p.over if order[p.id] > order[other]]
    assert wrong == []


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("TLS Alert read:fatal:unknown CA", "device-distrusts-server"),
        ("eap_peap: TLS Alert read:fatal:unknown CA", "device-distrusts-server"),
        ("eap_peap: (TLS) Alert read:fatal:unknown CA", "device-distrusts-server"),
        ("eap_peap: (TLS) PEAP - Alert read:fatal:unknown CA", "device-distrusts-server"),
        ("eap_ttls-gemeente: ERROR: (TLS) TTLS - Alert read:fatal:unknown CA", "device-distrusts-server"),
        ("(37) eap_tls:   ERROR: (TLS) Alert write:fatal:unknown CA", "user-certificate-untrusted"),
        ("mschap-AD: MS-CHAP2-Response is incorrect", "wrong-password"),
        ("MS-CHAP2-Response is incorrect", "wrong-password"),
        ("ldap_staf: Bind credentials incorrect: Invalid credentials", "wrong-password"),
        ("rlm_eap (eap): No EAP session matching state 0x9a2777cd9ae76e1d", "conversation-lost"),
        ("rlm_eap (eap_wifi): No EAP session matching state 0x9a2777cd9ae76e1d", "conversation-lost"),
    ],
)
def test_a_text_is_known_by_every_name_that_a_module_may_have(reason, cause):
    """Instances of modules have the name that the configuration gives them; versions put other words in front."""
    assert said(line(reason, outer="a@b.nl", hop=Hop.HOME)) == cause


# -- the lines of one login ------------------------------------------------------------------------------


WRONG = "mschap: MS-CHAP2-Response is incorrect"
AGAIN = "eap_peap: The users session was previously rejected: returning reject (again.)"
INNER = line(WRONG, kind=Kind.INNER, inner="jan@b.nl", hop=Hop.HOME)


def test_the_inner_login_says_more_than_the_outer_one():
    outer = line(AGAIN, outer="a@b.nl", hop=Hop.HOME)
    assert found(outer, INNER) == found(INNER, outer) == "wrong-password"


def test_a_reason_says_more_than_that_somebody_refused():
    so = line("Home Server says so", outer="a@b.nl", hop=Hop.VISITED)
    ticks = line(product=Product.FTICKS, outer="a@b.nl", hop=Hop.FEDERATION)
    assert found(so, ticks) == "refused-by-home"
    assert found(so, ticks, INNER) == "wrong-password"


def test_home_is_believed_before_the_federation_and_that_before_the_visited_site():
    visited = line("Rejected: User-Name contains whitespace", outer="a@b.nl", hop=Hop.VISITED)
    proxy = {"product": Product.RADSECPROXY, "server": "_self_", "hop": Hop.FEDERATION}
    federation = line("govroam: unknown realm", outer="a@b.nl", **proxy)
    home = line("expiration: Account expired at '1 Nov'", outer="a@b.nl", hop=Hop.HOME)
    assert found(visited, federation, home) == found(home, federation, visited) == "account-expired"
    assert found(visited, federation) == "unknown-realm"


def test_the_device_tells_what_no_server_can_know():
    server = line("eap_ttls: (TLS) Alert read:fatal:internal error", outer="a@b.nl", hop=Hop.HOME)
    says = "CTRL-EVENT-EAP-TLS-CERT-ERROR reason=10 depth=0 err='Domain mismatch'"
    device = line(says, product=Product.WPA_SUPPLICANT, hop=Hop.DEVICE, **SAYS_NOTHING)
    assert found(server) == "device-broke-off"
    assert found(server, device) == "server-name-mismatch"


def test_what_a_daemon_says_of_itself_comes_after_what_is_said_of_the_login():
    """Another connection may be down at the same moment; it is not the cause of this login."""
    says = "Connection failed: Connection refused"
    notice = line(says, product=Product.RADSECPROXY, hop=Hop.FEDERATION, **SAYS_NOTHING)
    assert found(notice) == "link-down"
    assert found(notice, line("Home Server says so", outer="a@b.nl", hop=Hop.VISITED)) == "refused-by-home"


def test_who_was_silent_depends_on_who_noticed():
    says = {"reason": "missing response to Access-Request", "product": Product.RADSECPROXY, "outer": "a@b.nl"}
    at_visited = line(server="flr1", hop=Hop.VISITED, **says, **SAYS_NOTHING)
    at_federation = line(server="almelo", hop=Hop.FEDERATION, **says, **SAYS_NOTHING)
    assert found(at_visited) == "no-answer"
    assert found(at_visited, at_federation) == "home-silent"


def test_nothing_is_guessed():
    assert CATALOGUE.cause_of([]) is None
    assert found(line("something nobody has seen before", outer="a@b.nl")) == ""
    assert found(line("", outer="jan@almelo.example")) == ""
    assert said(line("", product=Product.UNKNOWN, kind=Kind.UNPARSED, result=Result.NONE)) == ""


@pytest.mark.parametrize("product", list(Product))
def test_a_success_has_no_cause(product):
    accepted = {"kind": Kind.RESULT, "result": Result.ACCEPT, "outer": "anonymous@almelo.example"}
    assert said(line("", product=product, **accepted)) == ""


def test_an_attempt_that_nobody_answered_is_unfinished():
    begin = line("", kind=Kind.REQUEST, result=Result.NONE, outer="a@b.nl", hop=Hop.VISITED)
    at_home = line("", kind=Kind.REQUEST, result=Result.NONE, outer="a@b.nl", hop=Hop.HOME)
    assert found(begin) == "unfinished"
    assert found(begin, at_home) == "device-stopped-halfway"
    assert found(begin, line("", outer="a@b.nl", hop=Hop.HOME)) == "", "it was answered"


@pytest.mark.parametrize(
    ("identity", "checks"),
    [
        ("anonymous", {Identity.NO_REALM}),
        ("jan@", {Identity.EMPTY_REALM}),
        ("jan@ ", {Identity.EMPTY_REALM, Identity.WHITE_SPACE}),
        ("jan@a.nl@b.nl", {Identity.TWO_AT_SIGNS}),
        ("jan@almelo.nl ", {Identity.WHITE_SPACE}),
        ("jan@almelo", {Identity.MALFORMED_REALM}),
        ("jan@almelo..nl", {Identity.MALFORMED_REALM}),
        ("jan@.almelo.nl", {Identity.MALFORMED_REALM}),
        ("jan@almelo.nl.", {Identity.MALFORMED_REALM}),
        ("jan@-almelo.nl", {Identity.MALFORMED_REALM}),
        ("jan@almelo-.nl", {Identity.MALFORMED_REALM}),
        ("host/lt0142.almelo.nl", {Identity.MACHINE_NAME}),
        ("0204041@wlan.mnc004.mcc204.3gppnetwork.org", {Identity.MOBILE_OPERATOR}),
        ("jan@MYABC.com", {Identity.WINDOWS_DEFAULT}),
        ("jan@almelo.local", {Identity.LOCAL_DOMAIN}),
        ("jan.jansen@gmail.com", {Identity.CONSUMER_MAIL}),
        ("jan@hotmail.nl", {Identity.CONSUMER_MAIL}),
        ("anonymous@almelo.nl", set()),
        ("@almelo.nl", set()),
        ("jan@gemeente.amsterdam", set()),
        ("jan@not3gppnetwork.org", set()),
        ("jan@gmail-fans.nl", set()),
        ("ALMELO\\jan", set()),
    ],
)
def test_what_is_wrong_with_an_identity(identity, checks):
    assert {check for check, wrong in IDENTITY.items() if wrong(identity)} == checks


# -- columns ---------------------------------------------------------------------------------------------


def test_columns_get_what_their_texts_decide_and_nothing_else():
    rows = {
        ("freeradius", WRONG, ""): "wrong-password",
        ("nps", "", "16"): "wrong-name-or-password",
        ("nps", "Verificatie is mislukt", "36"): "account-locked",
        ("radsecproxy", "missing response to Access-Request", ""): "no-answer",
        ("freeradius", "a new text", ""): "",
        ("", WRONG, ""): "",
    }
    assert CATALOGUE.causes(rows) == list(rows.values())
    assert CATALOGUE.causes([]) == []


def test_columns_and_lines_agree_on_every_text():
    texts = sorted({(one.product.value, one.reason, one.code) for _, p in PATTERNS for one in lines_of(p.line)})
    for (product, reason, code), cause in zip(texts, CATALOGUE.causes(texts), strict=True):
        if cause:
            assert said(line(reason, product=Product(product), code=code, **SAYS_NOTHING)) == cause


# -- our own configuration -------------------------------------------------------------------------------


def own_refusals() -> dict[str, str]:
    """Every name and text with which the servers that the toolkit configures refuse a login."""
    refusals = {}
    for template in sorted((PROJECT / "templates/freeradius/radiusd.conf").glob("*.j2")):
        names = re.findall(r'&Log-Refusal := "([a-z-]+)"(?:\s+&Log-Reason := "([^"{]+)")?', template.read_text())
        refusals.update({name: text or refusals.get(name, "") for name, text in names})
    for standard in sorted((PROJECT / "inventory/standard").glob("*/govroam.yml")):
        for refusal in parse(standard.read_bytes(), standard)["refusals"]:
            refusals[refusal["id"]] = refusal["reason"]
    return refusals


REFUSALS = own_refusals()


def test_the_refusals_of_our_own_configuration_were_found():
    named = {"no-realm", "consumer-mail", "no-eap", "proxy-loop", "wrong-ssid", "loop", "inner-realm", "no-answer"}
    assert named <= REFUSALS.keys()


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_every_refusal_of_our_own_configuration_has_a_cause(name):
    """In the login log it is a code, in radius.log the text of a module."""
    by_code = said(line(REFUSALS[name], code=name, outer="jan@almelo.example"))
    assert by_code
    if name != "no-answer":  # the section that says so sets no module's text
        assert said(line(f"refused, {name}: {REFUSALS[name] or 'x'}", outer="jan@almelo.example")) == by_code


def test_every_reply_message_of_our_own_proxies_has_a_cause():
    texts = set()
    for template in sorted((PROJECT / "templates").rglob("*.j2")):
        texts.update(re.findall(r'ReplyMessage "([^"]+)"', template.read_text()))
    assert len(texts) == 4
    own = {"product": Product.RADSECPROXY, "server": "_self_", "hop": Hop.FEDERATION}
    relayed = {"product": Product.RADSECPROXY, "server": "flr1", "hop": Hop.VISITED}
    for text in sorted(texts):
        says = text.replace("{{ refusal.reason }} ({{ refusal.id }})", "no realm in the user name (no-realm)")
        says = says.replace("{{ route.home }}", "borne")
        for where in (own, relayed, {"hop": Hop.VISITED}):
            match = CATALOGUE.match(line(says, outer="a@b.nl", **where))
            assert match is not None, says
            assert match.cause.certainty is Certainty.EXACT, says
