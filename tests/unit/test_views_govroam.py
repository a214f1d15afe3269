"""What RADIUS servers and federation proxies are told: realms, refusals, clients, and what the standard forbids."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path

import pytest
from msgspec import structs

from ggi_net.check.run import check_device
from ggi_net.errors import RenderError
from ggi_net.model.gemeente import Govroam, GovroamRole
from ggi_net.model.network import Role
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.render.views import proxy, radius
from ggi_net.source.files import load_estate

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from radius_names import NAMES

DEMO = load_estate(demo_folder())
PROXIES = ("flr-asd-01", "flr-apd-01")


def with_gemeente(which, estate=DEMO, **changes):
    """The estate with one gemeente changed."""
    gemeenten = tuple(structs.replace(g, **changes) if g.slug == which else g for g in estate.gemeenten)
    return dataclasses.replace(estate, gemeenten=gemeenten)


def with_options(slug, estate=DEMO, **options):
    named = {f"govroam.{name}": value for name, value in options.items()}
    return with_gemeente(slug, estate, options={**estate.gemeente(slug).options, **named})


def with_govroam(govroam, estate=DEMO):
    """The estate with another set of rules for govroam in its one standard."""
    standards = {version: structs.replace(s, govroam=govroam) for version, s in estate.standards.items()}
    return dataclasses.replace(estate, standards=standards)


def with_second_server(estate=DEMO):
    """Almelo with two RADIUS servers."""
    almelo = estate.gemeente("almelo")
    site = almelo.sites[0]
    first = next(d for d in site.devices if d.role is Role.RADIUS)
    second = structs.replace(first, name="radius-almelo-02", management=("2001:db8:c000::11/64", "198.19.0.11/27"))
    sites = (structs.replace(site, devices=(*site.devices, second)), *almelo.sites[1:])
    return with_gemeente("almelo", estate, sites=sites)


def server(name, estate=DEMO):
    return radius.build(estate, estate.placed(name))


def federation_proxy(name="flr-asd-01", estate=DEMO):
    return proxy.build(estate, estate.placed(name))


def texts(name, estate=DEMO):
    return {a.file: a.text for a in render_device(estate, estate.placed(name))}


def blocks(text, kind):
    """The blocks of radsecproxy's configuration of one kind, by name."""
    return dict(re.findall(rf"^{kind} (\S+) \{{\n(.*?)^\}}", text, flags=re.MULTILINE | re.DOTALL))


# -- realms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROXIES)
def test_each_proxy_routes_every_realm_of_the_estate_exactly_once(name):
    realms = [realm for gemeente in DEMO.gemeenten for realm in gemeente.govroam.realms]
    rendered = re.findall(r"^realm ([a-z0-9.-]+) \{", texts(name)["radsecproxy.conf"], flags=re.MULTILINE)

    assert sorted(rendered) == sorted(realms)
    assert sorted(route.realm for route in federation_proxy(name).routes) == sorted(realms)


@pytest.mark.parametrize("name", PROXIES)
def test_every_server_that_a_realm_names_is_defined_before_it(name):
    text = texts(name)["radsecproxy.conf"]
    defined = blocks(text, "server")
    for body in blocks(text, "realm").values():
        assert set(re.findall(r"^    server (\S+)$", body, flags=re.MULTILINE)) <= set(defined)
    assert text.rindex("\nserver ") < text.index("\nrealm ")


def test_a_realm_goes_to_the_servers_of_the_gemeente_that_answers_for_it():
    routes = {route.realm: route.servers for route in federation_proxy().routes}
    assert routes["losser.example"] == ("radius-almelo-01",)
    assert [realm.name for realm in server("radius-almelo-01").realms] == [
        "almelo.example",
        "griffie.almelo.example",
        "losser.example",
    ]
    assert server("radius-losser-01").realms == ()


def test_a_second_server_of_the_home_is_tried_next_and_the_other_proxy_last():
    body = blocks(texts("flr-asd-01", with_second_server())["radsecproxy.conf"], "realm")["almelo.example"]
    assert re.findall(r"server (\S+)", body) == ["radius-almelo-01", "radius-almelo-02", "flr-apd-01"]


def test_a_realm_whose_home_has_no_server_is_refused_by_name():
    estate = with_gemeente("losser", govroam=Govroam(roles=(), realms=("losser.example",), idp="losser"))
    body = blocks(texts("flr-asd-01", estate)["radsecproxy.conf"], "realm")["losser.example"]
    assert 'ReplyMessage "govroam: the home organisation losser has no server"' in body
    assert "server losser" not in body


def test_the_last_realm_catches_the_unknown_and_answers_it():
    assert (
        texts("flr-asd-01")["radsecproxy.conf"]
        .rstrip()
        .endswith('realm * {\n    ReplyMessage "govroam: unknown realm"\n    AccountingResponse on\n}')
    )


@pytest.mark.parametrize("name", PROXIES)
def test_no_realm_passes_accounting_on_and_every_realm_answers_it(name):
    realms = blocks(texts(name)["radsecproxy.conf"], "realm")
    assert all("AccountingResponse on" in body and "accountingServer" not in body for body in realms.values())


# -- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "refusal"), NAMES.items())
def test_the_standard_refuses_what_leads_nowhere_and_nothing_else(name, refusal):
    """The same table is given to both daemons in tests/live/test_radius_chain.py."""
    found = (
        r.id
        for r in federation_proxy().refusals
        if re.search(r.pattern.replace("[[:space:]]", r"\s"), name, flags=re.IGNORECASE)
    )
    assert next(found, "") == refusal


def test_both_daemons_get_the_refusals_in_the_standards_order_before_any_realm():
    ids = [refusal.id for refusal in DEMO.standards["2026.1"].govroam.refusals]
    chain = texts("flr-asd-01")["radsecproxy.conf"]
    assert re.findall(r"^    ReplyMessage .*\(([a-z-]+)\)\"$", chain, flags=re.MULTILINE) == ids
    assert chain.rindex(f"({ids[-1]})") < chain.index("realm almelo.example")
    visited = texts("radius-enschede-01")["radiusd.conf"]
    policy = visited[visited.index("refuse_user_name {") : visited.index("refuse_without_eap {")]
    assert re.findall(r'Log-Refusal := "([a-z-]+)"', policy) == ["no-user-name", *ids]


@pytest.mark.parametrize("pattern", ["a b", "a%20", 'a"', "a{2}", "a#", "a\tb"])
def test_a_pattern_that_a_daemon_would_read_differently_is_refused(pattern):
    rules = DEMO.standards["2026.1"].govroam
    broken = structs.replace(rules, refusals=(structs.replace(rules.refusals[0], pattern=pattern),))
    with pytest.raises(RenderError, match="radsecproxy can't read"):
        federation_proxy(estate=with_govroam(broken))


def test_an_attribute_without_a_known_number_is_refused():
    rules = structs.replace(DEMO.standards["2026.1"].govroam, reply_attributes=("Framed-MTU",))
    with pytest.raises(RenderError, match="'Framed-MTU'"):
        federation_proxy(estate=with_govroam(rules))


# -- the visited site --------------------------------------------------------------------------------


def test_each_sites_access_points_are_clients_with_the_sites_own_secret_and_visitor_vlan():
    found = {(ap.site, ap.prefix, ap.vlan, ap.secret) for ap in server("radius-almelo-01").access_points}
    assert found == {
        ("stadhuis", "2001:db8:c000::/64", 340, "secret://almelo/radius/ap-stadhuis"),
        ("stadhuis", "198.19.0.0/27", 340, "secret://almelo/radius/ap-stadhuis"),
        ("werf", "2001:db8:c000:100::/64", 340, "secret://almelo/radius/ap-werf"),
        ("werf", "198.19.0.32/28", 340, "secret://almelo/radius/ap-werf"),
    }


def test_a_site_without_visitors_has_no_clients():
    almelo = DEMO.gemeente("almelo")
    werf = structs.replace(almelo.sites[1], vlans=tuple(v for v in almelo.sites[1].vlans if v.zone != "govroam"))
    estate = with_gemeente("almelo", sites=(almelo.sites[0], werf))
    assert {ap.site for ap in server("radius-almelo-01", estate).access_points} == {"stadhuis"}


@pytest.mark.parametrize("name", ["radius-almelo-01", "radius-enschede-01", "radius-losser-01"])
def test_every_udp_client_must_sign(name):
    text = texts(name)["radiusd.conf"]
    clients = re.findall(r"^client \S+ \{\n(.*?)^\}", text, flags=re.MULTILINE | re.DOTALL)
    assert clients
    assert all("require_message_authenticator = yes" in client for client in clients)


def test_a_visited_site_only_holds_nothing_of_a_home_organisation():
    text = texts("radius-enschede-01")["radiusd.conf"]
    for word in ("server home", "server inner", "tls-config", "files {", "virtual_server = home", "Cui-Key"):
        assert word not in text
    assert "ListenTLS" not in texts("radius-enschede-01")["radsecproxy.conf"]


@pytest.mark.parametrize(("chosen", "limit"), [(3600, 3600), (28800, 28800)])
def test_the_session_timeout_is_the_gemeentes_and_at_most_the_standards(chosen, limit):
    text = texts("radius-enschede-01", with_options("enschede", session_timeout=chosen))["radiusd.conf"]
    assert f"&reply:Session-Timeout > {limit})" in text
    assert f"&Session-Timeout := {limit}\n" in text


def test_logs_are_kept_as_long_as_the_gemeente_says():
    text = texts("radius-enschede-01", with_options("enschede", log_retention_days=30))["logrotate-freeradius"]
    assert re.findall(r"(rotate|maxage) (\d+)", text) == [("rotate", "30"), ("maxage", "30")] * 2


# -- the home organisation ---------------------------------------------------------------------------


def test_a_home_that_is_no_visited_site_has_no_access_points_and_opens_no_connection():
    estate = with_gemeente("almelo", govroam=structs.replace(DEMO.gemeente("almelo").govroam, roles=(GovroamRole.IDP,)))
    files = texts("radius-almelo-01", estate)
    assert "virtual_server = visited" not in files["radiusd.conf"]
    assert not re.search(r"^server flr", files["radsecproxy.conf"], flags=re.MULTILINE)
    assert 'ReplyMessage "govroam: no visitors here"' in files["radsecproxy.conf"]
    assert "client radius-almelo-01 {" not in texts("flr-asd-01", estate)["radsecproxy.conf"]
    assert "server radius-almelo-01 {" in texts("flr-asd-01", estate)["radsecproxy.conf"]


@pytest.mark.parametrize(
    ("methods", "default"),
    [(("tls",), "tls"), (("ttls",), "ttls"), (("ttls", "peap"), "peap"), (("tls", "ttls"), "ttls")],
)
def test_only_the_chosen_eap_methods_are_offered(methods, default):
    text = texts("radius-almelo-01", with_options("almelo", eap_methods=list(methods)))["radiusd.conf"]
    offered = re.findall(r"^\t\t(tls|ttls|peap) \{", text, flags=re.MULTILINE)
    assert sorted(offered) == sorted(methods)
    assert f"default_eap_type = {default}\n" in text
    assert ("server inner {" in text) == (methods != ("tls",))


def test_a_directory_is_found_by_its_name_in_the_gemeentes_domain():
    (found,) = server("radius-almelo-01", with_options("almelo", idp_backend="ldap")).directories
    assert (found.url, found.base) == ("ldaps://ldap.almelo.example", "dc=almelo,dc=example")


def test_a_directory_may_have_a_name_and_base_of_its_own():
    estate = with_options("almelo", idp_backend="ldap", ldap_server="ad.almelo.example", ldap_base="ou=mensen,dc=x")
    (found,) = server("radius-almelo-01", estate).directories
    assert (found.url, found.base) == ("ldaps://ad.almelo.example", "ou=mensen,dc=x")


@pytest.mark.parametrize("name", ["ad", "ad.almelo.example:636", "a b.example", "-x.example"])
def test_a_directory_that_is_no_domain_name_is_refused(name):
    with pytest.raises(RenderError, match="not a domain name"):
        server("radius-almelo-01", with_options("almelo", idp_backend="ldap", ldap_server=name))


# -- the federation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROXIES)
def test_every_tls_peer_is_known_by_the_name_in_its_certificate(name):
    text = texts(name)["radsecproxy.conf"]
    for kind in ("client", "server"):
        for peer, body in blocks(text, kind).items():
            (pattern,) = re.findall(r"MatchCertificateAttribute SubjectAltName:DNS:/(\S+)/$", body, flags=re.MULTILINE)
            placed = DEMO.placed(peer)
            fqdn = f"{peer}.{placed.organisation.domain}"
            assert re.search(pattern, fqdn)
            assert not re.search(pattern, f"{fqdn}.attacker.example")
            assert not re.search(pattern, fqdn.replace(".", "x", 1))


def test_an_operator_can_only_visit_in_its_own_name():
    text = texts("flr-asd-01")["radsecproxy.conf"]
    rewrites = blocks(text, "rewrite")
    for peer, body in blocks(text, "client").items():
        if not peer.startswith("radius-"):
            continue
        domain = DEMO.placed(peer).organisation.domain
        (rewrite,) = re.findall(r"RewriteIn (\S+)", body)
        assert "RemoveAttribute 126\n" in rewrites[rewrite]
        assert f"AddAttribute 126:'1{domain}\n" in rewrites[rewrite]
        assert f"FticksVISINST 1{domain}\n" in body


def test_nobody_elses_vlans_pass_in_either_direction():
    text = texts("flr-asd-01")["radsecproxy.conf"]
    rewrites = blocks(text, "rewrite")
    border = {"RemoveAttribute 64", "RemoveAttribute 65", "RemoveAttribute 81"}
    allowed = set(re.findall(r"Whitelist(?:Vendor)?Attribute (\S+)", rewrites["reply"]))
    assert not allowed & {"64", "65", "81", "8", "26", "85"}
    for name, body in rewrites.items():
        if name != "reply":
            assert border <= {line.strip() for line in body.splitlines()}
    for body in blocks(text, "server").values():
        assert "RewriteIn reply" in body
    for body in blocks(text, "client").values():
        assert "RewriteOut reply" in body


@pytest.mark.parametrize("name", [*PROXIES, "radius-almelo-01", "radius-enschede-01"])
def test_the_proxies_log_no_names_and_no_readable_devices(name):
    text = texts(name)["radsecproxy.conf"]
    assert "LogFullUsername off" in text
    assert "LogMAC VendorKeyHashed" in text
    assert "eduroam" not in text


def test_gemeenten_share_the_load_over_both_proxies():
    first = {server(name).proxies[0].name for name in ("radius-almelo-01", "radius-enschede-01")}
    assert first == set(PROXIES)


def test_a_gemeente_on_udp_shares_a_secret_with_each_proxy_and_the_same_at_both_ends():
    estate = with_options("enschede", radius_transport="udp")
    files = texts("radius-enschede-01", estate)
    assert "radsecproxy.conf" not in files
    for name in PROXIES:
        reference = f"secret://enschede/radius/{name}"
        assert f"secret = '{reference}'" in files["radiusd.conf"]
        assert f'secret "{reference}"' in texts(name, estate)["radsecproxy.conf"]
        assert "udp dport { 1812 }" in texts(name, estate)["nftables.conf"]
        assert "udp dport { 1812 }" not in texts(name)["nftables.conf"]


# -- the servers' own firewalls ----------------------------------------------------------------------


def test_radsec_is_open_to_the_federation_only_and_only_at_a_home():
    home, visited = server("radius-almelo-01"), server("radius-enschede-01")
    assert {(r.family, r.addresses) for r in home.inbound if r.ports == "2083"} == {
        (6, "2001:db8:fe00:2::10, 2001:db8:fe00:1::10"),
        (4, "198.19.224.52, 198.19.224.20"),
    }
    assert not [r for r in visited.inbound if r.ports == "2083"]


@pytest.mark.parametrize("name", ["radius-almelo-01", "radius-enschede-01", "flr-asd-01"])
def test_management_is_open_to_the_management_networks_only(name):
    view = server(name) if name.startswith("radius") else federation_proxy(name)
    managed = {(r.ports, r.addresses) for r in view.inbound if r.ports in {"22", "161"}}
    assert {addresses for _, addresses in managed} == {"2001:db8:fe00::/47", "198.19.224.0/26"}
    assert {ports for ports, _ in managed} == {"22", "161"}


# -- what contradicts itself -------------------------------------------------------------------------


def test_a_server_without_a_part_in_govroam_is_refused():
    estate = with_gemeente("enschede", govroam=Govroam())
    with pytest.raises(RenderError, match="has a RADIUS server but no part in govroam"):
        server("radius-enschede-01", estate)


def test_a_visited_site_without_a_visitor_network_is_refused():
    losser = DEMO.gemeente("losser")
    site = structs.replace(losser.sites[0], vlans=tuple(v for v in losser.sites[0].vlans if v.zone != "govroam"))
    with pytest.raises(RenderError, match="no site has both a govroam and a mgmt VLAN"):
        server("radius-losser-01", with_gemeente("losser", sites=(site,)))


def test_a_home_without_any_eap_method_is_refused():
    with pytest.raises(RenderError, match=r"govroam\.eap_methods"):
        server("radius-almelo-01", with_options("almelo", eap_methods=[]))


@pytest.mark.parametrize(
    ("field", "value", "message"), [("ports", (), "no port"), ("management", (), "no management address")]
)
def test_a_server_that_lacks_a_port_or_address_is_refused(field, value, message):
    losser = DEMO.gemeente("losser")
    site = losser.sites[0]
    devices = tuple(structs.replace(d, **{field: value}) if d.role is Role.RADIUS else d for d in site.devices)
    estate = with_gemeente("losser", sites=(structs.replace(site, devices=devices),))
    with pytest.raises(RenderError, match=message):
        server("radius-losser-01", estate)


def test_a_reference_that_would_be_too_long_is_refused():
    almelo = DEMO.gemeente("almelo")
    sites = (structs.replace(almelo.sites[0], slug="a" * 50), *almelo.sites[1:])
    estate = with_gemeente("almelo", slug="b" * 30, sites=sites)
    with pytest.raises(RenderError, match="longer than 79"):
        server("radius-almelo-01", estate)


# -- the real daemons --------------------------------------------------------------------------------

VARIANTS = {
    "directory": with_options("almelo", idp_backend="ldap"),
    "certificates only": with_options("almelo", eap_methods=["tls"]),
    "passwords only": with_options("almelo", eap_methods=["peap", "ttls"]),
    "udp": with_options("enschede", with_options("almelo", radius_transport="udp"), radius_transport="udp"),
    "home only": with_gemeente(
        "almelo", govroam=structs.replace(DEMO.gemeente("almelo").govroam, roles=(GovroamRole.IDP,))
    ),
    "home only, udp": with_gemeente(
        "almelo",
        with_options("almelo", radius_transport="udp"),
        govroam=structs.replace(DEMO.gemeente("almelo").govroam, roles=(GovroamRole.IDP,)),
    ),
    "two servers": with_second_server(),
}


@pytest.mark.needs("freeradius", "radsecproxy", "nft")
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_daemons_accept_every_combination_of_options(variant):
    estate = VARIANTS[variant]
    for name in ("radius-almelo-01", "flr-asd-01"):
        chosen = [
            artifact
            for artifact in render_device(estate, estate.placed(name))
            if artifact.file not in {"sshd.conf", "snmpd.conf", "chrony.conf", "rsyslog.conf"}
        ]
        verdicts = check_device(tuple(chosen))
        assert {f"{v.file}:{f.line}: {f.message}" for v in verdicts for f in v.findings} == set()


@pytest.mark.needs("radsecproxy")
def test_the_check_finds_one_realm_whose_server_is_not_defined():
    """radsecproxy says "All OK so far" after such an error, and would refuse every user of that realm."""
    (artifact,) = (a for a in render_device(DEMO, DEMO.placed("flr-asd-01")) if a.file == "radsecproxy.conf")
    broken = dataclasses.replace(
        artifact,
        text=artifact.text.replace("losser.example {\n    server radius", "losser.example {\n    server rodius"),
    )
    (verdict,) = check_device((broken,))
    assert [f.message for f in verdict.findings] == [
        "addsrvconfs failed for realm losser.example, no server named rodius-almelo-01"
    ]
