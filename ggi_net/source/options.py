"""Local options: only what the standard declares, only values that it allows."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ggi_net.errors import OptionRefused, OptionUndeclared, Place, nearest
from ggi_net.files import read_bytes
from ggi_net.model.standard import Option, OptionKind
from ggi_net.model.window import FORM, window
from ggi_net.source.yamlfile import locate, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ggi_net.model.gemeente import Gemeente
    from ggi_net.model.standard import Standard


def option_values(gemeente: Gemeente, standard: Standard) -> dict[str, Any]:
    """The value of every option that `standard` declares: the gemeente's choice, else the default."""
    return {option.name: gemeente.options.get(option.name, option.default) for option in standard.options}


def check_options(gemeente: Gemeente, standard: Standard, source: Path | str) -> None:
    """Refuse an option in `source`, a file or the URL of a page, that is not declared or out of range.

    Raises OptionUndeclared or OptionRefused.
    """
    if "://" in str(source):
        check_values(gemeente.options, standard, lambda _: Place(str(source)))
    else:
        check_choices(gemeente.options, standard, Path(source))


def check_choices(choices: Mapping[str, Any], standard: Standard, path: Path) -> None:
    """As `check_options`, for the `options` mapping of any file (an estate's or a spec's)."""
    check_values(choices, standard, lambda name: _place(path, name))


def check_values(choices: Mapping[str, Any], standard: Standard, place: Callable[[str], Place]) -> None:
    """As `check_options`, for options from anywhere; `place` tells where the one of a name stands."""
    declared = {option.name: option for option in standard.options}
    for name, value in choices.items():
        option = declared.get(name)
        if option is None:
            raise OptionUndeclared(
                f"standard {standard.version} declares no option '{printable(name)}'{nearest(name, declared)}",
                place=place(name),
                hint=f"options: {', '.join(sorted(declared))}",
            )
        problem = refusal(option, value)
        if problem:
            raise OptionRefused(
                f"option '{name}' can't be {_shown(value)}: {problem}", place=place(name), hint=option.help
            )


def refusal(option: Option, value: Any) -> str:
    """Why `value` is not allowed for `option`, naming what is; empty when it is allowed."""
    match option.kind:
        case OptionKind.CHOICE:
            return "" if value in option.allowed else _one_of(str(value), option)
        case OptionKind.CHOICES:
            if not isinstance(value, list | tuple):
                return f"it takes a list of: {', '.join(option.allowed)}"
            wrong = [v for v in value if v not in option.allowed]
            return _one_of(str(wrong[0]), option) if wrong else ""
        case OptionKind.BOOLEAN:
            return "" if isinstance(value, bool) else "it takes true or false"
        case OptionKind.INTEGER:
            return _integer(option, value)
        case OptionKind.TEXT:
            return _text(option, value)
        case OptionKind.ADDRESSES:
            return _addresses(value)
        case OptionKind.WINDOW:
            return _window(value)


def _shown(value: Any) -> str:
    items = [printable(item) for item in value] if isinstance(value, list | tuple) else None
    return f"[{', '.join(items)}]" if items is not None else f"'{printable(value)}'"


def _one_of(value: str, option: Option) -> str:
    return f"allowed: {', '.join(option.allowed)}{nearest(value, option.allowed)}"


def _integer(option: Option, value: Any) -> str:
    low, high = option.minimum, option.maximum
    fits = (
        isinstance(value, int)
        and not isinstance(value, bool)
        and (low is None or value >= low)
        and (high is None or value <= high)
    )
    return "" if fits else f"it takes a whole number from {low} to {high}"


def _text(option: Option, value: Any) -> str:
    limit = option.maximum or 200
    fits = isinstance(value, str) and value.isprintable() and len(value) <= limit
    return "" if fits else f"it takes one line of at most {limit} printable characters"


def _addresses(value: Any) -> str:
    if not isinstance(value, list | tuple):
        return "it takes a list of IP addresses"
    for item in value:
        try:
            ipaddress.ip_address(item if isinstance(item, str) else "")
        except ValueError:
            return f"'{printable(item)}' is not an IP address"
    return ""


def _window(value: Any) -> str:
    if not isinstance(value, str):
        return f"it takes {FORM}"
    try:
        window(value)
    except ValueError as error:
        return str(error)
    return ""


def _place(path: Path, name: str) -> Place:
    # Option names hold dots, so the path is given as far as the mapping and the key apart.
    return locate(path, read_bytes(path), "$.options", name)
