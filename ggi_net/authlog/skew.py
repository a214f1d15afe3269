"""How far the clocks of servers are apart, seen from answers that two of them wrote about one attempt.

For each pair of hosts the differences between answers about one device are counted. Those of one attempt are all about
the same; those of different attempts are spread. Where enough devices agree, their median is how far the clocks are
apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Kind, Product
from ggi_net.authlog.logins.event import EPOCH, MAC_DIGITS, vendor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.authlog.line import Line

    Key = tuple[str, ...]
    Pair = tuple[str, str]

FURTHEST = 900.0
"""Seconds that clocks are searched to be apart."""
BIN = 2.0
"""Seconds within which differences count as equal: times in whole seconds, and the way of an answer."""
ENOUGH = 5
"""Devices that must agree."""
TWICE = 2.0
"""How many times more often the best difference must occur than any other one."""
PER_KEY = 12
"""Answers of one device at one host that are looked at; devices that try all the time say nothing more."""
SMALLEST = 0.5
"""Seconds below which a difference is the way of the answer."""


def skew(lines: Iterable[Line]) -> dict[str, float]:
    """How many seconds the clock of each host is ahead (negative: behind), where that is known and not nothing.

    The clock that most agree with is taken to be right; of two that differ, that of the federation's proxy or the first
    by name. `lines` are in any order.
    """
    answers, proxies = _answers(lines)
    differences = _differences(answers)
    edges = {pair: found for pair, counted in differences.items() if (found := _agreed(counted)) is not None}
    return _offsets(edges, proxies)


def _answers(lines: Iterable[Line]) -> tuple[dict[Key, dict[str, list[float]]], set[str]]:
    """The times of answers by device and by host, and the hosts that write F-Ticks."""
    found: defaultdict[Key, defaultdict[str, set[float]]] = defaultdict(lambda: defaultdict(set))
    proxies: set[str] = set()
    for line in lines:
        if line.kind is not Kind.RESULT or not line.host:
            continue
        if line.product is Product.FTICKS:
            proxies.add(line.host)
        time = (line.time - EPOCH).total_seconds()
        if not line.time.microsecond:
            time += 0.5
        if len(line.mac) == MAC_DIGITS:
            found[line.mac, line.result][line.host].add(time)
        if line.realm and (part := vendor(line)):
            found[part, line.realm, line.result][line.host].add(time)
    kept = {
        key: {host: sorted(times)[:PER_KEY] for host, times in hosts.items()}
        for key, hosts in found.items()
        if len(hosts) > 1
    }
    return kept, proxies


def _differences(answers: dict[Key, dict[str, list[float]]]) -> dict[Pair, dict[Key, list[float]]]:
    """All differences between answers of two hosts, by pair of hosts and device."""
    found: defaultdict[Pair, dict[Key, list[float]]] = defaultdict(dict)
    for key, hosts in answers.items():
        names = sorted(hosts)
        for number, one in enumerate(names):
            for other in names[number + 1 :]:
                near = [a - b for a in hosts[one] for b in hosts[other] if abs(a - b) <= FURTHEST]
                if near:
                    found[one, other][key] = near
    return found


def _agreed(counted: dict[Key, list[float]]) -> tuple[int, float] | None:
    """How many devices agree on which difference; None when too few do, or when another one is as likely."""
    if len(counted) < ENOUGH:
        return None
    votes: Counter[int] = Counter()
    for differences in counted.values():
        votes.update({int(d // BIN) for d in differences} | {int(d // BIN) + 1 for d in differences})
    best, count = min(votes.items(), key=lambda item: (-item[1], abs(item[0]), item[0]))
    others = max((n for place, n in votes.items() if abs(place - best) > 1), default=0)
    if count < ENOUGH or count < TWICE * others:
        return None
    low, high = (best - 1) * BIN, (best + 1) * BIN
    agreeing = [d for differences in counted.values() for d in differences if low <= d < high]
    return count, median(agreeing)


def _offsets(edges: dict[Pair, tuple[int, float]], proxies: set[str]) -> dict[str, float]:
    """From differences between two to how far each is ahead of what most agree with."""
    neighbours: defaultdict[str, list[tuple[int, str, float]]] = defaultdict(list)
    for (one, other), (count, difference) in edges.items():
        neighbours[one].append((count, other, -difference))
        neighbours[other].append((count, one, difference))
    found: dict[str, float] = {}
    for root in sorted(neighbours, key=lambda host: (host not in proxies, host)):
        if root in found:
            continue
        group = _connected(root, neighbours)
        right = _right(group, proxies)
        found |= {host: round(ahead - right, 3) for host, ahead in group.items()}
    return {host: ahead for host, ahead in sorted(found.items()) if abs(ahead) >= SMALLEST}


def _connected(root: str, neighbours: dict[str, list[tuple[int, str, float]]]) -> dict[str, float]:
    """How far each host that can be compared with `root` is ahead of it, over the pairs that most devices vouch for."""
    ahead = {root: 0.0}
    while True:
        steps = [
            (-count, host, ahead[known] + difference)
            for known in ahead
            for count, host, difference in neighbours[known]
            if host not in ahead
        ]
        if not steps:
            return ahead
        _, host, value = min(steps)
        ahead[host] = value


def _right(group: dict[str, float], proxies: set[str]) -> float:
    """The clock that is right: the middle one; of two in the middle that of a proxy, else that of the first name."""
    ranked = sorted(group.items(), key=lambda item: (item[1], item[0]))
    middle = ranked[(len(ranked) - 1) // 2 : len(ranked) // 2 + 1]
    return min(middle, key=lambda item: (item[0] not in proxies, item[0]))[1]
