"""Allocation: first fit, aligned, inside the pool, never overlapping, whatever is in use."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.errors import PoolExhausted
from ggi_net.model.allocate import NumberPool, PrefixPool, bounds, overlap, take_common, within

POOL = "198.18.0.0/22"
lengths = st.integers(min_value=23, max_value=32)


@st.composite
def prefixes(draw):
    length = draw(st.integers(min_value=24, max_value=32))
    position = draw(st.integers(min_value=0, max_value=(1 << (length - 22)) - 1))
    base = int(ipaddress.ip_address("198.18.0.0")) + (position << (32 - length))
    return f"{ipaddress.ip_address(base)}/{length}"


def take_all(pool, wanted):
    got = []
    for length in wanted:
        try:
            got.append(pool.take(length))
        except PoolExhausted:
            continue
    return got


@settings(deadline=None)
@given(st.lists(prefixes(), max_size=12), st.lists(lengths, max_size=12))
def test_allocations_never_overlap_each_other_nor_what_is_in_use(used, wanted):
    got = take_all(PrefixPool("test", POOL, used), wanted)
    every = [ipaddress.ip_network(prefix) for prefix in got]
    for position, one in enumerate(every):
        assert one.subnet_of(ipaddress.ip_network(POOL))
        assert not any(one.overlaps(ipaddress.ip_network(other)) for other in used)
        assert not any(one.overlaps(other) for other in every[position + 1 :])


@settings(deadline=None)
@given(st.lists(prefixes(), max_size=12), lengths)
def test_the_first_free_one_is_taken_and_only_a_full_pool_is_exhausted(used, length):
    taken = [ipaddress.ip_network(prefix) for prefix in used]
    free = [n for n in ipaddress.ip_network(POOL).subnets(new_prefix=length) if not any(n.overlaps(t) for t in taken)]
    pool = PrefixPool("test", POOL, used)
    if free:
        assert pool.take(length) == str(free[0])
    else:
        with pytest.raises(PoolExhausted, match=r"pool test \(198.18.0.0/22\) has no free"):
            pool.take(length)


@settings(deadline=None)
@given(st.lists(prefixes(), max_size=10), st.lists(lengths, max_size=10), st.randoms())
def test_the_order_of_what_is_in_use_does_not_matter(used, wanted, random):
    shuffled = list(used)
    random.shuffle(shuffled)
    assert take_all(PrefixPool("a", POOL, used), wanted) == take_all(PrefixPool("b", POOL, shuffled), wanted)


@settings(deadline=None)
@given(st.lists(st.integers(min_value=46, max_value=64), max_size=20), st.data())
def test_every_allocation_has_its_unit_for_itself(wanted, data):
    pool = PrefixPool("test", "2001:db8:8000::/42", unit=46)
    units = [ipaddress.ip_network(prefix).supernet(new_prefix=46) for prefix in take_all(pool, wanted)]
    assert len(set(units)) == len(units)
    assert len(units) == min(len(wanted), 16)


def test_a_block_in_use_keeps_the_room_that_it_may_grow_into():
    pool = PrefixPool("blocks", "2001:db8:8000::/35", ["2001:db8:8000::/48"], unit=46)
    assert pool.take(48) == "2001:db8:8004::/48"


def test_what_lies_outside_a_pool_is_no_concern_of_it():
    pool = PrefixPool("test", "10.0.0.0/24", ["10.0.1.0/24", "2001:db8::/32"])
    assert pool.take(24) == "10.0.0.0/24"


@settings(deadline=None)
@given(st.sets(st.integers(min_value=1, max_value=20)), st.integers(min_value=0, max_value=25))
def test_numbers_are_the_lowest_that_are_free(used, count):
    pool = NumberPool("ids", 1, 20, used)
    free = [number for number in range(1, 21) if number not in used]
    assert [pool.take() for _ in range(min(count, len(free)))] == free[:count]
    if count > len(free):
        with pytest.raises(PoolExhausted, match=r"pool ids \(1-20\) has no free number left"):
            pool.take()


@settings(deadline=None)
@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))
def test_a_tag_is_free_on_both_ports(one, other):
    free = sorted(set(range(1, 31)) - one - other)
    pools = (NumberPool("a", 1, 30, one), NumberPool("b", 1, 30, other))
    if free:
        assert take_common(*pools) == free[0]
        assert all(free[0] in pool for pool in pools)
    else:
        with pytest.raises(PoolExhausted):
            take_common(*pools)


@settings(deadline=None)
@given(prefixes(), prefixes())
def test_arithmetic_agrees_with_the_standard_library(one, other):
    left, right = ipaddress.ip_network(one), ipaddress.ip_network(other)
    assert bounds(one) == (4, int(left.network_address), int(left.broadcast_address))
    assert overlap(one, other) == left.overlaps(right)
    assert within(one, other) == left.subnet_of(right)
