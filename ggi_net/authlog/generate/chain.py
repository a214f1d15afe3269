"""An attempt on its way: which servers it crosses, and what each of them writes and when."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ggi_net.authlog.generate import lines
from ggi_net.authlog.generate.lines import Attempt, server_of

if TYPE_CHECKING:
    from ggi_net.authlog.generate.files import Files
    from ggi_net.authlog.generate.world import Town

PATIENCE = 8
"""After how many seconds a proxy gives up."""
PROXIES = ("flr1", "flr2")


class Chain:
    """All servers. Lines wait until their second has come, so that every file is in order of time."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._waiting: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
        self._written = 0
        self._numbers: defaultdict[str, int] = defaultdict(int)

    def until(self, second: int) -> None:
        """Write all that was logged before `second`."""
        for past in range(self._written or min(self._waiting, default=second), second):
            for path, line in self._waiting.pop(past, ()):
                self._files.write(path, line)
        self._written = max(self._written, second)

    def finish(self) -> None:
        """Write the rest."""
        for second in sorted(self._waiting):
            for path, line in self._waiting.pop(second):
                self._files.write(path, line)

    def run(self, attempt: Attempt) -> str:
        """Let every server log an attempt; return how it ended: accept, reject or unfinished."""
        fault = attempt.fault
        self._begins(attempt)
        if fault and fault.where == "visited":
            self._refused_by_visited(attempt)
            return "reject"
        away = attempt.who.home is not attempt.visited
        if fault and fault.where == "federation":
            self._refused_by_federation(attempt)
            return "reject"
        if fault and fault.where in ("silent", "cut") and away:
            self._silence(attempt)
            return "reject"
        if fault and fault.where in ("silent", "cut"):
            fault = attempt.fault = None  # logins at home don't take that way
        if fault and fault.where == "gone":
            self._home_request(attempt)
            self._gone(attempt)
            return "unfinished"
        self._home_request(attempt)
        self._home_answer(attempt)
        accepted = fault is None
        if away:
            self._passes(attempt, accepted)
        self._answered(attempt, accepted, away)
        return "accept" if accepted else "reject"

    # -- the visited organisation ---------------------------------------------------------------------------

    def _begins(self, attempt: Attempt) -> None:
        if attempt.visited.hostapd:
            self._radio(attempt, 0, "IEEE 802.11", "associated (aid 1)")
            self._radio(attempt, 0, "IEEE 802.1X", f"STA identity '{attempt.outer}'")
        self._login_log(attempt, attempt.visited, 0, "sp", "request", client="access-point")

    def _refused_by_visited(self, attempt: Attempt) -> None:
        assert attempt.fault is not None  # noqa: S101  for the type checker
        refusal, reason = attempt.fault.refusal
        self._login_log(
            attempt,
            attempt.visited,
            0,
            "sp",
            "result",
            result="reject",
            client="access-point",
            refusal=refusal,
            reason=reason,
        )
        self._radius_log(attempt, attempt.visited, 0, f"Login incorrect (refused, {refusal}: {reason})", attempt.outer)
        self._rejected_by_radio(attempt, 0)

    def _answered(self, attempt: Attempt, accepted: bool, away: bool) -> None:
        town, fault = attempt.visited, attempt.fault
        if accepted:
            self._login_log(
                attempt, town, 1, "sp", "result", result="accept", client="access-point", cui=attempt.cui, vlan="340"
            )
            self._radius_log(attempt, town, 1, "Login OK", attempt.outer)
            if town.hostapd:
                self._radio(attempt, 1, "IEEE 802.1X", f"authenticated - {lines.eap_words(attempt.who.method)}")
                self._radio(attempt, 1, "RADIUS", f"starting accounting session {attempt.number:016X}")
            address = f"198.18.{130 + town.number % 100}.{1 + attempt.number % 250}"
            self._login_log(
                attempt, town, 3, "sp", "accounting", result="start", client="access-point", address=address
            )
            return
        reason = "refused by the home organisation"
        if fault and not away and not town.nps:
            reason = fault.outer.get(attempt.who.method, "")
        self._login_log(attempt, town, 1, "sp", "result", result="reject", client="access-point", reason=reason)
        self._radius_log(attempt, town, 1, "Login incorrect (Home Server says so)", attempt.outer)
        self._rejected_by_radio(attempt, 1)

    def _silence(self, attempt: Attempt) -> None:
        town = attempt.visited
        if attempt.fault and attempt.fault.where == "silent":
            words = (
                f"missing response to Access-Request for user @{attempt.realm} stationid {attempt.hidden()} "
                f"from {town.slug} (2001:db8:{town.number:x}::1) to {attempt.who.home.slug}"
            )
            self._federation(attempt, PATIENCE - 1, words)
        self._login_log(
            attempt, town, PATIENCE, "sp", "result", result="reject", client="access-point", refusal="no-answer",
            reason="no answer from the federation",
        )  # fmt: skip
        self._radius_log(attempt, town, PATIENCE, "Login incorrect (Home Server failed to respond)", attempt.outer)
        self._rejected_by_radio(attempt, PATIENCE)

    def _gone(self, attempt: Attempt) -> None:
        if attempt.visited.hostapd:
            self._radio(attempt, 20, "IEEE 802.11", "deauthenticated due to inactivity (timer DEAUTH/REMOVE)")

    def _rejected_by_radio(self, attempt: Attempt, after: int) -> None:
        if attempt.visited.hostapd:
            self._radio(attempt, after, "IEEE 802.1X", f"authentication failed - {lines.eap_words(attempt.who.method)}")
            self._radio(attempt, after, "IEEE 802.11", "deauthenticated due to local deauth request")

    # -- the federation ---------------------------------------------------------------------------------------

    def _refused_by_federation(self, attempt: Attempt) -> None:
        words = lines.answer_at_proxy(attempt, "Access-Reject", "_self_ (govroam: unknown realm)")
        self._federation(attempt, 0, words)
        reason = "govroam: unknown realm"
        self._login_log(
            attempt, attempt.visited, 0, "sp", "result", result="reject", client="access-point", reason=reason
        )
        self._radius_log(attempt, attempt.visited, 0, "Login incorrect (Home Server says so)", attempt.outer)
        self._rejected_by_radio(attempt, 0)

    def _passes(self, attempt: Attempt, accepted: bool) -> None:
        answer = "Access-Accept" if accepted else "Access-Reject"
        self._federation(attempt, 1, lines.answer_at_proxy(attempt, answer, attempt.who.home.slug))
        self._federation(attempt, 1, lines.fticks(attempt, "OK" if accepted else "FAIL"), "fticks")

    def _federation(self, attempt: Attempt, after: int, words: str, log: str = "radsecproxy") -> None:
        host = PROXIES[attempt.visited.number & 1]
        at = attempt.second + after
        self._waiting[at].append((f"federation/{host}/{log}.log", lines.proxy(at, host, words)))

    # -- the home organisation --------------------------------------------------------------------------------

    def _home_request(self, attempt: Attempt) -> None:
        home = attempt.who.home
        if home.nps:
            self._nps(attempt, 0, 1, 0)
        else:
            client = "access-point" if home is attempt.visited else "federation"
            self._login_log(attempt, home, 0, "idp", "request", client=client)

    def _home_answer(self, attempt: Attempt) -> None:
        who, fault = attempt.who, attempt.fault
        home = who.home
        if home.nps:
            self._nps(attempt, 1, 3 if fault else 2, fault.nps if fault else 0)
            return
        client = "access-point" if home is attempt.visited else "federation"
        result = "reject" if fault else "accept"
        tls = "TLS 1.2" if who.method != "TLS" else "TLS 1.3"
        tunnel = who.method != "TLS" and not (fault and fault.where == "outer")
        if tunnel:
            why = fault.inner.get(who.method, "") if fault else ""
            self._login_log(attempt, home, 1, "idp", "inner", result=result, inner=who.inner, client=client, reason=why)
            words = f"Login incorrect ({why})" if fault else "Login OK"
            self._radius_log(attempt, home, 1, words, who.inner, client, lines.TUNNEL)
        why = ""
        if fault:
            why = fault.inner.get(who.method, "") if tunnel else fault.outer.get(who.method, "")
        self._login_log(
            attempt, home, 1, "idp", "result", result=result, inner=who.inner if tunnel else "", client=client,
            cui="" if fault else attempt.cui, reason=why, eap=who.method, tls=tls,
        )  # fmt: skip
        words = f"Login incorrect ({fault.outer.get(who.method, '')})" if fault else "Login OK"
        via = lines.VIRTUAL if home is attempt.visited else ""
        self._radius_log(attempt, home, 1, words, attempt.outer, client, via)

    # -- logs -------------------------------------------------------------------------------------------------

    def _login_log(self, attempt: Attempt, town: Town, after: int, role: str, event: str, **said: str) -> None:
        at = attempt.second + after
        text = lines.login_log(at + town.skew, server_of(town), role, event, attempt, **said)
        self._waiting[at].append((f"{town.slug}/govroam.json", text))

    def _radius_log(
        self,
        attempt: Attempt,
        town: Town,
        after: int,
        words: str,
        name: str,
        client: str = "access-point",
        via: str = "",
    ) -> None:
        """What was asked by the server itself has the number of the request that made it ask."""
        at = attempt.second + after
        path = f"{town.slug}/radius.log"
        number = self._numbers[path] + 1
        if not via:
            self._numbers[path] = number
        self._waiting[at].append(
            (path, lines.radius_log(at + town.skew, number, words, name, client, attempt.mac, via))
        )

    def _nps(self, attempt: Attempt, after: int, packet: int, code: int) -> None:
        home, at = attempt.who.home, attempt.second + after
        server = lines.nps_of(home).upper()
        self._waiting[at].append((f"{home.slug}/nps.log", lines.nps_row(at + home.skew, server, packet, attempt, code)))

    def _radio(self, attempt: Attempt, after: int, module: str, words: str) -> None:
        at = attempt.second + after
        self._waiting[at].append((f"{attempt.visited.slug}/hostapd.log", lines.radio(at, attempt, module, words)))
