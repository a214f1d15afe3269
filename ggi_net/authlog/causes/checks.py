"""Named checks of what lines say beside a reason: of the outer identity, the visitor's address, the whole attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.causes.cause import Address, Attempt, Identity
from ggi_net.authlog.line import Hop, Kind, Product, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ggi_net.authlog.line import Line

_CONSUMER = ("gmail", "googlemail", "hotmail", "live", "outlook", "yahoo", "icloud")


def _realm(identity: str) -> str:
    return identity.rpartition("@")[2].strip().lower()


def _no_realm(identity: str) -> bool:
    """A name with a backslash is Windows' own form (DOMAIN\\user), which is for its own server to judge."""
    return "@" not in identity and "\\" not in identity and not _machine(identity)


def _empty_realm(identity: str) -> bool:
    return "@" in identity and not _realm(identity)


def _white_space(identity: str) -> bool:
    return any(character.isspace() for character in identity)


def _malformed_realm(identity: str) -> bool:
    if "@" not in identity or not (realm := _realm(identity)):
        return False
    labels = realm.split(".")
    return len(labels) < 2 or any(not label or label.startswith("-") or label.endswith("-") for label in labels)


def _machine(identity: str) -> bool:
    return identity.lower().startswith("host/")


def _below(*domains: str) -> Callable[[str], bool]:
    ends = tuple(f".{domain}" for domain in domains)
    return lambda identity: "@" in identity and f".{_realm(identity)}".endswith(ends)


def _consumer(identity: str) -> bool:
    return "@" in identity and _realm(identity).partition(".")[0] in _CONSUMER


IDENTITY: Mapping[Identity, Callable[[str], bool]] = {
    Identity.NO_REALM: _no_realm,
    Identity.EMPTY_REALM: _empty_realm,
    Identity.TWO_AT_SIGNS: lambda identity: identity.count("@") > 1,
    Identity.WHITE_SPACE: _white_space,
    Identity.MALFORMED_REALM: _malformed_realm,
    Identity.MACHINE_NAME: _machine,
    Identity.MOBILE_OPERATOR: _below("3gppnetwork.org", "3gppnetworks.org"),
    Identity.WINDOWS_DEFAULT: _below("myabc.com"),
    Identity.LOCAL_DOMAIN: _below("local"),
    Identity.CONSUMER_MAIL: _consumer,
}
"""Whether something is wrong with an outer identity that isn't empty (the rules of govroam; RFC 7542)."""

ADDRESS: Mapping[Address, Callable[[str], bool]] = {
    Address.SELF_ASSIGNED: lambda address: address.startswith("169.254."),
}


def _never_answered(lines: Sequence[Line]) -> bool:
    answered = any(line.kind in (Kind.RESULT, Kind.INNER) and line.result != Result.NONE for line in lines)
    return not answered and any(_asks(line) for line in lines)


def _never_answered_at_home(lines: Sequence[Line]) -> bool:
    return _never_answered(lines) and any(line.hop == Hop.HOME and _asks(line) for line in lines)


def _asks(line: Line) -> bool:
    """Whether somebody asked a server; NPS notes every packet of a conversation."""
    return line.kind == Kind.REQUEST or (line.kind == Kind.NOTICE and line.product is Product.NPS)


ATTEMPT: Mapping[Attempt, Callable[[Sequence[Line]], bool]] = {
    Attempt.NEVER_ANSWERED: _never_answered,
    Attempt.NEVER_ANSWERED_AT_HOME: _never_answered_at_home,
}
