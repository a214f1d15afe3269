"""Which NetBox and which token: the environment before the file, and nothing that would give the token away."""

from __future__ import annotations

import pytest

from ggi_net.errors import FileMissing, NetBoxSettings, UnknownKey
from ggi_net.source.netbox.settings import Settings, checked_url, known_url, load_settings

TOKEN = "nbt_abcdefghijkl.0123456789012345678901234567890123456789"


@pytest.fixture
def given(tmp_path):
    """An environment with a configuration file and a token file."""
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    secret.chmod(0o600)
    config = tmp_path / "netbox.yml"
    config.write_text(f"url: https://netbox.example\ntoken_file: {secret}\ntimeout: 30\n")
    return {"GGI_CONFIG": str(config)}


def test_the_file_says_it_all(given):
    assert load_settings(given) == Settings("https://netbox.example", TOKEN, None, 30)


def test_the_environment_wins_value_by_value(given):
    given |= {
        "GGI_NETBOX_URL": "http://127.0.0.1:8000/api/",
        "GGI_NETBOX_TOKEN": "0123456789abcdef0123456789abcdef01234567",
    }
    found = load_settings(given)
    assert (found.url, found.token, found.timeout) == ("http://127.0.0.1:8000", given["GGI_NETBOX_TOKEN"], 30)


def test_the_token_is_not_in_the_settings_as_they_print(given):
    assert TOKEN not in repr(load_settings(given))


def test_the_url_alone_takes_no_token(given):
    assert known_url(given) == "https://netbox.example"
    assert (
        known_url({"GGI_CONFIG": given["GGI_CONFIG"], "GGI_NETBOX_URL": "https://other.example/"})
        == "https://other.example"
    )


def test_nothing_is_set(tmp_path):
    empty = tmp_path / "netbox.yml"
    empty.write_text("timeout: 30\n")
    with pytest.raises(NetBoxSettings) as missing:
        load_settings({"GGI_CONFIG": str(empty)})
    assert str(missing.value) == (
        "GGI2002 it is not known where NetBox is\n"
        f"  hint: set GGI_NETBOX_URL, or write `url: https://netbox.example` in {empty}"
    )
    assert known_url({"GGI_CONFIG": str(empty)}) == ""


def test_no_token_is_set(tmp_path):
    config = tmp_path / "netbox.yml"
    config.write_text("url: https://netbox.example\n")
    with pytest.raises(NetBoxSettings, match="there is no token for NetBox"):
        load_settings({"GGI_CONFIG": str(config)})


def test_a_named_configuration_file_must_be_there(tmp_path):
    with pytest.raises(FileMissing):
        load_settings({"GGI_CONFIG": str(tmp_path / "none.yml")})


def test_a_token_in_the_configuration_file_is_refused_and_not_shown(tmp_path):
    config = tmp_path / "netbox.yml"
    config.write_text(f"url: https://netbox.example\ntoken: {TOKEN}\n")
    with pytest.raises(UnknownKey) as refused:
        load_settings({"GGI_CONFIG": str(config)})
    assert "did you mean 'token_file'?" in str(refused.value)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_token_file_that_others_can_touch_is_refused(given, tmp_path, mode):
    (tmp_path / "token").chmod(mode)
    with pytest.raises(NetBoxSettings) as refused:
        load_settings(given)
    assert str(refused.value).startswith(
        f"GGI2002 {tmp_path}/token: others than its owner can read or change the file with the token (mode {mode:04o})"
    )


@pytest.mark.parametrize(
    "token", ["two words", "nbt_abc\x1bdef.0123456789", "short", "nbt_abc\r\nX-Evil: 1" + "0" * 40]
)
def test_what_is_no_token_is_refused_and_not_shown(given, token):
    with pytest.raises(NetBoxSettings) as refused:
        load_settings(given | {"GGI_NETBOX_TOKEN": token})
    assert token not in str(refused.value)


def test_a_missing_authority_is_told(given, tmp_path):
    with pytest.raises(FileMissing, match="no such file"):
        load_settings(given | {"GGI_NETBOX_CA": str(tmp_path / "ca.pem")})


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("netbox.example", "'netbox.example' is not the address of a web site"),
        ("ftp://netbox.example", "is not the address of a web site"),
        ("https://", "is not the address of a web site"),
        ("https://netbox.example:port", "is not the address of a web site"),
        ("https://netbox.example/\n", "is not the address of a web site"),
        ("https://nétbox.example", "is not the address of a web site"),
        ("https://admin:hunter2@netbox.example", "'https://netbox.example' holds more than the address"),
        ("https://netbox.example/?token=1", "holds more than the address"),
        ("http://netbox.example", "would send the token over the network unencrypted"),
        ("http://127.0.0.1.example", "would send the token over the network unencrypted"),
    ],
)
def test_an_address_that_a_token_must_not_go_to_is_refused(url, told):
    with pytest.raises(NetBoxSettings) as refused:
        checked_url(url)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://[::1]:8000", "https://example.nl/netbox"])
def test_an_address_is_kept_without_its_last_slash(url):
    assert checked_url(f"{url}/") == url
