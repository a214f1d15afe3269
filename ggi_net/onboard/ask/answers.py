"""From what somebody types to values: each reader returns the value, or raises a SpecError that says what is wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ggi_net.errors import SpecError, WrongValue, nearest
from ggi_net.model.standard import OptionKind
from ggi_net.source.gemeenten import listed_gemeenten, slug_of
from ggi_net.source.options import refusal
from ggi_net.source.yamlfile import convert, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.model.standard import Option
    from ggi_net.source.gemeenten import Listed

Reader: TypeAlias = Callable[[str], Any]
"""From what was typed to a value; raises SpecError."""

YES = {"y", "yes", "j", "ja"}
NO = {"n", "no", "nee"}
_ANSWER = Path("answer")


def of_type(kind: Any) -> Reader:
    """A reader for one value of a type of `ggi_net.model.types`."""

    def read(text: str) -> Any:
        try:
            return convert(text, kind, _ANSWER, b"")
        except WrongValue as error:
            raise SpecError(error.message, hint=error.hint) from None

    return read


def list_of(kind: Any) -> Reader:
    """A reader for values apart by commas or spaces; none are an empty list."""
    one = of_type(kind)
    return lambda text: [one(word) for word in words(text)]


def given(reader: Reader) -> Reader:
    """The same reader, refusing an answer without anything in it."""

    def read(text: str) -> Any:
        value = reader(text)
        if not value:
            raise SpecError("this needs an answer", hint="it can't be left empty")
        return value

    return read


def whole_number(text: str) -> int:
    """One whole number."""
    found = whole_numbers(text)
    if len(found) != 1:
        raise SpecError("this takes one whole number", hint="such as 2")
    return found[0]


def whole_numbers(text: str) -> list[int]:
    """Whole numbers apart by commas or spaces."""
    wrong = next((word for word in words(text) if not re.fullmatch(r"[0-9]{1,9}", word)), None)
    if wrong is not None:
        raise SpecError(f"'{printable(wrong)}' is not a whole number", hint="such as 100, 101")
    return [int(word) for word in words(text)]


def words(text: str) -> list[str]:
    """What stands between commas and spaces."""
    return re.findall(r"[^\s,]+", text)


def one_of(names: Sequence[str]) -> Reader:
    """A reader for a name of a list, or its number there from 1."""

    def read(text: str) -> str:
        word = text.strip().lower()
        if word in names:
            return word
        if re.fullmatch(r"[0-9]{1,3}", word) and 1 <= int(word) <= len(names):
            return names[int(word) - 1]
        raise SpecError(
            f"'{printable(text)}' is not on the list{nearest(word, names)}",
            hint=f"one of {', '.join(names)}, or its number",
        )

    return read


def some_of(names: Sequence[str]) -> Reader:
    """A reader for names of a list, or their numbers there; each once, in the list's order."""
    one = one_of(names)

    def read(text: str) -> list[str]:
        chosen = {one(word) for word in words(text)}
        return [name for name in names if name in chosen]

    return read


def yes_or_no(text: str) -> bool:
    """Yes or no, in Dutch too."""
    word = text.strip().lower()
    if word not in YES | NO:
        raise SpecError(f"'{printable(text)}' is neither yes nor no", hint="type y or n")
    return word in YES


def gemeente(text: str) -> Listed:
    """The gemeente on the list of CBS with that name or code."""
    listed = listed_gemeenten()
    word = text.strip()
    if re.fullmatch(r"(?i)(gm)?[0-9]{4}", word):
        code = f"GM{word[-4:]}"
        if code not in listed:
            raise SpecError(f"CBS code '{code}' is not on the list of gemeenten", hint="its name will do, too")
        return listed[code]
    exact = [row for row in listed.values() if row.name.lower() == word.lower()]
    found = exact or [row for row in listed.values() if slug_of(row.name) == slug_of(word)]
    if len(found) == 1:
        return found[0]
    if found:
        raise SpecError(
            f"there are {len(found)} gemeenten called {printable(word)}",
            hint=" or ".join(f"{row.code} for {row.name} in {row.province}" for row in found),
        )
    begins = [row.name for row in listed.values() if slug_of(word) and slug_of(row.name).startswith(slug_of(word))]
    likely = nearest(word, [row.name for row in listed.values()]) or nearest(
        slug_of(word), [slug_of(row.name) for row in listed.values()]
    )
    raise SpecError(
        f"no gemeente '{printable(word)}' on the list of CBS{likely}",
        hint=f"these begin so: {', '.join(begins[:8])}" if begins else "its code will do, too, such as GM0141",
    )


def first_hosts(addresses: Sequence[str]) -> list[str]:
    """The first host of each network that `addresses` lie in, or the second where that is the address itself."""
    found = []
    for address in addresses:
        try:
            own = ipaddress.ip_interface(address)
        except ValueError:
            continue
        first = own.network.network_address + 1
        found.append(str(first + 1 if first == own.ip else first))
    return found


def option_value(option: Option) -> Reader:
    """A reader for a value of one of the standard's options."""

    def read(text: str) -> Any:
        value: Any = text
        match option.kind:
            case OptionKind.BOOLEAN:
                value = yes_or_no(text)
            case OptionKind.INTEGER if re.fullmatch(r"[0-9]{1,9}", text.strip()):
                value = int(text)
            case OptionKind.CHOICES:
                value = some_of(option.allowed)(text)
            case OptionKind.ADDRESSES:
                value = words(text)
            case OptionKind.CHOICE:
                value = one_of(option.allowed)(text)
        problem = refusal(option, value)
        if problem:
            raise SpecError(f"it can't be '{printable(text)}': {problem}", hint=option.help)
        return value

    return read


def option_text(value: Any) -> str:
    """An option's value as somebody would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def allowed_text(option: Option) -> str:
    """What may be answered for an option, in brief."""
    match option.kind:
        case OptionKind.CHOICE:
            return "one of " + ", ".join(option.allowed)
        case OptionKind.CHOICES:
            return "any of " + ", ".join(option.allowed)
        case OptionKind.BOOLEAN:
            return "yes or no"
        case OptionKind.INTEGER:
            return f"{option.minimum} to {option.maximum}"
        case OptionKind.TEXT:
            return f"at most {option.maximum or 200} characters"
        case OptionKind.ADDRESSES:
            return "IP addresses"
        case OptionKind.WINDOW:
            return "always, or days and times such as mon-thu 19:00-23:00"
