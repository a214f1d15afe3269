"""The running configuration of a simulated IOS-XE router: a tree, changed line by line as IOS does it."""

from __future__ import annotations

import hashlib
import re

from ggi_net.config.cisco import encode_type7, hash_type9
from ggi_net.config.tree import Node, serialise
from ggi_net.lab import ios_words as words
from ggi_net.lab.command_tree import CommandTree, Language, Refused, entry_number, sections

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


class RunningConfiguration(CommandTree):
    """What a router runs, and how it takes a line."""

    language = Language(
        sections=sections(words.SECTIONS),
        single=words.SINGLE,
        on_by_default=words.ON_BY_DEFAULT,
        hidden=words.HIDDEN_FORMS,
        order=tuple(re.compile(pattern) for pattern in words.ORDER),
        words=words.WORDS,
        in_use=words.IN_USE,
        leaves=("exit-address-family", "exit-vrf", "exit-vrrp"),
        lines=words.LINES,
        vrf="vrf forwarding ",
    )
    nameless = "Router"

    def show_running(self) -> str:
        """The running configuration in the order in which IOS shows it."""
        body = serialise(self._shown(self.running, ""))
        return (
            f"Building configuration...\n\nCurrent configuration : {len(body)} bytes\n!\nversion 17.12\n!\n{body}!\nend"
        )

    def _special(self, section: list[Node], text: str, *, negated: bool) -> bool:
        if words.SHUT_FIRST.match(section[-1].text) and _opened_or_shut(section[-1], text, negated=negated):
            return True
        resequence = _RESEQUENCE.match(text)
        if resequence:
            self._resequence(resequence["name"], int(resequence["first"]), int(resequence["step"]))
        return resequence is not None

    def _resequence(self, name: str, first: int, step: int) -> None:
        """Give the entries of an access list new numbers; their order stays."""
        section = next(self.running.starting(f"ip access-list extended {name}"), None)
        if section is None:
            raise Refused("% Access list not found")
        entries = sorted(section.children, key=entry_number)
        section.children[:] = [
            Node(f"{first + step * i} {node.text.partition(' ')[2]}") for i, node in enumerate(entries)
        ]

    def _entry(self, owner: Node, number: int, text: str) -> str:
        return f"{'sequence ' if owner.text.startswith('ipv6') else ''}{number} {text}"

    def _add(self, section: list[Node], text: str) -> None:
        owner = section[-1]
        prefix = _PREFIX_ENTRY.match(text)
        if prefix and any(n.text.startswith(prefix.group()) and n.text != text for n in owner.children):
            raise Refused("%Insertion failed - prefix-list entry exists")
        super()._add(section, text)
        if text == "aaa new-model" and text not in (n.text for n in owner.children):
            owner.children.append(Node(text))

    def _remove(self, section: list[Node], text: str) -> None:
        super()._remove(section, text)
        owner = section[-1]
        addresses = ("no ip address", "ip address ")
        if f"{text} ".startswith("ip address ") and not any(n.text.startswith(addresses) for n in owner.children):
            owner.children.append(Node("no ip address"))

    def _replaces(self, new: str, old: str) -> bool:
        return new.startswith("ip address ") if old == "no ip address" else super()._replaces(new, old)

    def _shown(self, node: Node, path: str) -> Node:
        if not node.children:
            return node
        children = [self._shown(child, f"{path}/{child.text}") for child in node.children]
        if not path:
            children.sort(key=self._shown_at)
        elif node.text.startswith(("ip access-list", "ipv6 access-list")):
            children.sort(key=entry_number)
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
