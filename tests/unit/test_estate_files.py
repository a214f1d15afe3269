"""Estates as files: what is written is read back, broken files are explained, generated estates are real ones."""

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.errors import DuplicateKey, FileError, GgiError, SyntaxProblem, WrongValue
from ggi_net.model.gemeente import Gemeente
from ggi_net.onboard.generate import make_estate, write_estate
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate
from ggi_net.source.gemeenten import listed_gemeenten, slug_of
from ggi_net.source.validate import findings_of
from ggi_net.source.write import to_yaml
from ggi_net.source.yamlfile import convert, load, parse

GGI = [sys.executable, "-c", "from ggi_net.cli.main import main; main()"]
PATH = Path("x.yml")


def as_gemeente(text: str) -> Gemeente:
    content = text.encode()
    return convert(parse(content, PATH), Gemeente, PATH, content)


@pytest.mark.parametrize("slug", ["almelo", "enschede", "losser"])
def test_a_gemeente_that_is_written_is_read_back(slug):
    gemeente = load_estate(demo_folder()).gemeente(slug)
    assert as_gemeente(to_yaml(gemeente)) == gemeente


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_survives_writing_or_is_refused_reading(text):
    gemeente = msgspec.structs.replace(load_estate(demo_folder()).gemeente("losser"), name=text)
    try:
        msgspec.convert(msgspec.to_builtins(gemeente), Gemeente)
    except msgspec.ValidationError:
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert as_gemeente(to_yaml(gemeente)).name == text


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text("- :[]{}&*a\n\t\"'|>#?!%@,\0", max_size=60).map(str.encode))
def test_no_bytes_make_anything_but_an_error_with_a_place(content):
    with pytest.raises(GgiError) as caught:
        convert(parse(content, PATH), Gemeente, PATH, content)
    assert caught.value.place is not None
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "deep", ["[" * 100_000, "{a: " * 50_000, "- " * 200_000, "? " * 200_000, "[" * 99_000 + "]" * 99_000]
)
def test_deep_nesting_is_refused_before_the_parser_sees_it(deep):
    with pytest.raises(SyntaxProblem, match="nested deeper"):
        parse(deep.encode(), PATH)


def test_a_key_twice_says_which_line_is_the_second():
    with pytest.raises(DuplicateKey) as caught:
        parse(b"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", PATH)
    assert (caught.value.place.line, caught.value.place.column) == (5, 3)


def test_aliases_within_reason_are_fine():
    assert parse(b"a: &x [1, 2]\nb: *x\n", PATH) == {"a": [1, 2], "b": [1, 2]}


def test_a_byte_order_mark_and_windows_line_ends_are_fine():
    assert parse("\ufeffa: 1\r\nb: 2\r\n".encode(), PATH) == {"a": 1, "b": 2}


def test_dates_and_times_stay_text_or_numbers_as_written():
    assert parse(b"a: 2026-01-01\n", PATH) == {"a": "2026-01-01"}


def test_a_wrong_value_names_the_key_of_a_mapping(tmp_path):
    path = tmp_path / "losser.yml"
    path.write_text((demo_folder() / "gemeenten" / "losser.yml").read_text().replace("tag: 105", "tag: five"))
    with pytest.raises(WrongValue) as caught:
        load(path, Gemeente)
    assert caught.value.message == "links[0].vrfs.mgmt.tag: expected a whole number, found text (five)"


def test_slugs_of_real_names():
    names = {row.name: slug_of(row.name) for row in listed_gemeenten().values()}
    assert len(names) == 342
    assert names["Hengelo (O.)"] == "hengelo"
    assert names["'s-Gravenhage"] == "s-gravenhage"
    assert names["Súdwest-Fryslân"] == "sudwest-fryslan"
    assert names["Nuenen, Gerwen en Nederwetten"] == "nuenen-gerwen-en-nederwetten"


# -- generated estates ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    return make_estate(20, seed=1)


def test_a_generated_estate_is_consistent(small):
    assert findings_of(small) == []


def test_a_generated_estate_has_the_whole_variety(small):
    devices = [placed.device for placed in small.devices.values()]
    assert {device.platform for device in devices} == {"frr", "cisco_iosxe", "freeradius", "radsecproxy"}
    lines = {link.line.kind for gemeente in small.gemeenten for link in gemeente.links}
    assert len(lines) == 2
    assert any(gemeente.govroam.idp for gemeente in small.gemeenten)
    assert any(not gemeente.govroam.realms for gemeente in small.gemeenten)


def test_gemeenten_home_on_the_pair_of_their_region(small):
    for gemeente in small.gemeenten:
        cores = {link.core.device for link in gemeente.links}
        assert len(cores) == 2
        assert len({core[5:7] for core in cores}) == 1, "both of one region"


def test_the_same_seed_gives_the_same_estate_and_another_seed_another(small):
    assert make_estate(20, seed=1).gemeenten == small.gemeenten
    assert make_estate(20, seed=2).gemeenten != small.gemeenten


def test_a_written_estate_is_read_back(tmp_path):
    made = write_estate(tmp_path / "nl", 4, 1)
    loaded = load_estate(tmp_path / "nl")
    assert loaded.gemeenten == made.gemeenten
    assert loaded.federation == made.federation


def test_generating_again_leaves_nothing_of_the_earlier_estate(tmp_path):
    write_estate(tmp_path / "nl", 6, 1)
    write_estate(tmp_path / "nl", 3, 1)
    assert len(load_estate(tmp_path / "nl").gemeenten) == 3


@pytest.mark.parametrize("name", ["estate.yml", "gemeenten/almelo.json", "notes.txt"])
def test_what_was_not_generated_is_never_overwritten(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("precious")
    with pytest.raises(FileError, match="not generated"):
        write_estate(tmp_path, 2, 1)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("after", [0.3, 0.5, 0.7, 0.9])
def test_killed_while_generating_the_second_run_completes(tmp_path, after):
    folder = tmp_path / "nl"
    command = [*GGI, "estate", "generate", "--gemeenten", "60", "--out", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(after)
    process.kill()
    process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    loaded = load_estate(folder)
    assert len(loaded.gemeenten) == 60
    assert findings_of(loaded) == []
    assert sorted(path.name for path in folder.iterdir()) == ["estate.yml", "federation.json", "gemeenten"]
    assert len(list((folder / "gemeenten").iterdir())) == 60


def test_the_whole_country_has_ten_thousand_devices_within_a_gibibyte(tmp_path):
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom ggi_net.onboard.generate import write_estate\n"
        "made = write_estate(Path(sys.argv[1]), 342, 2026)\n"
        "print(len(made.gemeenten), len(made.devices), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    ran = subprocess.run([sys.executable, "-c", code, tmp_path / "nl"], capture_output=True, text=True, check=True)
    gemeenten, devices, kibibytes = map(int, ran.stdout.split())
    assert gemeenten == 342
    assert devices >= 10_000
    assert kibibytes < 1024 * 1024


def test_show_and_validate_from_the_command_line():
    shown = subprocess.run([*GGI, "estate", "show"], capture_output=True, text=True, check=True).stdout
    assert "3 gemeenten, 8 sites, 15 devices" in shown
    one = subprocess.run([*GGI, "estate", "show", "almelo"], capture_output=True, text=True, check=True).stdout
    assert "ce-almelo-werf-01: ce on cisco_iosxe, serial ALM-0003" in one
    fine = subprocess.run([*GGI, "estate", "validate"], capture_output=True, text=True, check=True).stdout
    assert fine == "No findings: estate 'demo' (3 gemeenten, 15 devices) is consistent.\n"
