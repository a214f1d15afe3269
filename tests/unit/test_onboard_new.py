"""`ggi onboard new`: questions in a terminal become a spec that loads and plans, and no answer is lost."""

from __future__ import annotations

import dataclasses
import re
import signal
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest
import terminal
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.errors import SpecError
from ggi_net.model.gemeente import Govroam, GovroamRole
from ggi_net.model.network import LineKind
from ggi_net.onboard.apply import plan_spec
from ggi_net.onboard.ask import answers
from ggi_net.onboard.ask.draft import Question
from ggi_net.onboard.ask.session import BACK, LAST, hold
from ggi_net.onboard.ask.sites import free_slug
from ggi_net.onboard.backend import Files
from ggi_net.onboard.plan import make_plan
from ggi_net.onboard.spec import Gateway, Internet, SiteSpec, Size, Spec, load_spec, read_spec
from ggi_net.onboard.spec_text import spec_text
from ggi_net.paths import demo_folder, specs_folder
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
STANDARD = ESTATE.standards["2026.1"]


class Script:
    """A desk that answers from a table by the question's key; Enter where it has nothing."""

    def __init__(self, table=None, former=None):
        self.table = {key: deque([said] if isinstance(said, str) else said) for key, said in (table or {}).items()}
        self.former = former or {}
        self.asked: list[tuple[str, str | None]] = []
        self.refused: list[str] = []
        self.kept: dict[str, str] = {}

    def ask(self, question, default):
        self.asked.append((question.key, default))
        said = self.table.get(question.key)
        return said.popleft() if said else ""

    def refuse(self, error):
        self.refused.append(f"{error.message} ({error.hint})")
        assert len(self.refused) < 50

    def begin(self, slug):
        return self.former if slug else {}

    def keep(self, slug, answers):
        self.kept = dict(answers)

    def last(self, draft):
        return Question(LAST, "Write?", lambda text: draft.check_plan(Path("x.yml")), default="yes")

    def default(self, key):
        return next(default for asked, default in reversed(self.asked) if asked == key)


def interview(table=None, former=None, estate=ESTATE):
    script = Script({"gemeente": "Hengelo", **(table or {})}, former)
    return hold(estate, script), script


def spec_of(table=None):
    draft, _ = interview(table)
    return draft.spec()


class TestDefaults:
    def test_a_name_and_enter_for_all_the_rest_is_a_spec_that_plans(self):
        spec = spec_of()
        assert (spec.code, spec.name, spec.slug, spec.province) == ("GM0164", "Hengelo (O.)", "hengelo", "Overijssel")
        assert spec.domain == "hengelo.example"
        assert spec.govroam == Govroam(roles=(GovroamRole.IDP, GovroamRole.SP), realms=("hengelo.example",))
        assert spec.options == {}
        [site] = spec.sites
        assert (site.name, site.slug, site.city, site.size) == ("Stadhuis Hengelo", "stadhuis", "Hengelo", Size.LARGE)
        assert site.gateways == (Gateway(), Gateway())
        assert site.radius_servers == 2

    def test_the_domain_is_a_real_one_where_the_ranges_are(self):
        _, script = interview(estate=dataclasses.replace(ESTATE, ranges="national"))
        assert script.default("domain") == "hengelo.nl"

    def test_a_size_says_what_it_means_in_addresses(self):
        said = []

        class Reading(Script):
            def ask(self, question, default):
                said.extend(question.before)
                return super().ask(question, default)

        hold(ESTATE, Reading({"gemeente": "Hengelo"}))
        text = "\n".join(said)
        assert "office 62 addresses (/26), govroam 62 addresses (/26), mgmt 14 addresses (/28)" in text
        assert "office 510 addresses (/23)" in text
        for option in STANDARD.options:
            assert option.name in text
            assert option.help in text

    def test_the_provider_and_city_of_the_last_one_are_proposed(self):
        _, script = interview(
            {
                "sites[0].city": "Hengelo Noord",
                "sites[0].gateways[0].provider": "Twentse Glasvezel BV",
                "sites[1]": "yes",
                "sites[1].name": "Gemeentewerf",
            }
        )
        assert script.default("sites[0].gateways[1].provider") == "Twentse Glasvezel BV"
        assert script.default("sites[1].gateways[0].provider") == "Twentse Glasvezel BV"
        assert script.default("sites[1].city") == "Hengelo Noord"


class TestAnswers:
    def test_everything_that_can_be_asked(self):
        spec = spec_of(
            {
                "gemeente": "gm0164",
                "domain": "hengelo.example",
                "realms": "hengelo.example, griffie.hengelo.example",
                "radius_servers": "1",
                "options": "govroam.port_policy 14 mgmt.contact",
                "options.govroam.port_policy": "filtered",
                "options.cloud.services": "archief, portal",
                "options.mgmt.contact": "netwerkbeheer Hengelo",
                "sites[0].address": "Burgemeester van der Dussenplein 1",
                "sites[0].reserved_vlans": "100, 101",
                "sites[0].gateways[0].serial": "HGL-0001",
                "sites[0].gateways[1].platform": "cisco_iosxe",
                "sites[1]": "ja",
                "sites[1].name": "Twentebad",
                "sites[1].slug": "zwembad",
                "sites[1].size": "2",
                "sites[1].gateways[0].line": "untrusted",
                "sites[1].gateways[0].addresses": "2001:db8:fffe:20::2/64, 203.0.113.50/29",
                "sites[1].gateways[0].reference": "OI-HGL-Z1",
            }
        )
        assert spec.govroam.realms == ("hengelo.example", "griffie.hengelo.example")
        assert spec.options == {
            "govroam.port_policy": "filtered",
            "cloud.services": ["portal", "archief"],
            "mgmt.contact": "netwerkbeheer Hengelo",
        }
        main, pool = spec.sites
        assert main.reserved_vlans == (100, 101)
        assert main.gateways == (Gateway(serial="HGL-0001"), Gateway(platform="cisco_iosxe"))
        assert main.radius_servers == 1
        assert (pool.slug, pool.size, pool.main) == ("zwembad", Size.MEDIUM, False)
        [gateway] = pool.gateways
        assert gateway.line is LineKind.UNTRUSTED
        assert gateway.internet == Internet(
            addresses=("2001:db8:fffe:20::2/64", "203.0.113.50/29"),
            gateways=("2001:db8:fffe:20::1", "203.0.113.49"),
        ), "the first host of each network is what Enter takes for the provider's router"

    @pytest.mark.parametrize(
        ("part", "roles", "realms", "idp", "servers"),
        [
            ("idp", ("idp",), ("hengelo.example",), None, 2),
            ("sp", ("sp",), (), None, 2),
            ("sp-other", ("sp",), ("hengelo.example",), "almelo", 2),
            ("other", (), ("hengelo.example",), "almelo", 0),
            ("none", (), (), None, 0),
        ],
    )
    def test_parts_in_govroam(self, part, roles, realms, idp, servers):
        spec = spec_of({"govroam": part})
        assert spec.govroam == Govroam(roles=tuple(map(GovroamRole, roles)), realms=realms, idp=idp)
        assert spec.sites[0].radius_servers == servers

    def test_an_option_left_at_its_default_is_not_written(self):
        spec = spec_of({"options": "1, 2, 13, 14", "options.govroam.port_policy": "filtered"})
        assert spec.options == {"govroam.port_policy": "filtered"}

    def test_every_option_of_the_standard_can_be_asked_for_and_kept(self):
        everything = " ".join(option.name for option in STANDARD.options)
        draft, script = interview({"options": everything})
        assert not script.refused
        assert draft.spec().options == {}

    def test_the_second_bergen_is_told_apart_by_its_province(self):
        first = hold(ESTATE, Script({"gemeente": "GM0373"})).spec()
        made = plan_result(first)
        second = hold(dataclasses.replace(ESTATE, gemeenten=(*ESTATE.gemeenten, made)), Script({"gemeente": "GM0893"}))
        assert (first.slug, second.spec().slug) == ("bergen", "bergen-limburg")
        assert "slug: bergen-limburg" in second.text(Path("x.yml"))

    def test_a_dash_leaves_an_answer_empty_that_has_a_default(self):
        assert spec_of({"sites[0].city": "-"}).sites[0].city == ""


def plan_result(spec):
    return make_plan(read_spec(spec_text(spec, "x.yml").encode(), Path("x.yml")), ESTATE).result


class TestRefusals:
    """A wrong answer is asked again at once, with the reason in the toolkit's own words."""

    @pytest.mark.parametrize(
        ("key", "wrong", "right", "reason"),
        [
            ("gemeente", "Hengello", "Hengelo", "did you mean 'Hengelo (O.)'"),
            ("gemeente", "", "Hengelo", "on the list of CBS"),
            ("gemeente", "Bergen", "Hengelo", "GM0373 for Bergen (NH.) in Noord-Holland or GM0893"),
            ("gemeente", "GM9999", "Hengelo", "CBS code 'GM9999' is not on the list"),
            ("gemeente", "Almelo", "Hengelo", "Almelo is in the estate already"),
            ("gemeente", "Heng", "Hengelo", "Hengelo (O.)"),
            ("domain", "Hengelo", "", "'Hengelo' is not a domain name of at least two labels"),
            ("domain", "almelo.example", "", "domain 'almelo.example' is that of 'almelo'"),
            ("govroam", "everything", "", "'everything' is not on the list"),
            ("realms", "almelo.example", "", "realm 'almelo.example' is claimed by 'almelo'"),
            ("realms", "-", "", "this needs an answer"),
            ("radius_servers", "5", "", "5 is out of range"),
            ("radius_servers", "0", "", "but has no RADIUS server"),
            ("radius_servers", "two", "", "'two' is not a whole number"),
            ("options", "govroam.colour", "", "'govroam.colour' is not on the list"),
            ("sites[0].name", "-", "", "this needs an answer"),
            ("sites[0].name", "a\x1b[31m", "", "without control characters"),
            ("sites[0].slug", "Stad Huis", "", "lower-case letters, digits and single hyphens"),
            ("sites[0].slug", "a" * 30, "", "together are longer than 36 characters"),
            ("sites[0].size", "huge", "", "'huge' is not on the list"),
            ("sites[0].reserved_vlans", "4095", "", "4095 is out of range"),
            ("sites[0].gateways", "3", "", "one gateway or two"),
            ("sites[0].gateways[0].line", "fibre", "", "one of trusted, untrusted"),
            ("sites[0].gateways[0].platform", "juniper", "", "platform 'juniper' is not one for a gateway"),
            ("sites[0].gateways[0].serial", "HGL 1", "", "a serial number: at most 40"),
            ("sites[0].gateways[0].serial", "ALM-0001", "", "serial number 'ALM-0001' is that of ce-almelo-01"),
            ("sites[1]", "perhaps", "", "neither yes nor no"),
        ],
    )
    def test_is_asked_again_with_the_reason(self, key, wrong, right, reason):
        draft, script = interview({key: [wrong, right]})
        [refused] = script.refused
        assert reason in refused
        assert draft.spec().code == "GM0164"

    def test_a_gemeente_that_netbox_holds_but_nobody_can_read(self):
        estate = dataclasses.replace(ESTATE, left_out={"hengelo": "no ASN"})
        script = Script({"gemeente": ["Hengelo", "Borne"]})
        assert hold(estate, script).spec().name == "Borne"
        assert "its data there is broken" in script.refused[0]

    @pytest.mark.parametrize(
        ("key", "wrong", "reason"),
        [
            ("addresses", "203.0.113.50", "'203.0.113.50' is not an address with its prefix length"),
            ("addresses", "", "this needs an answer"),
            ("addresses", "203.0.113.500/29", "is not an address with its prefix length"),
            ("routers", "198.51.100.1", "does not lie in the network of an internet address"),
        ],
    )
    def test_internet_addresses(self, key, wrong, reason):
        at = "sites[0].gateways[0]"
        table = {"sites[0].gateways": "1", f"{at}.line": "untrusted", f"{at}.addresses": ["203.0.113.50/29"]}
        table[f"{at}.{key}"] = [wrong, *table.get(f"{at}.{key}", [""])]
        draft, script = interview(table)
        assert reason in script.refused[0]
        assert draft.spec().sites[0].gateways[0].internet == Internet(
            addresses=("203.0.113.50/29",), gateways=("203.0.113.49",)
        )

    @pytest.mark.parametrize(
        ("option", "wrong", "reason"),
        [
            ("govroam.session_timeout", "60", "a whole number from 3600 to 28800"),
            ("govroam.session_timeout", "an hour", "a whole number from 3600 to 28800"),
            ("govroam.eap_methods", "leap", "one of tls, peap, ttls"),
            ("mgmt.contact", "x" * 81, "at most 80 printable characters"),
            ("syslog.local_servers", "loghost", "'loghost' is not an IP address"),
            ("cloud.callbacks", "maybe", "neither yes nor no"),
            ("banner.language", "fy", "one of nl, nl-en"),
            ("maintenance.window", "after hours", "it takes `always`, or days and times such as"),
        ],
    )
    def test_options(self, option, wrong, reason):
        draft, script = interview({"options": option, f"options.{option}": [wrong, ""]})
        [refused] = script.refused
        assert reason in refused
        assert draft.spec().options == {}

    def test_one_serial_number_for_two_gateways(self):
        at = "sites[0].gateways"
        _, script = interview({f"{at}[0].serial": "HGL-1", f"{at}[1].serial": ["HGL-1", "HGL-2"]})
        assert "another gateway here" in script.refused[0]

    def test_an_answer_that_is_refused_leaves_no_trace(self):
        spec = spec_of({"sites[0].gateways[0].platform": ["juniper", ""], "domain": ["almelo.example", ""]})
        assert spec == spec_of()


class TestBackAndAgain:
    def test_back_asks_the_question_before_with_its_answer(self):
        draft, script = interview({"domain": "wrong.example", "govroam": [BACK, ""], "realms": ""})
        assert script.asked[:4] == [
            ("gemeente", None),
            ("domain", "hengelo.example"),
            ("govroam", "both"),
            ("domain", "wrong.example"),
        ]
        assert draft.spec().domain == "wrong.example"

    def test_back_to_the_beginning(self):
        script = Script({"gemeente": [BACK, "Borne", "Hengelo"], "domain": [BACK, ""]})
        assert hold(ESTATE, script).spec().name == "Hengelo (O.)"

    def test_back_past_a_part_that_is_then_not_asked(self):
        draft, _ = interview({"govroam": ["both", "none"], "realms": [BACK], "radius_servers": [BACK]})
        assert draft.spec().govroam == Govroam()
        assert draft.spec().sites[0].radius_servers == 0

    def test_earlier_answers_are_what_enter_takes(self):
        first, script = interview(
            {"domain": "h.example", "options": "banner.language", "options.banner.language": "nl-en",
             "sites[0].city": "-", "sites[1]": "y", "sites[1].name": "Werf"}
        )  # fmt: skip
        assert LAST not in script.kept
        again, _ = interview(former=script.kept)
        assert again.spec() == first.spec()

    def test_answers_are_kept_one_by_one(self):
        class Stops(Script):
            def ask(self, question, default):
                if question.key == "sites[0].size":
                    raise KeyboardInterrupt
                return super().ask(question, default)

        script = Stops({"gemeente": "Hengelo", "sites[0].name": "Kantoor"})
        with pytest.raises(KeyboardInterrupt):
            hold(ESTATE, script)
        assert script.kept["sites[0].name"] == "Kantoor"
        assert "sites[0].size" not in script.kept


class TestReaders:
    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ("GM0164", "GM0164"),
            ("gm0164", "GM0164"),
            ("0164", "GM0164"),
            ("Hengelo (O.)", "GM0164"),
            ("hengelo", "GM0164"),
            ("súdwest-fryslân", "GM1900"),
            ("sudwest fryslan", "GM1900"),
            ("'s-Gravenhage", "GM0518"),
            ("bergen (nh.)", "GM0373"),
        ],
    )
    def test_a_gemeente_by_name_or_code(self, said, code):
        assert answers.gemeente(said).code == code

    @given(st.text(max_size=30))
    def test_nothing_typed_is_more_than_refused(self, text):
        readers = [
            answers.gemeente,
            answers.yes_or_no,
            answers.whole_number,
            answers.one_of(["a", "b"]),
            answers.some_of(["a", "b"]),
            *map(answers.option_value, STANDARD.options),
        ]
        for reader in readers:
            try:
                reader(text)
            except SpecError as error:
                assert str(error)  # noqa: PT017  what it says matters less than that it is one

    def test_every_default_of_the_standard_can_be_typed(self):
        for option in STANDARD.options:
            assert answers.option_value(option)(answers.option_text(option.default)) == option.default

    @given(st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True), st.integers(5, 30), st.integers(0, 12))
    def test_a_free_slug_is_short_and_not_taken(self, slug, limit, many):
        taken: set[str] = set()
        for _ in range(many):
            found = free_slug(slug, taken, limit)
            assert found not in taken
            assert len(found) <= limit
            taken.add(found)


# -- the file ----------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20).filter(
    lambda t: not any("\x7f" <= c <= "\x9f" for c in t)
)
SITES = st.builds(
    SiteSpec,
    slug=st.just("s"),
    name=TEXT,
    size=st.sampled_from(Size),
    main=st.just(True),
    address=TEXT,
    city=TEXT,
    gateways=st.lists(
        st.builds(
            Gateway,
            provider=TEXT,
            reference=TEXT,
            serial=st.from_regex(r"[A-Za-z0-9-]{0,40}", fullmatch=True),
            platform=st.sampled_from([None, "frr"]),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    reserved_vlans=st.lists(st.integers(1, 4094), max_size=3).map(tuple),
)


class TestFile:
    @settings(max_examples=60, deadline=None)
    @given(SITES, st.dictionaries(st.sampled_from(["a.b", "c.d"]), TEXT | st.booleans() | st.integers()))
    def test_reading_it_gives_the_spec_again_whatever_the_texts_are(self, site, options):
        spec = Spec(
            code="GM0164", name="Hengelo (O.)", province="Overijssel", slug="hengelo", domain="h.example",
            sites=(site,), options=options,
        )  # fmt: skip
        assert read_spec(spec_text(spec, "x.yml").encode(), Path("x.yml")).spec == spec

    def test_the_example_comes_through_unchanged_and_explained(self, tmp_path):
        spec = load_spec(specs_folder() / "hengelo.yml").spec
        path = tmp_path / "again.yml"
        path.write_text(spec_text(spec, str(path)))
        assert load_spec(path).spec == spec
        text = path.read_text()
        assert max(map(len, text.splitlines())) <= 120
        assert f"ggi onboard plan {path}" in text
        for comment in ("idp: its people log in elsewhere", "two share one address (VRRP)", "IPsec to both cores"):
            assert text.count(comment) == 1

    def test_a_file_name_cannot_end_its_comment(self):
        spec = load_spec(specs_folder() / "hengelo.yml").spec
        assert read_spec(spec_text(spec, "a\ncode: GM0141 #.yml").encode(), Path("x.yml")).spec == spec


# -- the terminal ------------------------------------------------------------------------------------------


class Terminal(terminal.Terminal):
    """Somebody who runs `ggi onboard new` in a folder of its own."""

    def __init__(self, folder, *arguments):
        command = (sys.executable, "-m", "ggi_net", "onboard", "new", *arguments)
        super().__init__(command, folder, GGI_STATE=str(folder / "state"))

    def enter_until(self, pattern):
        """Press Enter at every question until that one."""
        while not re.search(pattern, self.expect(r"\n?([^\n]*): (?=\Z)").group(1)):
            self.press("\n")


@pytest.fixture
def folder(tmp_path):
    return tmp_path


class TestTerminal:
    def test_from_a_name_to_a_spec_that_plans(self, folder):
        user = Terminal(folder)
        user.say(r"Gemeente, by name or CBS code: ", "Hengello")
        user.say(r"did you mean 'Hengelo \(O\.\)'(.|\n)*code: ", "Hengelo")
        user.say(r"Hengelo \(O\.\), GM0164, province Overijssel\nDomain \[hengelo\.example\]: ")
        user.say(r"Part in govroam \[both\]: ")
        user.say(r"Realms of its people \[hengelo\.example\]: ")
        user.enter_until("Name")
        user.press("Stadhuis Hengelo – Centrum\n")
        user.enter_until("Another site")
        user.press("\n")
        user.say(r"Write this to hengelo\.yml\? \[yes\]: ")
        assert user.end() == 0
        assert "Next: ggi onboard plan hengelo.yml" in user.seen
        found = load_spec(folder / "hengelo.yml")
        assert found.spec.sites[0].name == "Stadhuis Hengelo – Centrum"
        assert plan_spec(found, Files(demo_folder())).changes
        assert not list((folder / "state").rglob("*.json")), "the answers are not kept once the spec is written"

    def test_ctrl_c_writes_nothing_and_the_next_run_offers_the_answers(self, folder):
        first = Terminal(folder, "-o", "new.yml")
        first.say("Gemeente.*: ", "Hengelo")
        first.say("Domain.*: ", "anders.example")
        first.expect("Part in govroam.*: ")
        assert first.end(interrupt=True) == 130
        assert "GGI1903" in first.seen
        assert "Traceback" not in first.seen
        assert [path.name for path in folder.iterdir()] == ["state"]

        again = Terminal(folder, "-o", "new.yml")
        again.expect("2 answers of an earlier run")
        again.say(r"Gemeente.*\[Hengelo\]: ")
        again.say(r"Domain \[anders\.example\]: ")
        again.enter_until("Write this to")
        again.press("\n")
        assert again.end() == 0
        assert load_spec(folder / "new.yml").spec.domain == "anders.example"

    def test_killed_without_warning_it_keeps_the_answers_too(self, folder):
        first = Terminal(folder)
        first.say("Gemeente.*: ", "Hengelo")
        first.say("Domain.*: ", "anders.example")
        first.expect("Part in govroam.*: ")
        first.process.send_signal(signal.SIGKILL)
        first.end()
        again = Terminal(folder)
        again.say("Gemeente.*: ", "Hengelo")
        again.expect(r"Domain \[anders\.example\]: ")
        again.press("\x04")
        assert again.end() == 130, "the end of input stops it as Ctrl-C does"

    def test_a_file_that_is_there_is_not_overwritten_without_being_asked(self, folder):
        (folder / "hengelo.yml").write_text("mine\n")
        user = Terminal(folder)
        user.say("Gemeente.*: ", "Hengelo")
        user.say(r"hengelo\.yml is there already\. Overwrite it at the end\? \[no\]: ")
        assert user.end() == 1
        assert "GGI1001" in user.seen
        assert (folder / "hengelo.yml").read_text() == "mine\n"

        user = Terminal(folder)
        user.say("Gemeente.*: ", "Hengelo")
        user.say("Overwrite", "yes")
        user.enter_until("Write this to")
        user.press("no\n")
        assert user.end() == 1
        assert (folder / "hengelo.yml").read_text() == "mine\n", "and kept until the very end"

    def test_a_state_folder_that_cannot_be_written_stops_nobody(self, folder):
        (folder / "state").write_text("a file, no folder\n")
        user = Terminal(folder)
        user.say("Gemeente.*: ", "Hengelo")
        user.expect("Your answers can't be kept: GGI1001")
        user.enter_until("Write this to")
        user.press("\n")
        assert user.end() == 0
        assert user.seen.count("can't be kept") == 1
        assert load_spec(folder / "hengelo.yml").spec.slug == "hengelo"

    def test_a_folder_is_no_file(self, folder):
        user = Terminal(folder, "-o", str(folder))
        assert user.end() == 1
        assert "is a folder" in user.seen

    def test_without_a_terminal_it_says_what_to_do_instead(self, folder):
        done = subprocess.run(
            [sys.executable, "-m", "ggi_net", "onboard", "new"],
            cwd=folder,
            input="Hengelo\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "ggi onboard schema" in done.stderr
        assert "inventory/specs/hengelo.yml" in done.stderr

    def test_bytes_that_are_no_text_are_refused_in_words(self, folder):
        user = Terminal(folder)
        user.expect("Gemeente.*: ")
        user.press(b"\xff\xfe\x80\n")
        user.expect("no gemeente '.*' on the list of CBS")
        assert user.end(interrupt=True) == 130
        assert "Traceback" not in user.seen
