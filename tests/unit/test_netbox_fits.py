"""What NetBox can't hold is refused before anything is written, each reason with its object."""

import msgspec
import pytest

from ggi_net.errors import DoesNotFit
from ggi_net.model.network import LinkVrf
from ggi_net.onboard.generate import make_estate
from ggi_net.onboard.netbox.fits import check_fits
from ggi_net.onboard.netbox.load import wanted_for
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate

replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def demo():
    return load_estate(demo_folder())


@pytest.fixture
def almelo(demo):
    return demo.gemeente("almelo")


def refusal(estate, *organisations):
    with pytest.raises(DoesNotFit) as refused:
        wanted_for(estate, organisations)
    return refused.value.message.split("\n  - ")[1:]


def test_the_demo_and_a_generated_estate_fit(demo):
    check_fits(demo.organisations())
    estate = make_estate(20, 1)
    assert len(wanted_for(estate, estate.organisations())) > 10_000


def with_site(one, **changes):
    return replace(one, sites=(replace(one.sites[0], **changes), *one.sites[1:]))


def with_device(one, **changes):
    site = one.sites[0]
    return with_site(one, devices=(replace(site.devices[0], **changes), *site.devices[1:]))


def with_vlan(one, **changes):
    site = one.sites[0]
    return with_site(one, vlans=(replace(site.vlans[0], **changes), *site.vlans[1:]))


def with_link(one, **changes):
    return replace(one, links=(replace(one.links[0], **changes), *one.links[1:]))


SITE, DEVICE, LINK = "almelo: site stadhuis: ", "almelo: device ce-almelo-01: ", "almelo: link almelo-asd: "


def cases():
    long = "x" * 101
    yield (
        "a long name",
        lambda o: replace(o, name=long),
        f"almelo: its name is 101 characters long, and NetBox takes 100: '{long[:59]}…'",
    )
    yield (
        "space before a name",
        lambda o: replace(o, name=" Almelo"),
        "almelo: its name begins or ends with white space, which NetBox removes: ' Almelo'",
    )
    yield (
        "a long site",
        lambda o: with_site(o, name="x" * 95),
        "its name, after that of the organisation, is 104 characters long, and NetBox takes 100: ",
    )
    yield (
        "a long slug",
        lambda o: with_site(replace(o, slug="a" * 50), slug="b" * 50),
        "its slug, after that of the organisation, is longer than 100 characters",
    )
    yield (
        "no-break space",
        lambda o: with_site(o, address="Haven\u00a0"),
        "its address begins or ends with white space, which NetBox removes: 'Haven\\xa0'",
    )
    yield (
        "half a character",
        lambda o: with_site(o, city="\ud83d"),
        "its city holds half a character (a lone surrogate): '\\ud83d'",
    )
    yield (
        "a site twice",
        lambda o: replace(o, sites=(o.sites[0], replace(o.sites[0], slug="ander", devices=(), vlans=()), *o.sites[1:])),
        "2 sites are called ",
    )
    yield (
        "a VLAN twice",
        lambda o: with_site(o, vlans=(o.sites[0].vlans[0], replace(o.sites[0].vlans[0], vid=150, prefixes=()))),
        "2 VLANs are called 'office'",
    )
    yield (
        "not canonical",
        lambda o: with_vlan(o, prefixes=("2001:db8:0:0::/64",)),
        ": write 2001:db8:0:0::/64 as 2001:db8::/64",
    )
    yield "no address", lambda o: with_vlan(o, prefixes=("1.2.3/24",)), ": '1.2.3/24' is no address"
    yield (
        "IPv4 first",
        lambda o: with_device(o, management=tuple(reversed(o.sites[0].devices[0].management))),
        "its management addresses must be one of IPv6, one of IPv4, or both in that order: NetBox holds no others",
    )
    yield (
        "addresses on a LAN port",
        lambda o: with_device(o, ports=(replace(o.sites[0].devices[0].ports[0], kind="lan", gateways=("192.0.2.1",)),)),
        "has addresses, which only an internet port can have",
    )
    yield (
        "a link without VRF",
        lambda o: with_link(o, vrfs={}),
        "it carries no VRF, and NetBox has a link's ends by what it carries",
    )
    yield (
        "a large link",
        lambda o: with_link(o, vrfs={"mgmt": LinkVrf(tag=100, prefixes=("198.19.128.0/30",))}),
        "mgmt: 198.19.128.0/30 is not a /31 or /127",
    )
    yield (
        "the provider that is none",
        lambda o: with_link(o, line=replace(o.links[0].line, provider="Niet opgegeven")),
        "'Niet opgegeven' stands in NetBox for a line without provider; leave the provider out",
    )


@pytest.mark.parametrize(("_name", "change", "said"), list(cases()), ids=[case[0] for case in cases()])
def test_each_thing_that_does_not_fit_is_said(demo, almelo, _name, change, said):
    assert any(said in line for line in refusal(demo, change(almelo))), refusal(demo, change(almelo))


def test_providers_whose_slugs_are_the_same(demo, almelo):
    one = with_link(almelo, line=replace(almelo.links[0].line, provider="Glasvezel, B.V."))
    two = with_link(demo.gemeente("losser"), line=replace(almelo.links[0].line, provider="Glasvezel B.V."))
    assert refusal(demo, one, two) == [
        "the providers 'Glasvezel B.V.' and 'Glasvezel, B.V.' get the same slug; write one of them otherwise"
    ]


def test_gemeenten_of_one_name(demo, almelo):
    assert "2 gemeenten are called 'Almelo'" in refusal(demo, almelo, replace(demo.gemeente("losser"), name="Almelo"))


def test_what_two_gemeenten_have_as_something_else_each_time(demo, almelo):
    losser = replace(demo.gemeente("losser"), asn=almelo.asn)
    with pytest.raises(DoesNotFit) as refused:
        wanted_for(demo, [almelo, losser])
    assert str(refused.value) == (
        f"GGI2025 the estate has these twice, each time as something else:\n  - asn '{almelo.asn}'\n"
        "  hint: `ggi estate validate` says where"
    )


def test_a_long_list_is_cut(demo, almelo):
    vlans = tuple(replace(almelo.sites[0].vlans[0], vid=n, description=" ") for n in range(100, 130))
    lines = refusal(demo, with_site(almelo, vlans=vlans))
    assert len(lines) == 21
    assert lines[-1] == "and 11 more"
