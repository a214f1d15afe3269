"""The help page, with the drawing of an attempt that went wrong at the end."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations

from ggi_net.web.hops import State, Station
from ggi_net.web.pages.room import html
from ggi_net.web.visit import Visit, anybody
from ggi_net.web.words import HOPS, Both

_STATES = (State.PASSED, State.PASSED, State.PASSED, State.BROKEN, State.ABSENT)
EXAMPLE = tuple(
    Station(hop=hop, title=HOPS[hop], name="", state=state) for hop, state in zip(HOPS, _STATES, strict=True)
)

WORDS = (
    (
        Both("poging", "attempt"),
        Both(
            "Een keer dat een toestel op govroam wilde. Probeert het toestel het vaak achter elkaar? Dan "
            "telt dat hier als één.",
            "One time that a device wanted to get on govroam. Many tries in a row are shown as one.",
        ),
    ),
    (
        Both("eigen gemeente", "home gemeente"),
        Both(
            "De gemeente of organisatie waar de beller werkt. Haar server controleert het wachtwoord.",
            "The gemeente or organisation that the caller works for. Its server checks the password.",
        ),
    ),
    (
        Both("bezochte gemeente", "visited gemeente"),
        Both(
            "De gemeente waar de beller op dat moment is. Dat kan ook de eigen gemeente zijn.",
            "The gemeente where the caller is at that moment. It can be the home gemeente, too.",
        ),
    ),
    (
        Both("landelijk knooppunt", "federation"),
        Both(
            "De servers die pogingen van de ene naar de andere gemeente doorgeven.",
            "The servers that pass attempts on from one gemeente to another.",
        ),
    ),
    (
        Both("toegangspunt", "access point"),
        Both(
            "Het kastje aan het plafond of de muur dat de wifi uitzendt.",
            "The box on the ceiling or the wall that sends out the WiFi.",
        ),
    ),
    (
        Both("MAC-adres", "MAC address"),
        Both(
            "Het nummer van de wifi in een toestel. De beller vindt het bij de wifi-instellingen, bij het "
            "netwerk govroam. Veel telefoons hebben voor elk netwerk een ander nummer.",
            "The number of the WiFi in a device, in its WiFi settings. Many phones have another one for each network.",
        ),
    ),
    (
        Both("certificaat", "certificate"),
        Both(
            "Een digitaal bewijs. De server laat ermee zien dat hij echt van de gemeente is. Het geldt tot "
            "een bepaalde datum.",
            "A digital proof. With it a server shows that it really is the gemeente's. It holds until a certain date.",
        ),
    ),
    (
        Both("govroam-profiel", "govroam profile"),
        Both(
            "Een bestand dat alles op het toestel goed instelt. De eigen gemeente geeft het, of het komt via "
            "getgovroam, een dienst van govroam.",
            "A file that sets everything on the device. It comes from the home gemeente, or through getgovroam, a "
            "service of govroam.",
        ),
    ),
    (
        Both("vergeet het netwerk", "forget the network"),
        Both(
            "Haal govroam op het toestel weg: wifi-instellingen, govroam, en dan Vergeet, Verwijder of Niet "
            "bewaren. Daarna vraagt het toestel opnieuw om naam en wachtwoord.",
            "Remove govroam from the device: WiFi settings, govroam, Forget. It asks for name and password again then.",
        ),
    ),
)
"""Words of the answers that somebody may not know, with what they mean."""


@get("/hulp", opt=anybody(), include_in_schema=False)
async def explained(visit: NamedDependency[Visit]) -> Response[str]:
    """How the pages work."""
    return html("help", visit, "/hulp", example=EXAMPLE, words=WORDS)
