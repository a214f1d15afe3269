"""Carries one login's RADIUS packets on under another shared secret.

`eapol_test` takes the secret on its command line, where every user of the machine can read it (`ps`). It gets one that
is made up for the run and holds for a socket of loopback only; here each packet is signed anew with the real one.
Rules: RFC 2865 (3: Response Authenticator), RFC 3579 (3.2: Message-Authenticator).
"""

from __future__ import annotations

import hmac
import secrets
import socket
from hashlib import md5

_CHALLENGE, _ACCEPT, _REJECT, _REQUEST = 11, 2, 3, 1
_ANSWERS = (_ACCEPT, _REJECT, _CHALLENGE)
_SIGNATURE = 80
_VENDOR = 26
"""Keys of the session (MS-MPPE-*), encrypted with the real secret: of no use to a test."""
_LONGEST = 4096


class Relay:
    """Between one client of loopback and one server.

    `answered`, `accepted` and `rejected` tell what came with a right signature, `forged` that something came without.
    """

    def __init__(self, server: str, port: int, secret: str) -> None:
        self.client_secret = secrets.token_hex(16)
        self._secret = secret.encode()
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        self.far = socket.socket(family, socket.SOCK_DGRAM)
        for end in (self.near, self.far):
            end.setblocking(False)
        self.near.bind(("127.0.0.1", 0))
        self._client: tuple[str, int] | None = None
        self._asked: dict[int, bytes] = {}
        self.accepted = self.rejected = self.answered = self.forged = False
        try:
            self.far.connect((server, port))
        except OSError:
            self.close()
            raise

    @property
    def port(self) -> int:
        """Where the client sends to."""
        number: int = self.near.getsockname()[1]
        return number

    def close(self) -> None:
        """Give both sockets back."""
        self.near.close()
        self.far.close()

    def from_client(self) -> None:
        """Carry one request to the server."""
        packet, self._client = self.near.recvfrom(_LONGEST)
        attributes = _attributes(packet)
        if attributes is None or packet[0] != _REQUEST:
            return
        self._asked[packet[1]] = packet[4:20]
        self.far.send(_signed(packet[0], packet[1], packet[4:20], attributes, self._secret))

    def from_server(self) -> None:
        """Carry one answer back, if it answers what was asked and its signatures are the server's."""
        packet = self.far.recv(_LONGEST)
        attributes = _attributes(packet)
        if attributes is None or packet[0] not in _ANSWERS or (nonce := self._asked.get(packet[1])) is None:
            return
        if not _genuine(packet, attributes, nonce, self._secret):
            self.forged = True
            return
        self.answered = True
        self.accepted = self.accepted or packet[0] == _ACCEPT
        self.rejected = self.rejected or packet[0] == _REJECT
        kept = [(kind, value) for kind, value in attributes if kind != _VENDOR]
        answer = _signed(packet[0], packet[1], nonce, kept, self.client_secret.encode())
        proof = md5(answer + self.client_secret.encode(), usedforsecurity=False).digest()
        assert self._client  # noqa: S101  it asked first
        self.near.sendto(answer[:4] + proof + answer[20:], self._client)


def _attributes(packet: bytes) -> list[tuple[int, bytes]] | None:
    """The attributes of a packet in order; None for what is none (RFC 2865, 5)."""
    if len(packet) < 20 or not 20 <= int.from_bytes(packet[2:4]) <= len(packet):
        return None
    rest, found = packet[20 : int.from_bytes(packet[2:4])], []
    while rest:
        if len(rest) < 2 or not 2 <= rest[1] <= len(rest):
            return None
        found.append((rest[0], rest[2 : rest[1]]))
        rest = rest[rest[1] :]
    return found


def _signed(code: int, number: int, nonce: bytes, attributes: list[tuple[int, bytes]], secret: bytes) -> bytes:
    """A packet with its Message-Authenticator, in front of the others (CVE-2024-3596)."""
    others = [(kind, value) for kind, value in attributes if kind != _SIGNATURE]
    packet = _packed(code, number, nonce, [(_SIGNATURE, bytes(16)), *others])
    return packet[:22] + hmac.new(secret, packet, "md5").digest() + packet[38:]


def _genuine(packet: bytes, attributes: list[tuple[int, bytes]], nonce: bytes, secret: bytes) -> bool:
    """Whether an answer carries both signatures of who knows the secret."""
    whole = packet[: int.from_bytes(packet[2:4])]
    proof = md5(whole[:4] + nonce + whole[20:] + secret, usedforsecurity=False).digest()
    signatures = [value for kind, value in attributes if kind == _SIGNATURE]
    if len(signatures) != 1 or not hmac.compare_digest(proof, whole[4:20]):
        return False
    zeroed = [(kind, bytes(16) if kind == _SIGNATURE else value) for kind, value in attributes]
    expected = hmac.new(secret, _packed(packet[0], packet[1], nonce, zeroed), "md5").digest()
    return hmac.compare_digest(expected, signatures[0])


def _packed(code: int, number: int, authenticator: bytes, attributes: list[tuple[int, bytes]]) -> bytes:
    body = b"".join(bytes((kind, len(value) + 2)) + value for kind, value in attributes)
    return bytes((code, number)) + (20 + len(body)).to_bytes(2) + authenticator + body
