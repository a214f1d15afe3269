"""Accounts of a Windows domain, as NPS writes them: one person, whatever the server calls them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ggi_net.authlog.assemble import assemble
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.line import Hop, Kind, Line, Product, Result
from ggi_net.authlog.places import Places, places_of
from ggi_net.authlog.question import Question
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.keys import Keys
from ggi_net.authlog.store.store import Store
from ggi_net.paths import demo_folder
from ggi_net.source.open import open_estate

PLACES = Places(
    names={"almelo": "Almelo", "hengelo": "Hengelo"},
    realms={"almelo.example": "almelo", "hengelo.example": "hengelo"},
    domains={"almelo/intra": "almelo.example"},
)


@pytest.mark.parametrize(
    ("written", "gemeente", "identity"),
    [
        ("INTRA\\j.jansen", "almelo", "j.jansen@almelo.example"),
        ("intra\\J.Jansen", "almelo", "J.Jansen@almelo.example"),
        ("INTRA\\j.jansen", "hengelo", "INTRA\\j.jansen"),
        ("ANDERS\\j.jansen", "almelo", "ANDERS\\j.jansen"),
        ("INTRA\\j.jansen@almelo.example", "almelo", "INTRA\\j.jansen@almelo.example"),
        ("INTRA\\", "almelo", "INTRA\\"),
        ("\\j.jansen", "almelo", "\\j.jansen"),
        ("j.jansen", "almelo", "j.jansen"),
        ("", "almelo", ""),
    ],
)
def test_an_account_is_called_as_its_owner_does(written, gemeente, identity):
    assert PLACES.identity(written, gemeente) == identity


@pytest.mark.parametrize(
    ("realm", "inner"), [("almelo.example", "j.jansen@almelo.example"), ("hengelo.example", "INTRA\\j.jansen")]
)
def test_a_login_has_the_identity_and_its_line_what_was_written(realm, inner):
    line = Line(
        product=Product.NPS, kind=Kind.RESULT, result=Result.ACCEPT, hop=Hop.HOME, host="nps1", mac="3c22fb4a9e01",
        time=datetime(2026, 11, 23, 8, tzinfo=UTC), outer=f"anonymous@{realm}", inner="INTRA\\j.jansen", realm=realm,
        raw="written",
    )  # fmt: skip
    (login,) = assemble([line], PLACES, Catalogue.load(), key=b"k" * 32)
    assert login.inner == inner
    assert login.lines[0].inner == "INTRA\\j.jansen"


def test_who_has_just_tried_is_found_by_the_identity_as_well(tmp_path):
    """The lines are hot: nobody has put them together yet."""
    keys = Keys({"secret://logs/store/2026": "0123456789abcdef-2026"})
    catalogue = Catalogue.load()
    line = Line(
        product=Product.NPS, kind=Kind.RESULT, result=Result.REJECT, hop=Hop.HOME, host="nps1", mac="3c22fb4a9e01",
        time=datetime(2026, 11, 23, 8, tzinfo=UTC), outer="anonymous@almelo.example", inner="INTRA\\j.jansen",
        realm="almelo.example", source="nps1:log", raw="written",
    )  # fmt: skip
    with Store.open(
        tmp_path, keys, lambda lines: assemble(lines, PLACES, catalogue, key=b"k" * 32), create=True
    ) as store:
        store.add(table_of([line]), "nps1:log", 0, 100)
        for name in ("j.jansen@almelo.example", "J.Jansen@almelo.example"):
            (login,) = store.logins(Question(user=name))
            assert login.inner == "j.jansen@almelo.example"
        assert store.logins(Question(user="p.jansen@almelo.example")) == []
        later = msgspec.structs.replace(line, time=line.time + timedelta(minutes=9), offset=100)
        store.add(table_of([later]), "nps1:log", 100, 200)
        assert len(store.logins(Question(user="j.jansen@almelo.example"))) == 2


def test_a_gemeente_says_which_domain_it_has():
    estate = open_estate(str(demo_folder()))
    assert places_of(estate).domains == {}
    losser = estate.gemeente("losser")
    others = [gemeente for gemeente in estate.gemeenten if gemeente.slug != "losser"]
    chosen = msgspec.structs.replace(losser, options={"govroam.windows_domain": "LOSSER"})
    assert places_of(replace(estate, gemeenten=(*others, chosen))).domains == {
        "losser/losser": losser.govroam.realms[0]
    }
