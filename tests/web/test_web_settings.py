"""Settings that would not be safe are refused before anything listens, with the place and the remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ggi_net.authlog.ingest.settings import read_settings as read_logs
from ggi_net.errors import FileError, GgiError, WebSettings
from ggi_net.web.settings import read_settings

GOOD = """
address: https://helpdesk.almelo.example
listen: 127.0.0.1:8443
proxies: [127.0.0.1]
logs: logs.yml
secrets: vault.yml
oidc:
  issuer: https://login.almelo.example
  client_id: ggi
  client_secret: secret://federation/oidc/client
  rules:
    - {value: helpdesk, role: helpdesk, gemeenten: [almelo]}
"""


def written(tmp_path, text: str):
    file = tmp_path / "web.yml"
    file.write_text(text)
    return file


def test_good_settings_are_read_with_paths_beside_the_file(tmp_path):
    found = read_settings(written(tmp_path, GOOD))
    assert (found.origin, found.host) == ("https://helpdesk.almelo.example", "helpdesk.almelo.example")
    assert found.bind == ("127.0.0.1", 8443)
    assert (found.logs, found.secrets) == (str(tmp_path / "logs.yml"), str(tmp_path / "vault.yml"))


def test_options_go_before_the_file(tmp_path):
    found = read_settings(written(tmp_path, GOOD), listen="[::1]:9000", logs=tmp_path / "other.yml")
    assert (found.bind, found.logs) == (("::1", 9000), str(tmp_path / "other.yml"))


def test_without_a_file_it_serves_this_machine_only():
    assert read_settings(None).bind == ("127.0.0.1", 8443)
    assert read_settings(None, listen="127.0.0.1:9000").origin == "http://127.0.0.1:9000"
    with pytest.raises(WebSettings, match="without TLS"):
        read_settings(None, listen="0.0.0.0:8443")


WRONG = {
    "no TLS for others": ("address: http://helpdesk.almelo.example\n", "address", "without TLS"),
    "no TLS at all": ("address: https://helpdesk.almelo.example\n", "address", "nobody does TLS"),
    "listens for all in the clear": ("listen: 0.0.0.0:80\n", "address", "without TLS"),
    "no address": ("address: helpdesk\n", "address", "not the address of a site"),
    "an address with a path": ("address: https://x.example/helpdesk\n", "address", "not the address of a site"),
    "an address with a name in it": ("address: https://a@x.example\n", "address", "not the address of a site"),
    "no port": ("listen: 127.0.0.1\n", "listen", "not an address and a port"),
    "a port that is none": ("listen: 127.0.0.1:99999\n", "listen", "not an address and a port"),
    "a name to listen at": ("listen: localhost:80\n", "listen", "not an address and a port"),
    "a proxy by name": (GOOD.replace("[127.0.0.1]", "[proxy.example]"), "proxies", "no IP address"),
    "everybody": (GOOD.replace("[127.0.0.1]", "['0.0.0.0/0']"), "proxies", "no IP address"),
    "every proxy": (GOOD.replace("[127.0.0.1]", "['*']"), "proxies", "no IP address"),
    "a secret as it is": (GOOD.replace("secret://federation/oidc/client", "geheim"), "oidc", "stands here as it is"),
    "an issuer without TLS": (GOOD.replace("https://login", "http://login"), "oidc", "no https address"),
    "an engineer": (GOOD.replace("role: helpdesk", "role: engineer"), "oidc", "nobody is an engineer"),
    "a helpdesk of nobody": (GOOD.replace(", gemeenten: [almelo]", ""), "oidc", "has no gemeente"),
    "no openid": (GOOD.replace("  client_id", "  scopes: [profile]\n  client_id"), "oidc", "openid"),
    "nobody could log in": ("accounts: false\n", "accounts", "nobody could log in"),
    "idle for longer than ever": ("sessions: {idle_minutes: 60, longest_minutes: 30}\n", "sessions", "more than"),
}


@pytest.mark.parametrize(("text", "key", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, key, problem):
    with pytest.raises(WebSettings) as caught:
        read_settings(written(tmp_path, text))
    assert problem in caught.value.message
    assert caught.value.hint
    assert "geheim" not in str(caught.value)
    line = next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith(f"{key}:")), 1)
    assert caught.value.place
    assert caught.value.place.line == line


@pytest.mark.parametrize(
    "text",
    ["adress: https://x.example\n", "rates: {pages: 0}\n", "sessions: {idle_minutes: -1}\n", "oidc: {}\n", "- x\n",
     "a: [\n", "listen: 7\n", "accounts: misschien\n"],
)  # fmt: skip
def test_other_mistakes_are_said_with_line_and_column(tmp_path, text):
    with pytest.raises(GgiError) as caught:
        read_settings(written(tmp_path, text))
    assert caught.value.place
    assert caught.value.place.line


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(FileError):
        read_settings(Path("/nergens/web.yml"))


DOCUMENTED = re.findall(
    r"^```yaml\n(.*?)^```$", (Path(__file__).parents[2] / "docs" / "web.md").read_text(), re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize("text", [text for text in DOCUMENTED if "address:" in text])
def test_the_settings_of_the_documentation_are_good(tmp_path, text):
    assert read_settings(written(tmp_path, text)).origin == "https://helpdesk.example.nl"


def test_the_logs_of_the_documentation_are_good(tmp_path):
    (text,) = [text for text in DOCUMENTED if "audit:" in text]
    found = read_logs(written(tmp_path, text))
    assert (found.audit.key, found.audit.plain_days) == ("secret://federation/audit/key", 30)
