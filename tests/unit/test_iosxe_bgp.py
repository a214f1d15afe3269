"""What is read from the `show` commands of IOS-XE about BGP, in the forms that its releases have."""

import pytest

from ggi_net.push.cisco_bgp import read_neighbors, read_prefixes

NEIGHBORS = """\
BGP neighbor is 198.51.100.1,  vrf datanet,  remote AS 4200900000, external link
  BGP state = Established, up for 1w2d
BGP neighbor is 198.51.100.2,  vrf datanet,  remote AS 4200900000, external link
  BGP state = Idle, down for 00:00:07
BGP neighbor is *2001:DB8::1,  remote AS 64513, internal link
  BGP state = Established, up for 00:10:00
"""
ROUTES = """\
BGP table version is 7, local router ID is 192.0.2.1
Status codes: s suppressed, d damped, h history, * valid, > best, i - internal,
              r RIB-failure, S Stale, m multipath, b backup-path, f RT-Filter,
Origin codes: i - IGP, e - EGP, ? - incomplete

     Network          Next Hop            Metric LocPrf Weight Path
Route Distinguisher: 64512:1 (default for vrf datanet)
 *>   198.18.5.0/26    0.0.0.0                  0         32768 i
 *>i  192.0.2.0        198.51.100.9             0    100      0 i
 r>   10.0.0.0         198.51.100.9             0             0 64513 i
 *>   2001:DB8:8004:200::/64
                       ::                       0         32768 i

Total number of prefixes 4
"""


def test_neighbors_have_an_address_a_vrf_and_a_state():
    assert [(str(n.address), n.vrf, n.up, n.announced) for n in read_neighbors(NEIGHBORS)] == [
        (
            "198.51.100.1", "datanet", True,
            "show bgp vpnv4 unicast vrf datanet neighbors 198.51.100.1 advertised-routes",
        ),
        (
            "198.51.100.2", "datanet", False,
            "show bgp vpnv4 unicast vrf datanet neighbors 198.51.100.2 advertised-routes",
        ),
        ("2001:db8::1", "default", True, "show bgp ipv6 unicast neighbors 2001:DB8::1 advertised-routes"),
    ]  # fmt: skip


def test_without_bgp_there_is_none():
    assert read_neighbors("% BGP not active\n") == []
    assert read_prefixes("% No such neighbor or address family\n") == frozenset()


def test_prefixes_are_written_out_and_no_next_hop_is_taken_for_one():
    assert read_prefixes(ROUTES) == {"198.18.5.0/26", "192.0.2.0/24", "10.0.0.0/8", "2001:db8:8004:200::/64"}


@pytest.mark.parametrize(
    ("read", "text"),
    [(read_neighbors, "BGP neighbor is somewhere,  remote AS 1\n"), (read_prefixes, " *> 999.0.0.1/8\n")],
)
def test_what_is_no_address_is_not_read_as_one(read, text):
    with pytest.raises(ValueError, match="does not appear to be"):
        read(text)
