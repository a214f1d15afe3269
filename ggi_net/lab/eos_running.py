"""The configuration of a simulated EOS device, running or of a session: a tree, changed line by line as EOS does it."""

from __future__ import annotations

import hashlib
import re

from ggi_net.config.arista import encode_bgp, localized
from ggi_net.config.cisco import encode_type7
from ggi_net.config.juniper import hash_6
from ggi_net.config.tree import Node, serialise
from ggi_net.lab import eos_words as words
from ggi_net.lab.command_tree import CommandTree, Language, entry_number, sections

_OFF = ("management telnet", "management api ")
_LISTS = ("ip access-list ", "ipv6 access-list ")
_BGP_KEY = re.compile(r"(neighbor (?P<peer>\S+) password) (?:0 )?(?P<secret>[^\s]+)$")
_REVERSIBLE = re.compile(r"(?P<before>(?:tacacs-server .*key|ntp authentication-key \d+ \S+))(?: 0)? (?P<secret>\S+)$")
_HASHED = re.compile(r"(?P<before>enable password|username .* secret)(?: 0)? (?P<secret>\S+)$")
_SNMP_USER = re.compile(r"(?P<before>snmp-server user \S+ \S+ v3) auth (?P<keys>\S+ \S+ priv \S+ \S+)$")
_SHOWN = re.compile(r".*(password|key|secret|sha1|md5) (7|8a|sha512) ")
ENGINE = "f5717f444ca824b09a00"


class EosConfiguration(CommandTree):
    """What a device runs, or would run after a commit."""

    language = Language(
        sections=sections(words.SECTIONS),
        single=words.SINGLE,
        on_by_default=words.ON_BY_DEFAULT,
        hidden=words.HIDDEN_FORMS,
        order=tuple(re.compile(pattern) for pattern in words.ORDER),
        words=words.WORDS,
        in_use=(),
        leaves=(),
        lines=(),
        vrf="vrf ",
    )
    nameless = "localhost"

    def __init__(self, serial: str, ports: tuple[str, ...], running: Node | None = None) -> None:
        """A device without any configuration, or one with a copy of `running`."""
        self.serial = serial
        self.ports = ports
        self.running = copied(running) if running else Node("", children=[Node("no aaa root")])
        for name in (*ports, "Management1"):
            if not any(node.text == f"interface {name}" for node in self.running.children):
                self.running.children.append(Node(f"interface {name}"))

    def body(self) -> str:
        """The configuration as it is shown, without what is around it."""
        root = self._shown(self.running, top=True)
        return "".join(f"{serialise(Node('', children=[child]), indent=3, end='EOF')}!\n" for child in root.children)

    def _special(self, section: list[Node], text: str, *, negated: bool) -> bool:
        """Telnet, the APIs, and SSH in a VRF are off unless they are said to be on, other than an interface."""
        inside = len(section) > 2 or (len(section) > 1 and section[1].text.startswith(_OFF))
        if text == "shutdown" and inside and section[1].text.startswith("management "):
            section[-1].children[:] = [node for node in section[-1].children if node.text != "no shutdown"]
            section[-1].children += [Node("no shutdown")] if negated else []
            return True
        return False

    def _add(self, section: list[Node], text: str) -> None:
        super()._add(section, text)
        children = section[-1].children
        children[:] = [node for node in children if not words.NOT_SHOWN.match(node.text)]

    def _stored(self, section: list[Node], text: str) -> str:
        if section[-1].text.startswith(_LISTS):
            return _entry_shown(text)
        if _SHOWN.match(text):
            return text
        if found := _BGP_KEY.match(text):
            return f"{found[1]} 7 {encode_bgp(found['secret'], found['peer'])}"
        if found := _REVERSIBLE.match(text):
            return f"{found['before']} 7 {encode_type7(found['secret'], sum(text.encode()) % 16)}"
        if found := _HASHED.match(text):
            salt = hashlib.sha256(f"{self.serial}{text}".encode()).hexdigest()[:16]
            return f"{found['before']} sha512 {hash_6(found['secret'], salt)}"
        if found := _SNMP_USER.match(text):
            return f"{found['before']} localized {ENGINE} auth {localized(found['keys'], ENGINE)}"
        return text

    def _shown(self, node: Node, *, top: bool = False) -> Node:
        children = [self._shown(child) for child in node.children]
        if top:
            children.sort(key=self._shown_at)
        elif node.text.startswith(_LISTS):
            children.sort(key=entry_number)
        else:
            children.sort(key=lambda c: (bool(self._prompt([node], c.text)), not c.text.startswith("description ")))
        return Node(node.text, children=children, block=node.block)


def copied(node: Node) -> Node:
    """A tree of its own that says the same."""
    return Node(node.text, children=[copied(child) for child in node.children], block=node.block)


def _entry_shown(text: str) -> str:
    """An access list's entry with names for numbers, and `host` for a whole address."""
    said = text.split()
    if "remark" in said[:2]:
        return text
    at = 2 if said[0].isdigit() else 1
    kind = said[at]
    said[at] = words.PROTOCOLS.get(kind, kind)
    for place, word in enumerate(said):
        if said[place - 1] == "eq" or (said[place - 1] == "range" or said[place - 2] == "range"):
            said[place] = words.PORTS.get(word, word)
        if word.endswith(("/32", "/128")):
            said[place] = f"host {word.partition('/')[0]}"
    if kind in ("icmp", "icmpv6"):
        said[-1] = (words.ICMP if kind == "icmp" else words.ICMPV6).get(said[-1], said[-1])
    return " ".join(said)
