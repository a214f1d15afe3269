"""A home organisation that looks up its users in a directory (LDAPS), as most do: the rendered almelo, unchanged."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec import structs
from radius_chain import WERF, Chain
from radius_directory import Directory

from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate

pytestmark = [
    pytest.mark.live,
    pytest.mark.root,
    pytest.mark.needs("freeradius", "radsecproxy", "eapol_test", "ip", "nft", "setpriv", "ss", "slapd"),
]


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    estate = load_estate(demo_folder())
    gemeenten = tuple(
        structs.replace(g, options={**g.options, "govroam.idp_backend": "ldap"}) if g.slug == "almelo" else g
        for g in estate.gemeenten
    )
    made = Chain(
        tmp_path_factory.mktemp("directory"), dataclasses.replace(estate, gemeenten=gemeenten), prepare=Directory
    )
    yield made
    made.close()


def last_reason(chain):
    return [line for line in chain.log("radius-almelo-01") if line["role"] == "idp"][-1]["reason"]


def test_mschapv2_uses_the_nt_hash_of_the_directory(chain):
    login = chain.login("jan@almelo.example", at=WERF)
    assert login.accepted, last_reason(chain)


def test_a_wrong_password_fails(chain):
    assert not chain.login("jan@almelo.example", at=WERF, password="fout").accepted
    assert last_reason(chain) == "mschap: MS-CHAP2-Response is incorrect"


def test_a_password_in_the_tunnel_is_proved_by_a_bind_as_the_user(chain):
    """Active Directory gives no passwords away, and OpenLDAP shouldn't."""
    login = chain.login("piet@losser.example", method="TTLS", at=WERF)
    assert login.accepted, last_reason(chain)
    assert not chain.login("piet@losser.example", method="TTLS", at=WERF, password="fout").accepted


@pytest.mark.parametrize("user", ["wie@almelo.example", "*@almelo.example", "jan)(cn=*@almelo.example"])
def test_who_is_not_in_the_directory_does_not_get_in(chain, user):
    assert not chain.login(user, method="TTLS", at=WERF).accepted


def test_without_its_directory_the_server_refuses_and_goes_on(chain):
    chain.space("directory").stop("slapd")

    assert not chain.login("jan@almelo.example", at=WERF).accepted
    assert last_reason(chain)
    assert "Access-Accept" in chain.radclient("Message-Authenticator = 0x00\n", kind="status", at=WERF)
