"""Values of flat XML, looked up by hand.

Logs are hostile, and XML can name files, and grow without bounds by entities that it declares itself. So no XML
parser reads them: what a Windows server writes is flat, and one regular expression that never goes back finds its
elements. Nothing is declared, fetched or expanded but the five entities that XML has of its own and references to
characters.
"""

from __future__ import annotations

import re

_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));")
_PREDEFINED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ELEMENT = re.compile(r"<([A-Za-z][A-Za-z0-9._-]{0,63})(?:[ \t][^<>]{0,200})?>([^<]*)</\1>")
_DATA = re.compile(r"""<Data(?:[ \t]+Name=(?:"([^"<>]{0,64})"|'([^'<>]{0,64})'))?[ \t]*(?:/>|>([^<]*)</Data>)""")
_SURROGATES = range(0xD800, 0xE000)


def unescaped(text: str) -> str:
    """`text` as it was before it was written as XML; what XML itself doesn't know stays as it stands."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return _PREDEFINED[found[1]]
    number = int(found[2]) if found[2] else int(found[3], 16)
    return found[0] if number in _SURROGATES or number > 0x10FFFF else chr(number)


def elements(text: str) -> dict[str, str]:
    """The elements of `text` that hold only text, by name; of one that stands there twice, the first."""
    found: dict[str, str] = {}
    for name, value in _ELEMENT.findall(text):
        found.setdefault(name, unescaped(value))
    return found


def data(text: str) -> tuple[dict[str, str], list[str]]:
    """The `<Data>` of a Windows event: those with a name, and the values of those without one."""
    named: dict[str, str] = {}
    nameless: list[str] = []
    for double, single, value in _DATA.findall(text):
        if name := double or single:
            named.setdefault(name, unescaped(value))
        else:
            nameless.append(unescaped(value))
    return named, nameless
