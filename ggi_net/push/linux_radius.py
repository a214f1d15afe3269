"""RADIUS on a Debian host, asked on the host itself: does the server answer, does it let a user in?

Secrets reach the host on standard input only, and a process there through a pipe: no argument and no file has them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from ggi_net.push.ssh import Answer, Host

_STATUS = """\
IFS= read -r secret
printf 'Message-Authenticator = 0x00\\n' | radclient -r 2 -t 2 -S /dev/fd/3 "127.0.0.1:$1" status 3<<SECRET
$secret
SECRET
"""


def status_server(host: Host, port: int, secret: str) -> str:
    """Ask with a Status-Server (RFC 5997) over loopback; return what is wrong in words, or nothing."""
    return _wrong(host.run(_STATUS, str(port), given=f"{secret}\n".encode()))


def login(host: Host, port: int, secret: str, account: str, trusted: str) -> str:
    """Log in over loopback by EAP-TTLS with PAP; return what is wrong in words, or nothing.

    `account` is the user and the password with a space between. `trusted`: the host's file of certificates of which one
    must have signed that of the server that answers, or be it: nobody else gets the password.
    """
    user, _, password = account.partition(" ")
    given = "".join(f"{line}\n" for line in (secret, user, password, trusted))
    return _wrong(host.run('exec python3 -c "$1" "$2"', _login_script(), str(port), given=given.encode()))


@cache
def _login_script() -> str:
    return files("ggi_net.push").joinpath("eap_login.py").read_text()


def _wrong(answer: Answer) -> str:
    if answer.status == 0:
        return ""
    lines = [line.strip() for line in f"{answer.output}\n{answer.errors}".splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Sent ")]
    return printable(told[-1], 200) if told else "no reply from who knows the secret"
