"""A real provider of log-ins on loopback, and somebody who logs in at it in a browser."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx
import pytest
from joserfc.jwk import RSAKey

from ggi_net.authlog.question import Role
from ggi_net.web.settings import Oidc, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "provider"
SECRET = "geheim/van+de=client"
"""With characters that a form has to escape (RFC 6749, section 2.3.1)."""


def settings(issuer: str, **more) -> Oidc:
    """The settings for it."""
    rules = (
        Rule(value="helpdesk-almelo", role=Role.HELPDESK, gemeenten=("almelo",)),
        Rule(value="govroam-beheer", role=Role.OPERATOR),
    )
    return Oidc(
        issuer=issuer, client_id="ggi-helpdesk", client_secret="secret://federation/oidc/client", rules=rules, **more
    )


class RealProvider:
    """oidc-provider, started for the tests."""

    def __init__(self, folder: Path, origin: str, back_channel: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{port}"
        self._keys = folder / "keys.json"
        self.new_keys("first")
        arguments = [str(port), f"{origin}/inloggen/oidc/terug", f"{origin}/inloggen", str(self._keys)]
        arguments += [f"{origin}{back_channel}"] if back_channel else []
        self._process = subprocess.Popen(
            ["node", "provider.js", *arguments], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._await("ready")

    def new_keys(self, name: str) -> None:
        """Write down another key for it to sign with."""
        key = RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}, private=True)
        self._keys.write_text(json.dumps({"keys": [key.as_dict(private=True)]}))

    def reload(self) -> None:
        """Let it take the new keys."""
        self._process.send_signal(signal.SIGHUP)
        self._await("reloaded")

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(10)

    def _await(self, word: str) -> None:
        assert self._process.stdout
        said = []
        for line in self._process.stdout:
            said.append(line)
            if line.strip() == word:
                return
        pytest.fail(f"the provider said {''.join(said)}")


class Person:
    """A browser at the provider, and what somebody does in it."""

    def __init__(self) -> None:
        self._browser = httpx.Client(follow_redirects=False)

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()

    def comes_back(self, url: str, name: str) -> str:
        """Log in as `name` at the page `url` and consent; return the address that the provider leads back to."""
        answer = self._browser.get(url)
        for _ in range(12):
            if answer.is_redirect:
                url = urljoin(str(answer.url), answer.headers["location"])
                if not url.startswith("http://127.0.0.1"):
                    return url
                answer = self._browser.get(url)
                continue
            answer = self._browser.post(_action(answer), data={**_hidden(answer), "login": name, "password": "x"})
        pytest.fail(f"the provider went round in circles: {answer.text[:500]}")

    def logs_out(self, url: str) -> str:
        """Log out at `url`; return the address that the provider leads back to."""
        answer = self._browser.get(url)
        assert answer.status_code == 200, answer.text
        answer = self._browser.post(_action(answer), data={**_hidden(answer), "logout": "yes"})
        return str(answer.headers["location"])

    def is_logged_in(self, url: str) -> bool:
        """Whether the provider leads back from `url` without asking for a name."""
        answer = self._browser.get(url)
        while answer.is_redirect:
            url = urljoin(str(answer.url), answer.headers["location"])
            if not url.startswith("http://127.0.0.1"):
                return True
            answer = self._browser.get(url)
        return False


def _action(page: httpx.Response) -> str:
    found = re.search(r'action="([^"]+)"', page.text)
    assert found, page.text[:500]
    return urljoin(str(page.url), found[1])


def _hidden(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))


def running(folder: Path, origin: str, back_channel: str = "") -> Iterator[RealProvider]:
    """The body of a fixture: the provider, as long as it is needed; skips when it isn't installed.

    It tells `origin` at the path `back_channel` who logged out, if that is given.
    """
    if not (FOLDER / "node_modules").exists():
        pytest.skip("oidc-provider is not installed: scripts/install-test-provider")
    provider = RealProvider(folder, origin, back_channel)
    try:
        yield provider
    finally:
        provider.stop()
