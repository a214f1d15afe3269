"""The first page: the search form, and the answers that it leads to."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations
from litestar.params import FromPath  # noqa: TC002

from ggi_net.authlog.question import Role
from ggi_net.errors import GgiError, NotUnderstood, ReasonMissing
from ggi_net.web.inert import typed
from ggi_net.web.pages.attempt import shown
from ggi_net.web.pages.look import Form, look_up
from ggi_net.web.pages.period import known, words
from ggi_net.web.pages.room import SHORTEST_REASON, Room, carry, html, onto, problem
from ggi_net.web.sessions import Sessions  # noqa: TC001
from ggi_net.web.visit import LOOKERS, Visit, only
from ggi_net.web.words import Both

EXAMPLES = (
    (
        "j.jansen@almelo.nl",
        Both(
            "een persoon; van uw eigen gemeente is j.jansen genoeg", "a person; of your own gemeente j.jansen will do"
        ),
    ),
    ("3C-22-FB-4A-9E-01", Both("een toestel, hoe u het MAC-adres ook schrijft", "a device, in any notation")),
    ("almelo.nl", Both("iedereen van een organisatie", "everybody of an organisation")),
    ("Enschede", Both("een gemeente: haar mensen en haar bezoekers", "a gemeente: its people and its visitors")),
    ("Stadskantoor", Both("een locatie", "a site")),
    ("j.jansen mislukt", Both("alleen wat misging", "only what failed")),
)
"""What one can type, and what it finds."""

NOTHING = (
    Both("Een tikfout in de naam. Laat de beller de naam spellen.", "A typing error. Have the caller spell the name."),
    Both(
        "Het toestel probeert het niet. Vraag: staat wifi aan, en staat govroam in de lijst met netwerken?",
        "The device doesn't try. Ask: is WiFi on, and is govroam in the list of networks?",
    ),
    Both(
        "Het toestel gebruikt een andere naam dan u denkt. Zoek op het MAC-adres. De beller vindt dat bij de "
        "wifi-instellingen.",
        "The device uses another name than you think. Look for its MAC address. It is in the WiFi settings.",
    ),
    Both("Het is langer geleden. Kies een langere periode.", "It was longer ago. Choose a longer period."),
    Both(
        "De beller werkt bij een andere gemeente. Dan ziet u alleen pogingen op uw eigen locaties. Laat de beller de "
        "eigen helpdesk bellen.",
        "The caller works for another gemeente: you see attempts at your own sites only. Have them call their own "
        "helpdesk.",
    ),
)
"""Why nothing may be found."""


@get("/", opt=only(*Role), include_in_schema=False)
async def start(visit: NamedDependency[Visit], room: NamedDependency[Room]) -> Response[str]:
    """The form; an auditor searches the audit log only."""
    if visit.viewer.role is Role.AUDITOR:
        return onto("/audit")
    return await to_thread.run_sync(_form, visit, room, Form(reason=visit.reason), 200)


@post("/", opt=only(*LOOKERS), include_in_schema=False)
async def ask(
    request: Request[Any, Any, Any],
    visit: NamedDependency[Visit],
    room: NamedDependency[Room],
    sessions: NamedDependency[Sessions],
) -> Response[str]:
    """Take a question and lead on to its answer, so that Back and Reload work."""
    sent = await request.form()
    text, period, reason = (typed(str(sent.get(name, ""))) for name in ("asked", "since", "reason"))
    form = Form(asked=text, since=known(period), reason=reason)
    if not text or len(reason) < SHORTEST_REASON:
        lacks = ReasonMissing("no reason") if text else NotUnderstood("nothing to look for")
        return await to_thread.run_sync(_again, visit, room, form, lacks)
    await to_thread.run_sync(carry, sessions, visit, reason)
    return onto(f"/antwoord/{room.sealer.seal(text, form.since, visit.viewer.name)}")


@get("/antwoord/{letters:str}", opt=only(*LOOKERS), include_in_schema=False)
async def found(letters: FromPath[str], visit: NamedDependency[Visit], room: NamedDependency[Room]) -> Response[str]:
    """The answer to a question."""
    asked = room.sealer.open(letters, visit.viewer.name)
    if asked is None:
        return onto("/")
    form = Form(asked=asked.text, since=asked.since, reason=visit.reason)
    return await to_thread.run_sync(_answer, visit, room, form)


def _answer(visit: Visit, room: Room, form: Form) -> Response[str]:
    try:
        seen = look_up(room.helpdesk, visit.viewer, form, room.places, list(room.titles), room.now(), where=visit.where)
    except (NotUnderstood, ReasonMissing) as error:
        return _again(visit, room, form, error)
    if seen is None:
        said = room.banner.said(visit)
        return html("nothing", visit, search=form, period=words(form.since), reasons=NOTHING, outages=said)
    return shown(visit, room, form, seen)


def _again(visit: Visit, room: Room, form: Form, error: GgiError) -> Response[str]:
    """The form once more, with what is wrong."""
    filled = Form(asked=form.asked, since=form.since, reason=form.reason, error=problem(error))
    return _form(visit, room, filled, 400)


def _form(visit: Visit, room: Room, filled: Form, status: int) -> Response[str]:
    """The page with the form."""
    said = room.banner.said(visit)
    return html("search", visit, "/", status=status, search=filled, examples=EXAMPLES, outages=said)
