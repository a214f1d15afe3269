"""No string in a free-text field of the estate can add a line or a command to any artifact.

Free text is found by looking at the types: a string without a pattern, or with the pattern of `Text`. A field that is
added tomorrow is attacked without anybody thinking of it. The attack goes around the checks of loading, so that the
folding in the views and the guard behind it are tried by themselves.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from ggi_net.model.estate import Estate
from ggi_net.model.gemeente import Federation, Gemeente
from ggi_net.model.standard import OptionKind
from ggi_net.model.types import Text
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.render.guard import plain
from ggi_net.source.files import load_estate

DEMO = load_estate(demo_folder())
TEXT_PATTERN = inspect.type_info(Text).type.pattern
MARK = "Zqxj"
SAFE = r"[A-Za-z0-9 _.,:/()+=@-]*"
JOINED = re.compile(f"{MARK}({SAFE}{MARK})+")
"""Several texts on one line: a view may put them together and cut the whole."""

HOSTILE = [
    "x\nno ip ssh version 2",
    "x\r\n!\r\nend",
    "x\x0bwrite erase\x0c\x1c\x85",
    "x\u2028line\u2029paragraph",
    '"; }\nmodule(load="imuxsock")',
    '" ; flush ruleset ; "',
    "} } } secrets { eap { secret = x } }",
    "# comment ! bang ? help",
    "$(reboot) `reboot` ${HOME} %{exec:reboot} %i",
    "\\n\\r\\t\\x0a \\",
    "^C\x03 banner",
    "\u202egnp.exe\u202c",
    "gemeente 🏛️ 🇳🇱",
    "{{ device.name }} {% include 'x' %} {#",
    "secret://federation/snmp/auth",
    "ÿ" * 500,
    "a" * 10_000,
    "\x00",
    " ",
    "Súdwest-Fryslân",
    "'; DROP TABLE devices; --",
    "|begin <script>alert(1)</script>&amp;",
    "key 7 ~`*[]",
]


def free_text(kind: Any) -> bool:
    return isinstance(kind, inspect.StrType) and kind.pattern in (None, TEXT_PATTERN)


def replaced(value: Any, kind: Any, text: str, seen: set[str], name: str = "") -> Any:
    """`value` with every free text in it replaced; the fields where that happened are added to `seen`."""
    if isinstance(kind, inspect.Metadata):
        return replaced(value, kind.type, text, seen, name)
    if free_text(kind):
        seen.add(name)
        return text
    if isinstance(value, msgspec.Struct):
        cls = type(value)
        return cls(
            **{
                field.name: replaced(getattr(value, field.name), field.type, text, seen, f"{cls.__name__}.{field.name}")
                for field in inspect.type_info(cls).fields
            }
        )
    if isinstance(kind, inspect.VarTupleType):
        return tuple(replaced(item, kind.item_type, text, seen, name) for item in value)
    if isinstance(kind, inspect.DictType):
        return {key: replaced(item, kind.value_type, text, seen, name) for key, item in value.items()}
    return value


def attacked(text: str, seen: set[str]) -> Estate:
    """The demo estate with `text` in every free-text field and text option."""
    gemeenten = []
    for gemeente in DEMO.gemeenten:
        changed = replaced(gemeente, inspect.type_info(Gemeente), text, seen)
        declared = DEMO.standard_of(gemeente).options
        options = {option.name: text for option in declared if option.kind is OptionKind.TEXT}
        gemeenten.append(msgspec.structs.replace(changed, options={**gemeente.options, **options}))
    return Estate(
        name=DEMO.name,
        ranges=DEMO.ranges,
        standards=DEMO.standards,
        federation=replaced(DEMO.federation, inspect.type_info(Federation), text, seen),
        gemeenten=tuple(gemeenten),
        sources=DEMO.sources,
    )


def artifacts(text: str) -> dict[tuple[str, str], list[str]]:
    estate = attacked(text, set())
    return {
        (artifact.device, artifact.file): artifact.text.split("\n")
        for placed in estate.devices.values()
        for artifact in render_device(estate, placed)
    }


@cache
def allowed(*, empty: bool) -> dict[tuple[str, str], list[re.Pattern[str]]]:
    """What each line may be: as with a harmless mark, or with nothing, in every free-text field."""
    return {
        key: [re.compile(re.escape(JOINED.sub(MARK, line)).replace(MARK, SAFE), re.ASCII) for line in lines]
        for key, lines in artifacts("" if empty else MARK).items()
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_known_attacks_change_nothing_but_the_free_text(text):
    check(text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(HOSTILE)).map("".join),
        st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Po", "Ps", "Pe", "Sc"])),
    )
)
@example("")
def test_no_string_changes_anything_but_the_free_text(text):
    check(text)


def check(text: str) -> None:
    patterns = allowed(empty=not plain(text))
    found = artifacts(text)
    assert found.keys() == patterns.keys()
    for key, lines in found.items():
        assert len(lines) == len(patterns[key]), f"{key}: {len(lines)} lines instead of {len(patterns[key])}"
        for number, (line, pattern) in enumerate(zip(lines, patterns[key], strict=True), 1):
            assert pattern.fullmatch(line), f"{key}:{number}: {line!r} is not {pattern.pattern!r}"


def test_the_attack_reaches_the_artifacts():
    lines = [line for found in artifacts(MARK).values() for line in found]
    assert sum(MARK in line for line in lines) >= len(DEMO.devices)


def test_every_free_text_field_of_the_records_is_attacked():
    seen: set[str] = set()
    attacked(MARK, seen)
    assert seen == free_text_fields((Gemeente, Federation))


def free_text_fields(roots: tuple[type, ...]) -> set[str]:
    """`Record.field` of every free text that the types can hold; option names are looked up in the standard instead."""
    return {name for name, kind in strings(roots) if free_text(kind)} - {"Gemeente.options (key)"}


def strings(roots: tuple[type, ...]) -> list[tuple[str, Any]]:
    """`Record.field` and type of every string that the types can hold."""
    found, done, waiting = [], set(), [inspect.type_info(root) for root in roots]
    while waiting:
        kind = waiting.pop()
        if not isinstance(kind, inspect.StructType) or kind.cls in done:
            continue
        done.add(kind.cls)
        for field in kind.fields:
            inner = [(f"{kind.cls.__name__}.{field.name}", field.type)]
            while inner:
                name, part = inner.pop()
                if isinstance(part, inspect.StrType):
                    found.append((name, part))
                waiting.append(part)
                if isinstance(part, inspect.DictType):
                    inner += [(f"{name} (key)", part.key_type), (name, part.value_type)]
                inner += [(name, getattr(part, below)) for below in ("type", "item_type") if hasattr(part, below)]
                inner += [(name, below) for below in getattr(part, "types", ())]
    return found


NAMES = [(name, kind) for name, kind in strings((Gemeente, Federation)) if not free_text(kind)]


@pytest.mark.parametrize(("name", "kind"), NAMES, ids=[name for name, _ in NAMES])
def test_every_other_string_has_a_pattern_that_refuses_the_attacks(name, kind):
    for text in HOSTILE:
        if not re.fullmatch(r"[a-z0-9:/]*", text):
            assert not re.search(kind.pattern, text), f"{name} takes {text!r}"
    assert not any(
        re.search(kind.pattern, f"{good}\n") for good in ("a", "a.example", "2001:db8::1", "10.0.0.0/8", "2026.1")
    )


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text.splitlines()) > 1 or "\0" in text])
def test_loading_refuses_what_is_not_one_line(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text[:200], Text)
