"""How far the clocks of servers are apart, seen from answers that two of them wrote about one attempt.

For each pair of hosts the differences between answers about one device are counted. Those of one attempt are all about
the same; those of different attempts are spread. Where enough answers agree, their median is how far the clocks are
apart. Where a log has no readable MAC, answers for one realm about devices of one vendor are compared instead.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Kind, Product
from ggi_net.authlog.logins.event import EPOCH, MAC_DIGITS, vendor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ggi_net.authlog.line import Line

    Key = tuple[str, ...]
    Pair = tuple[str, str]
    Answers = dict[Key, dict[str, list[float]]]

FURTHEST = 900.0
"""Seconds that clocks are searched to be apart."""
BIN = 2.0
"""Seconds within which differences count as equal: times in whole seconds, and the way of an answer."""
ENOUGH = 5
"""Answers that must agree."""
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
    by_mac, by_vendor, proxies = _answers(lines)
    edges = _agreed(_differences(by_vendor)) | _agreed(_differences(by_mac))
    return _offsets(edges, proxies)


def _answers(lines: Iterable[Line]) -> tuple[Answers, Answers, set[str]]:
    """The times of answers by host, of each device and of each vendor and realm, and the hosts that write F-Ticks."""
    by_mac: defaultdict[Key, defaultdict[str, set[float]]] = defaultdict(lambda: defaultdict(set))
    by_vendor: defaultdict[Key, defaultdict[str, set[float]]] = defaultdict(lambda: defaultdict(set))
    proxies: set[str] = set()
    asked: dict[tuple[str, str], str] = {}
    answers: list[Line] = []
    for line in lines:
        if line.product is Product.NPS and line.session and line.mac:
            asked[line.host, line.session] = line.mac
        if line.kind is not Kind.RESULT or not line.host:
            continue
        if line.product is Product.FTICKS:
            proxies.add(line.host)
        if line.product is Product.NPS and not line.mac:
            answers.append(line)
            continue
        time = _time(line)
        if len(line.mac) == MAC_DIGITS:
            by_mac[line.mac, line.result][line.host].add(time)
        if line.realm and (part := vendor(line)):
            by_vendor[part, line.realm, line.result][line.host].add(time)
    for line in answers:  # NPS has the device in what was asked, and the same number in both
        if mac := asked.get((line.host, line.session), ""):
            by_mac[mac, line.result][line.host].add(_time(line))
    return _few(by_mac), _few(by_vendor), proxies


def _time(line: Line) -> float:
    """When a line was written; of one in whole seconds, the middle of that second."""
    time = (line.time - EPOCH).total_seconds()
    return time if line.time.microsecond else time + 0.5


def _few(answers: Mapping[Key, Mapping[str, set[float]]]) -> Answers:
    """The first answers of each host, where there is more than one host."""
    return {
        key: {host: _seconds(times)[:PER_KEY] for host, times in hosts.items()}
        for key, hosts in answers.items()
        if len(hosts) > 1
    }


def _seconds(times: set[float]) -> list[float]:
    """The times in order, one of each second: a server may have two logs of one answer."""
    found: dict[int, float] = {}
    for time in sorted(times):
        found.setdefault(int(time), time)
    return list(found.values())


def _differences(answers: Answers) -> dict[Pair, list[list[float]]]:
    """By pair of hosts, for each answer of the one how far it is from those of the other."""
    found: defaultdict[Pair, list[list[float]]] = defaultdict(list)
    for hosts in answers.values():
        names = sorted(hosts)
        for number, one in enumerate(names):
            for other in names[number + 1 :]:
                for a in hosts[one]:
                    if near := [a - b for b in hosts[other] if abs(a - b) <= FURTHEST]:
                        found[one, other].append(near)
    return found


def _agreed(differences: dict[Pair, list[list[float]]]) -> dict[Pair, tuple[int, float]]:
    """The pairs of which enough answers agree on a difference that no other one rivals: how many, and which."""
    found: dict[Pair, tuple[int, float]] = {}
    for pair, counted in differences.items():
        votes: Counter[int] = Counter()
        for near in counted:
            votes.update({int(d // BIN) for d in near} | {int(d // BIN) + 1 for d in near})
        best = max(
            votes, key=lambda place: (2 * votes[place] + votes[place - 1] + votes[place + 1], -abs(place), place)
        )
        others = max((count for place, count in votes.items() if abs(place - best) > 2), default=0)
        if votes[best] >= max(ENOUGH, TWICE * others):
            agreeing = [d for near in counted for d in near if (best - 1) * BIN <= d < (best + 1) * BIN]
            found[pair] = (votes[best], median(agreeing))
    return found


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
