"""What a live login test can come to, in the words of a helpdesk."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ggi_net.model.types import Record
from ggi_net.web.words import Both

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ending(StrEnum):
    """What came of a test."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DISTRUSTED = "distrusted"
    SILENT = "silent"
    FORGED = "forged"
    STUCK = "stuck"
    NO_ACCOUNT = "no_account"
    BUSY = "busy"
    TOO_OFTEN = "too_often"


ENDINGS: Mapping[Ending, tuple[str, Both, Both]] = {
    Ending.ACCEPTED: (
        "good",
        Both("Inloggen werkt nu.", "Logging in works now."),
        Both(
            "Het proefaccount kwam erop. De servers en de weg ernaartoe zijn in orde. Het ligt dus aan het toestel of "
            "het account van de beller, of aan de locatie waar die is.",
            "The test account was let in. The servers and the way to them are fine, so look at the caller's device or "
            "account, or at the place where the caller is.",
        ),
    ),
    Ending.REJECTED: (
        "bad",
        Both("De eigen gemeente weigert het proefaccount.", "The home gemeente refuses the test account."),
        Both(
            "Er komt antwoord, maar het is nee. Laat de beheerder van die gemeente kijken of het proefaccount nog "
            "geldig is. Klagen daar meer mensen? Dan is er iets aan de hand met de accounts.",
            "There is an answer and it is no. Have that gemeente check whether the test account is still valid. If "
            "more people complain, something is wrong with the accounts there.",
        ),
    ),
    Ending.DISTRUSTED: (
        "bad",
        Both("Het certificaat van die gemeente klopt niet.", "That gemeente's certificate is not the right one."),
        Both(
            "De server toont een ander certificaat dan op de toestellen is ingesteld. Toestellen weigeren dan te "
            "verbinden. De beheerder van die gemeente moet dit oplossen.",
            "The server shows another certificate than devices were set up with, and they refuse to connect. That "
            "gemeente's administrator has to solve it.",
        ),
    ),
    Ending.SILENT: (
        "bad",
        Both("Er komt geen antwoord.", "There is no answer."),
        Both(
            "De server van die gemeente is niet bereikbaar, of de weg ernaartoe is stuk. Meld dit bij landelijk "
            "beheer.",
            "That gemeente's server can't be reached, or the way to it is broken. Report it to the federation.",
        ),
    ),
    Ending.FORGED: (
        "unsure",
        Both(
            "De proef kan niet: de geheime sleutel klopt niet.", "The test can't be done: the shared secret is wrong."
        ),
        Both(
            "Er komt antwoord, maar niet van iemand met dezelfde sleutel. De beheerder van deze helpdesk moet dit "
            "nakijken.",
            "There is an answer, but not from who has the same secret. The administrator of this helpdesk has to "
            "check it.",
        ),
    ),
    Ending.STUCK: (
        "unsure",
        Both("Het inloggen begon, maar kwam niet af.", "The login began, but did not finish."),
        Both(
            "Er kwam antwoord, maar daarna bleef het stil. Vaak raken grote berichten onderweg kwijt. Meld dit bij "
            "landelijk beheer.",
            "There were answers, then silence. Often large messages get lost on the way. Report it to the federation.",
        ),
    ),
    Ending.NO_ACCOUNT: (
        "unsure",
        Both("Voor deze gemeente is er geen proefaccount.", "There is no test account for this gemeente."),
        Both(
            "Vraag de beheerder van deze helpdesk om een proefaccount in te stellen.",
            "Ask the administrator of this helpdesk to set one up.",
        ),
    ),
    Ending.BUSY: (
        "unsure",
        Both("Er loopt al een proef voor deze gemeente.", "A test of this gemeente is under way."),
        Both("Probeer het over een halve minuut nog eens.", "Try again in half a minute."),
    ),
    Ending.TOO_OFTEN: (
        "unsure",
        Both(
            "Deze gemeente is het afgelopen uur al vaak geprobeerd.", "This gemeente was tried often in the last hour."
        ),
        Both("Wacht een tijdje, of kijk naar de laatste uitslag.", "Wait for a while, or look at the last result."),
    ),
}
"""Of each ending: its tone, what is the case, and what it means."""


class Outcome(Record, frozen=True, kw_only=True):
    """What came of a test, and how long it took."""

    ending: Ending
    seconds: float = 0.0

    @property
    def tone(self) -> str:
        """Good, bad or unsure."""
        return ENDINGS[self.ending][0]

    @property
    def headline(self) -> Both:
        """What is the case."""
        return ENDINGS[self.ending][1]

    @property
    def meaning(self) -> Both:
        """What it means, and what to do."""
        return ENDINGS[self.ending][2]
