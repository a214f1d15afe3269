"""`nft` of a device whose VRFs are namespaces: what is changed is changed in every namespace.

A rule that asks for the VRF as input interface asks for the VRF's members instead, and the interface below a VRF
(`sdifname`) is the input interface itself. Everything else of the ruleset is loaded as it is on disk.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.lab.twin.inside import complain, in_namespace, namespaces, real, wanted_interfaces
from ggi_net.lab.twin.interfaces import MAIN, members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_READING = ("list", "describe", "monitor", "get")
_VALUED = ("-f", "--file", "-I", "--includepath", "-D", "--define")


def main(arguments: list[str]) -> int:
    """Read in the main namespace; check there; change in all of them, and none when the first refuses."""
    options = arguments[1:]
    words = _words(options)
    if words and words[0] in _READING:
        return in_namespace(MAIN, real("nft"), *options, show=True).returncode
    text, rest = _file(options)
    places = members(wanted_interfaces())
    options = [translated(word, places) for word in rest]
    check = any(word in ("-c", "--check") for word in rest)
    for name in [MAIN] if check else namespaces():
        given = ["-f", "-"] if text is not None else []
        done = in_namespace(
            name, real("nft"), *options, *given, text=None if text is None else translated(text, places)
        )
        sys.stdout.write(done.stdout if name == MAIN else "")
        if done.returncode:
            complain(done.stderr.replace("/dev/stdin", _named(arguments[1:])))
            return done.returncode
    return 0


def translated(text: str, places: Mapping[str, Sequence[str]]) -> str:
    """A ruleset for VRFs as one for namespaces, line by line."""

    def ports(found: re.Match[str]) -> str:
        names = places.get(found["vrf"])
        return f"iifname {{ {', '.join(map(quoted, names))} }}" if names else found.group()

    return re.sub(r'\biifname "?(?P<vrf>[\w.-]+)"?(?=\s)', ports, re.sub(r"\bmeta sdifname\b", "iifname", text))


def quoted(name: str) -> str:
    """A name as nftables writes it."""
    return f'"{name}"'


def _words(options: Sequence[str]) -> list[str]:
    """The command of the command line, without options."""
    found, skip = [], False
    for word in options:
        if skip:
            skip = False
        elif word in _VALUED:
            skip = True
        elif not word.startswith("-"):
            found += word.split()
    return found


def _named(options: Sequence[str]) -> str:
    for place, word in enumerate(options[:-1]):
        if word in ("-f", "--file"):
            return options[place + 1]
    return "/dev/stdin"


def _file(options: Sequence[str]) -> tuple[str | None, list[str]]:
    """The text of the file that the options name, if they do, and the other options. `-cf FILE` is understood."""
    rest, text = [], None
    words = iter(options)
    for word in words:
        if word in ("-f", "--file") or re.fullmatch(r"-[a-eg-z]+f", word):
            name = next(words, "-")
            text = sys.stdin.read() if name in ("-", "/dev/stdin") else Path(name).read_text()
            if len(word) > 2 and not word.startswith("--"):
                rest.append(word[:-1])
        else:
            rest.append(word)
    return text, rest
