"""A cause: what a line means, who must act, what to do, and the patterns by which it is found.

The words are read to somebody on the phone. `nl` is Dutch of level B1: short sentences, no terms of the trade, no
blame.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from ggi_net.authlog.line import Hop, Kind, Product, Result
from ggi_net.model.types import Record, Slug

Sentences = Annotated[str, Meta(min_length=1, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")]
"""A line of text, not empty, without control characters."""

PatternId = Annotated[str, Meta(pattern=r"^[A-Z]+-[0-9]{3}[a-z]?\Z", description="an id such as FR-009")]


class Layer(StrEnum):
    """What part of a login it is about; the name of the file that holds it."""

    USER_NAME = "user-name"
    PASSWORD = "password"  # noqa: S105
    ACCOUNT = "account"
    SERVER_CERTIFICATE = "server-certificate"
    USER_CERTIFICATE = "user-certificate"
    METHOD = "method"
    CONVERSATION = "conversation"
    ACCESS_POINT = "access-point"
    TRANSPORT = "transport"
    FEDERATION = "federation"
    HOME_SERVER = "home-server"
    NETWORK = "network"


class Owner(StrEnum):
    """Who must act."""

    USER = "user"
    VISITED = "visited"
    FEDERATION = "federation"
    HOME = "home"
    NOBODY = "nobody"


class Severity(StrEnum):
    """How many people it keeps off the network."""

    INFO = "info"
    USER = "user"
    MANY_USERS = "many-users"
    OUTAGE = "outage"


class Certainty(StrEnum):
    """How much a line of this cause says. Of the lines of one login, the one that says most counts."""

    EXACT = "exact"
    """The reason itself."""
    BROAD = "broad"
    """Where it stopped, not why."""
    RELAYED = "relayed"
    """Only that somebody else said no."""


class Evidence(StrEnum):
    """How sure it is that a daemon writes such a line."""

    REAL = "real"
    """A line that a daemon wrote in a test."""
    SOURCE = "source"
    """Made from the text in the daemon's source."""
    DOCUMENTATION = "documentation"
    """Made from what the vendor documents."""


class Identity(StrEnum):
    """What can be wrong with an outer identity; the rules by which it is refused at the first hop."""

    NO_REALM = "no-realm"
    EMPTY_REALM = "empty-realm"
    TWO_AT_SIGNS = "two-at-signs"
    WHITE_SPACE = "white-space"
    MALFORMED_REALM = "malformed-realm"
    MACHINE_NAME = "machine-name"
    MOBILE_OPERATOR = "mobile-operator"
    WINDOWS_DEFAULT = "windows-default"
    LOCAL_DOMAIN = "local-domain"
    CONSUMER_MAIL = "consumer-mail"


class Address(StrEnum):
    """What can be wrong with a visitor's address."""

    SELF_ASSIGNED = "self-assigned"
    """The device made it up, because nobody gave it one (RFC 3927)."""


class Attempt(StrEnum):
    """What can be wrong with an attempt whose lines say nothing."""

    NEVER_ANSWERED = "never-answered"
    """It began, and nobody said yes or no."""
    NEVER_ANSWERED_AT_HOME = "never-answered-at-home"
    """The same, and the home organisation has seen it begin."""


class Words(Record, frozen=True, kw_only=True):
    """What the helpdesk reads: `advice` are steps, `ask` is what to ask the caller next."""

    title: Sentences
    explanation: Sentences
    advice: Annotated[tuple[Sentences, ...], Meta(min_length=1)]
    ask: Sentences


class Pattern(Record, frozen=True, kw_only=True):
    """How a cause is recognised: all conditions that are given hold.

    `product` is whose line it must be (empty: any), `version` which versions write it, for people.
    `reason` is the whole of what the server says, with `*` for what varies; the names of modules and functions in front
    of it may differ (see `phrase.py`). `code` is the number that NPS gives, or the name of our own refusal. `outer`,
    `address` and `attempt` are named checks. `kind`, `hop`, `result` and `server` are as in the line. `over` are
    patterns that match the same line, or another line of the same login, and come second.
    `line` is a line as the daemon writes it, from which this pattern must find the cause; `source` is where it is from.
    """

    id: PatternId
    product: Product = Product.UNKNOWN
    version: str = ""
    reason: str = ""
    code: str = ""
    outer: Identity | None = None
    address: Address | None = None
    attempt: Attempt | None = None
    kind: Kind | None = None
    hop: Hop | None = None
    result: Result | None = None
    server: str = ""
    over: tuple[PatternId, ...] = ()
    line: str
    evidence: Evidence
    source: Sentences


class Cause(Record, frozen=True, kw_only=True):
    """One thing that can be wrong. `broken` is the hop at which it goes wrong; empty when that differs. `sources` are
    where it is documented.
    """

    id: Slug
    layer: Layer
    owner: Owner
    severity: Severity
    certainty: Certainty
    broken: Hop = Hop.UNKNOWN
    sources: Annotated[tuple[Sentences, ...], Meta(min_length=1)]
    nl: Words
    en: Words
    patterns: Annotated[tuple[Pattern, ...], Meta(min_length=1)]

    @property
    def personal(self) -> bool:
        """Whether it is one person's trouble, with their device or account: however many have theirs, nothing is down.

        A user must act as well where the home organisation changed its certificate; that keeps many off the network.
        """
        one = self.severity in (Severity.INFO, Severity.USER)
        return one and (self.owner is Owner.USER or self.layer is Layer.ACCOUNT)
