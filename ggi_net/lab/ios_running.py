"""The running configuration of a simulated IOS-XE router: a tree, changed line by line as IOS does it."""

from __future__ import annotations

import hashlib
import re

from ggi_net.config.cisco import encode_type7, hash_type9
from ggi_net.config.tree import Node, serialise
from ggi_net.lab.ios_words import HIDDEN_FORMS, IN_USE, LINES, ON_BY_DEFAULT, ORDER, SECTIONS, SHUT_FIRST, SINGLE, WORDS

_SECTIONS = tuple((above, re.compile(header), prompt) for above, header, prompt in SECTIONS)
_ORDER = tuple(re.compile(pattern) for pattern in ORDER)
_NUMBER = re.compile(r"\d+")
_PLAIN_SECRET = re.compile(
    r"(?P<before>^(?:neighbor \S+ password|password|key|server-key|key-string|pac key|ntp authentication-key \d+ \S+"
    r"|ip ospf message-digest-key \d+ md5|vrrp \d+ authentication text))(?: 0)? (?P<secret>\S+)$"
)
_HASHED_SECRET = re.compile(
    r"(?P<before>^(?:enable|username \S+(?: privilege \d+)?) (?:algorithm-type \S+ )?secret)(?: 0)? (?P<secret>\S+)$"
)
_SHOWN = re.compile(r"(password|key|secret|key-string) [5-9] ")
_RESEQUENCE = re.compile(r"ip access-list resequence (?P<name>\S+) (?P<first>\d+) (?P<step>\d+)$")
_PREFIX_ENTRY = re.compile(r"(ipv?6? prefix-list \S+) seq (\d+) ")
_ENTRY = re.compile(r"(?:sequence )?(\d+) ")


class Refused(Exception):
    """What IOS prints instead of taking a line; `column` is where its caret points."""

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


class RunningConfiguration:
    """What a router runs, and how it takes a line. `ports` are the interfaces that can't be removed."""

    serial: str
    ports: tuple[str, ...]
    running: Node

    @property
    def hostname(self) -> str:
        """The name in the prompt; `Router` without one."""
        found = next(self.running.starting("hostname"), None)
        return found.text.partition(" ")[2] if found else "Router"

    def show_running(self) -> str:
        """The running configuration in the order in which IOS shows it."""
        body = serialise(_shown(self.running, ""))
        return (
            f"Building configuration...\n\nCurrent configuration : {len(body)} bytes\n!\nversion 17.12\n!\n{body}!\nend"
        )

    def configure(self, section: list[Node], line: str) -> list[Node]:
        """Take one configuration `line` in `section` (the nodes from the root to where the session is).

        Returns the section that the session is in afterwards; raises Refused.
        """
        words = line.split()
        negated = words[0] in ("no", "default")
        text = " ".join(words[1:] if negated else words)
        if text in ("exit-address-family", "exit-vrf", "exit-vrrp"):
            return section[:-1] if len(section) > 1 else section
        own = any(section[-1].text.startswith(header) and text.startswith(line) for header, line in LINES)
        for depth in range(len(section), 0, -1):
            parents = section[:depth]
            if not own and _prompt(parents, text):
                return self._section(parents, text, negated=negated)
        if not text or not (text.split()[0] in WORDS or _ENTRY.match(text + " ")):
            raise Refused("% Invalid input detected at '^' marker.", 3 if negated else 0)
        if SHUT_FIRST.match(section[-1].text) and _opened_or_shut(section[-1], text, negated=negated):
            return section
        resequence = _RESEQUENCE.match(text)
        if resequence:
            self._resequence(resequence["name"], int(resequence["first"]), int(resequence["step"]))
        elif negated:
            self._remove(section, text)
        else:
            self._add(section, text)
        return section

    def _resequence(self, name: str, first: int, step: int) -> None:
        """Give the entries of an access list new numbers; their order stays."""
        section = next(self.running.starting(f"ip access-list extended {name}"), None)
        if section is None:
            raise Refused("% Access list not found")
        entries = sorted(section.children, key=_entry_number)
        section.children[:] = [
            Node(f"{first + step * i} {node.text.partition(' ')[2]}") for i, node in enumerate(entries)
        ]

    def set_banner(self, text: str, lines: tuple[str, ...]) -> None:
        """Take a banner (`banner login`) with its lines."""
        self.running.children[:] = [n for n in self.running.children if n.text != text]
        self.running.children.append(Node(text, block=lines))

    def prompt_of(self, section: list[Node]) -> str:
        """The word in the prompt of a configuration session in `section`."""
        for depth in range(len(section) - 1, 0, -1):
            found = _prompt(section[:depth], section[depth].text)
            if found:
                return found
        return "config"

    def _section(self, parents: list[Node], text: str, *, negated: bool) -> list[Node]:
        owner = parents[-1]
        node = next((n for n in owner.children if n.text == text), None)
        if negated:
            if (text.startswith("interface ") and text.split()[1] in self.ports) or text.startswith("line "):
                raise Refused("% Invalid input detected at '^' marker.", 3)
            if self._in_use(text):
                raise Refused(f"% {text.split()[0].capitalize()} {text.split()[-1]} is being used, cannot remove")
            name = text if node else f"{text} "
            owner.children[:] = [n for n in owner.children if n.text != text and not n.text.startswith(name)]
            return parents
        if node is None:
            node = Node(text)
            owner.children.append(node)
        return [*parents, node]

    def _in_use(self, header: str) -> bool:
        """Whether some line refers to what `header` defines, and the device would not give it up."""
        for pattern, reference in IN_USE:
            found = re.match(pattern, header)
            if found:
                user = re.compile(reference.format(re.escape(found[1])))
                return any(user.fullmatch(node.text) for node in self.running.walk())
        return False

    def _add(self, section: list[Node], text: str) -> None:
        owner = section[-1]
        header = owner.text
        if ON_BY_DEFAULT.match(text):
            owner.children[:] = [n for n in owner.children if n.text != f"no {text}"]
            if text == "aaa new-model" and text not in (n.text for n in owner.children):
                owner.children.append(Node(text))
            return
        if header.startswith(("ip access-list ", "ipv6 access-list ")):
            text = _with_sequence(owner, text)
            if any(_content(n.text) == _content(text) for n in owner.children):
                return
        prefix = _PREFIX_ENTRY.match(text)
        if prefix and any(n.text.startswith(prefix.group()) and n.text != text for n in owner.children):
            raise Refused("%Insertion failed - prefix-list entry exists", None)
        text = self._stored(section, text)
        if header.startswith("interface ") and text.startswith("vrf forwarding "):
            if any(n.text == text for n in owner.children):
                return
            owner.children[:] = [n for n in owner.children if not re.match(r"ipv?6? address ", n.text)]
        owner.children[:] = [n for n in owner.children if n.text != f"no {text}" and not _replaces(text, n.text)]
        if text not in (n.text for n in owner.children):
            owner.children.append(Node(text))

    def _remove(self, section: list[Node], text: str) -> None:
        owner = section[-1]
        exact = [n for n in owner.children if n.text == text or self._stored(section, text) == n.text]
        gone = exact or [n for n in owner.children if n.text.startswith(f"{text} ")]
        if not gone and owner.text.startswith(("ip access-list ", "ipv6 access-list ")):
            gone = [n for n in owner.children if n.text.partition(" ")[2] == text]
        if not gone:
            single = next((s.match(text) for s in SINGLE if s.match(text)), None)
            if single and single.group(1).split()[0] in ("description", "password", "neighbor", "key"):
                gone = [n for n in owner.children if _replaces(text, n.text)]
        owner.children[:] = [n for n in owner.children if not any(n is g for g in gone)]
        if ON_BY_DEFAULT.match(text) and not HIDDEN_FORMS.match(f"no {text}"):
            owner.children[:] = [n for n in owner.children if n.text != f"no {text}"]
            owner.children.append(Node(f"no {text}"))
        addresses = ("no ip address", "ip address ")
        if f"{text} ".startswith("ip address ") and not any(n.text.startswith(addresses) for n in owner.children):
            owner.children.append(Node("no ip address"))

    def _stored(self, section: list[Node], text: str) -> str:
        """`text` as the device keeps it: a secret is never kept as it was typed."""
        if _SHOWN.search(text):
            return text
        hashed = _HASHED_SECRET.match(text)
        if hashed:
            salt = hashlib.sha256(f"{self.serial}{text}".encode()).hexdigest()[:14]
            before = hashed["before"].replace("algorithm-type scrypt ", "")
            return f"{before} 9 {hash_type9(hashed['secret'], salt)}"
        plain = _PLAIN_SECRET.match(text)
        if plain and not (section[-1].text.startswith("key chain") and plain["before"] == "key"):
            seed = sum(text.encode()) % 16
            shown = encode_type7(plain["secret"], seed)
            return f"{plain['before']} {shown} 7" if text.startswith("ntp ") else f"{plain['before']} 7 {shown}"
        return text


def _opened_or_shut(section: Node, text: str, *, negated: bool) -> bool:
    """Whether the line opened or shut a WLAN or its policy; any other is refused as long as that is open."""
    if text == "shutdown":
        section.children[:] = [node for node in section.children if node.text != "no shutdown"]
        section.children += [Node("no shutdown")] if negated else []
        return True
    if any(node.text == "no shutdown" for node in section.children):
        raise Refused(f"% {section.text.split()[0]} needs to be disabled before performing this operation")
    return False


def _prompt(parents: list[Node], text: str) -> str:
    above = parents[-1].text
    for where, header, prompt in _SECTIONS:
        if (above.startswith(where) if where else not above) and header.match(text):
            return prompt
    return ""


def _replaces(new: str, old: str) -> bool:
    """Whether the line `old` makes way when `new` is entered."""
    if old == "no ip address":
        return new.startswith("ip address ")
    for single in SINGLE:
        mine = single.match(new)
        if mine:
            theirs = single.match(old)
            return theirs is not None and mine.groups() == theirs.groups()
    return False


def _with_sequence(owner: Node, text: str) -> str:
    """An access list's entry with its number: ten more than the last where none was given."""
    words = "sequence " if owner.text.startswith("ipv6") else ""
    given = _ENTRY.match(text)
    used = {int(found.group(1)): n.text for n in owner.children if (found := _ENTRY.match(n.text))}
    if given is None:
        return f"{words}{max(used, default=0) + 10} {text}"
    number = int(given.group(1))
    full = f"{words}{number} {text[given.end() :]}"
    if used.get(number, full) != full:
        raise Refused("% Duplicate sequence number", None)
    return full


def _content(entry: str) -> str:
    """An access list's entry without its number: a second one with the same content changes nothing."""
    return _ENTRY.sub("", entry, count=1)


def _shown(node: Node, path: str) -> Node:
    children = [_shown(child, f"{path}/{child.text}") for child in node.children]
    if not path:
        children.sort(key=lambda n: (_rank(n.text), _natural(n.text)))
    elif node.text.startswith(("ip access-list", "ipv6 access-list")):
        children.sort(key=_entry_number)
    elif node.text.startswith("policy-map"):
        children.sort(key=lambda n: n.text.endswith(" class-default"))
    elif node.text.startswith("router bgp"):
        children.sort(key=lambda n: (n.text.startswith("address-family"), n.text.startswith("neighbor ")))
        closed: list[Node] = []
        for child in children:
            closed.append(child)
            if child.text.startswith("address-family"):
                closed.append(Node("exit-address-family"))
        children = closed
    elif node.text.startswith("interface"):
        children.sort(key=lambda n: (not n.text.startswith("description"), not n.text.startswith("vrf forwarding")))
    return Node(node.text, children=children, block=node.block)


def _rank(text: str) -> int:
    return next(i for i, pattern in enumerate(_ORDER) if pattern.match(text))


def _entry_number(node: Node) -> int:
    found = _ENTRY.match(node.text)
    return int(found.group(1)) if found else 0


def _natural(text: str) -> list[tuple[str, int]]:
    parts = _NUMBER.split(text)
    numbers = [int(n) for n in _NUMBER.findall(text)] + [0]
    return list(zip(parts, numbers, strict=True))
