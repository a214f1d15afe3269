"""The words of the catalogue are read to a civil servant on the phone: plain, short, complete, in two languages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
import yaml

from ggi_net.authlog.causes.catalogue import DATA, Catalogue, read
from ggi_net.authlog.causes.cause import Cause, Evidence, Layer, Owner
from ggi_net.errors import CatalogueError, DuplicateKey, GgiError, UnknownCause, UnknownKey, WrongValue

CATALOGUE = Catalogue.load()
CAUSES = list(CATALOGUE)
EACH = pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)

JARGON = (
    "802.1X", "Active Directory", "access point", "authenticatie", "authenticeren", "cipher", "client", "credentials",
    "CRL", "DHCP", "directory", "DNS", "domeincontroller", "EAP", "fragment", "handshake", "hash", "IdP", "inner",
    "IP-adres", "LDAP", "MAC", "NAS", "NPS", "NTLM", "OCSP", "outer", "policy", "proxy", "RADIUS", "RadSec", "realm",
    "server error", "shared secret", "SSID", "supplicant", "TCP", "time-out", "timeout", "TLS", "UDP", "UPN", "VLAN",
    "winbind",
)  # fmt: skip
"""Words that a caller doesn't know. Steps for an administrator may have them: they name what must be changed."""

ACTIONS = {
    "Controleer", "Doe", "Ga", "Gebruik", "Haal", "Installeer", "Kies", "Kijk", "Laat", "Lees", "Log", "Meld", "Open",
    "Start", "Stel", "Typ", "Verander", "Vergeet", "Vernieuw", "Verwijder", "Vraag", "Vul", "Wacht", "Werk", "Wis",
    "Zet",
}  # fmt: skip

BLAME = ("fout gedaan", "uw fout", "verkeerd gedaan", "eigen schuld", "your fault", "you did wrong", "you failed")


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?!:])\s+", text) if part]


def dutch(cause: Cause) -> list[str]:
    return [cause.nl.title, cause.nl.explanation, cause.nl.ask, *cause.nl.advice]


def jargon(text: str) -> list[str]:
    return [word for word in JARGON if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)]


def test_there_are_enough_causes_and_patterns_and_each_says_where_it_is_from():
    patterns = [pattern for cause in CAUSES for pattern in cause.patterns]
    assert len(CAUSES) >= 75
    assert len(patterns) >= 300
    assert {cause.layer for cause in CAUSES} == set(Layer)
    seen = Counter(pattern.evidence for pattern in patterns)
    assert seen[Evidence.REAL] >= 40, "too few were seen in the log of a running daemon"
    assert all(pattern.line.strip() and pattern.source.strip() for pattern in patterns)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_two_causes_have_the_same_title(language):
    titles = Counter(getattr(cause, language).title for cause in CAUSES)
    assert [title for title, count in titles.items() if count > 1] == []


@EACH
def test_what_is_read_aloud_has_no_jargon(cause):
    aloud = [cause.nl.title, cause.nl.explanation, cause.nl.ask]
    if cause.owner is Owner.USER:
        aloud += cause.nl.advice
    assert {text: words for text in aloud if (words := jargon(text))} == {}


@EACH
def test_sentences_are_short_and_whole(cause):
    long = [sentence for text in dutch(cause) for sentence in sentences(text) if len(sentence.split()) > 20]
    assert long == []
    for words in (cause.nl, cause.en):
        assert len(words.title) <= 72
        assert words.title[0].isupper()
        assert words.title[-1] not in ".!?"
        assert 1 <= len(sentences(words.explanation)) <= 3
        assert words.explanation.endswith(".")
        assert words.ask.endswith("?")
        assert all(step.endswith((".", "?")) for step in words.advice)
        assert len(words.advice) <= 4
        everything = " ".join([words.explanation, words.ask, *words.advice]).lower()
        assert not any(phrase in everything for phrase in BLAME)
    assert len(cause.nl.advice) == len(cause.en.advice), "both languages have the same steps"


def test_dutch_sentences_are_twelve_words_on_average_at_most():
    lengths = [len(sentence.split()) for cause in CAUSES for text in dutch(cause) for sentence in sentences(text)]
    assert sum(lengths) / len(lengths) <= 12


def ease(text: str) -> float:
    """Flesch's reading ease with Douma's numbers for Dutch (1960): 60 is plain, below 45 is difficult."""
    words = re.findall(r"[\w'-]+", text)
    syllables = sum(len(re.findall(r"[aeiouyáéíóúëïöü]+", word.lower())) or 1 for word in words)
    return 206.84 - 0.93 * len(words) / len(sentences(text)) - 77 * syllables / len(words)


def test_dutch_is_easy_to_read():
    eases = {cause.id: ease(f"{cause.nl.explanation} {cause.nl.ask}") for cause in CAUSES}
    assert {name: value for name, value in eases.items() if value < 60} == {}
    assert sum(eases.values()) / len(eases) >= 75


@pytest.mark.parametrize("cause", [c for c in CAUSES if c.owner is Owner.USER], ids=lambda cause: cause.id)
def test_what_a_user_is_asked_to_do_begins_with_what_to_do(cause):
    assert [step for step in cause.nl.advice if step.split()[0] not in ACTIONS] == []


@pytest.mark.parametrize("layer", [Layer.SERVER_CERTIFICATE, Layer.USER_CERTIFICATE])
def test_a_certificate_is_explained_where_it_is_named(layer):
    for cause in (cause for cause in CAUSES if cause.layer is layer):
        text = cause.nl.explanation.lower()
        known = (
            "digitaal bewijs" in text or "digitale bewijs" in text or "het certificaat op het toestel is geldig" in text
        )
        assert "certificaat" not in text or known, text


def test_a_cause_is_found_by_its_id():
    assert CATALOGUE["wrong-password"].nl.title == "Het wachtwoord op dit toestel klopt niet"
    assert "wrong-password" in CATALOGUE
    assert CATALOGUE.listed("wrong-password") == (CATALOGUE["wrong-password"],)
    assert len(CATALOGUE.listed()) == len(CATALOGUE)
    assert Catalogue.load() is CATALOGUE
    with pytest.raises(UnknownCause, match="did you mean 'wrong-password'"):
        CATALOGUE["wrong-pasword"]


def test_the_page_is_what_the_catalogue_says():
    script = Path(__file__).parents[2] / "scripts" / "causes_page.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# -- a catalogue that is wrong says where and why --------------------------------------------------------


def written(folder: Path, change) -> Path:
    """A folder with one file, the causes of the network, changed."""
    data = yaml.safe_load((DATA / "network.yml").read_text())
    change(data["causes"])
    (folder / "network.yml").write_text(yaml.safe_dump(data))
    return folder


def set_in(pattern, **values):
    def change(causes):
        causes[0]["patterns"][pattern].update(values)

    return change


def drop_words(causes):
    del causes[0]["nl"]["ask"]


def empty_title(causes):
    causes[0]["nl"]["title"] = ""


def add_a_key(causes):
    causes[0]["colour"] = "red"


def twice(causes):
    causes.append(causes[0])


def elsewhere(causes):
    causes[0]["layer"] = "account"


def circle(causes):
    one, other = causes[0]["patterns"][:2]
    one["over"], other["over"] = [other["id"]], [one["id"]]


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (drop_words, WrongValue, "ask"),
        (empty_title, WrongValue, "title"),
        (add_a_key, UnknownKey, "colour"),
        (twice, CatalogueError, "'no-address' stands there twice"),
        (elsewhere, CatalogueError, "is of layer 'account'"),
        (circle, CatalogueError, "over each other"),
        (set_in(0, reason="*a*"), CatalogueError, "match nearly everything"),
        (set_in(0, over=["FR-999"]), CatalogueError, "is over 'FR-999'"),
        (set_in(0, reason="", kind=None), CatalogueError, "has no condition"),
        (set_in(0, code="16"), CatalogueError, "has a reason and a code"),
        (set_in(0, product="windows"), WrongValue, "product"),
        (set_in(0, outer="odd"), WrongValue, "outer"),
        (set_in(0, id="fr1"), WrongValue, "id"),
    ],
)
def test_a_catalogue_that_is_wrong_says_where(tmp_path, change, error, text):
    with pytest.raises(error) as caught:
        read(written(tmp_path, change))
    assert text in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_key_that_stands_twice_is_no_catalogue(tmp_path):
    (tmp_path / "network.yml").write_text("causes: []\ncauses: []\n")
    with pytest.raises(DuplicateKey):
        read(tmp_path)


def test_an_empty_folder_is_no_catalogue(tmp_path):
    with pytest.raises(GgiError, match="no causes"):
        read(tmp_path)


def test_the_catalogue_can_be_sent_as_json():
    sent = msgspec.json.decode(msgspec.json.encode(CATALOGUE.listed("no-realm")[0]), type=Cause)
    assert sent == CATALOGUE["no-realm"]
