"""One login by EAP-TTLS with PAP (RFC 5281) at a RADIUS server of this host. Runs on the device, by itself.

Only the standard library. Argument: the UDP port of loopback. Standard input, a line each: the shared secret, the user,
the password, and a file of certificates of which one must have signed the server's or be it. Exit status 0 for an
Access-Accept; else the last line says what came instead.
"""

import hashlib
import hmac
import os
import socket
import ssl
import struct
import sys

USER_NAME, STATE, CALLED, CALLING, NAS, PORT_TYPE, EAP, SIGNATURE = 1, 24, 30, 31, 32, 61, 79, 80
ACCEPT, REJECT, CHALLENGE = 2, 3, 11
IDENTITY, NAK, TTLS = 1, 3, 21
LENGTH, MORE = 0x80, 0x40
FRAGMENT = 1000
ROUNDS = 60
SECONDS = 6.0


class LoginFailedError(Exception):
    """Why there was no Access-Accept."""


class Server:
    """A RADIUS server, asked one request after the other."""

    def __init__(self, port: int, secret: bytes, user: bytes) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(SECONDS)
        self._socket.connect(("127.0.0.1", port))
        self._secret = secret
        self._user = user
        self._state = b""
        self._id = os.urandom(1)[0]

    def ask(self, eap: bytes) -> tuple[int, bytes]:
        """Send an EAP packet; the code of the reply and the EAP packet in it. Raises LoginFailedError or OSError."""
        self._id = (self._id + 1) % 256
        parts = [eap[at : at + 253] for at in range(0, len(eap), 253)]
        attributes = [(USER_NAME, self._user), (NAS, b"ggi-push"), (CALLING, b"02-00-00-00-00-01")]
        attributes += [(CALLED, b"02-00-00-00-00-02:govroam"), (PORT_TYPE, struct.pack("!I", 19))]
        attributes += [(EAP, part) for part in parts] + ([(STATE, self._state)] if self._state else [])
        body = b"".join(bytes([kind, len(value) + 2]) + value for kind, value in attributes)
        nonce = os.urandom(16)
        head = struct.pack("!BBH", 1, self._id, 20 + len(body) + 18) + nonce
        unsigned = head + body + bytes([SIGNATURE, 18])
        signature = hmac.new(self._secret, unsigned + bytes(16), "md5").digest()
        self._socket.send(unsigned + signature)
        reply = self._socket.recv(4096)
        proof = hashlib.md5(reply[:4] + nonce + reply[20:] + self._secret, usedforsecurity=False).digest()
        if not hmac.compare_digest(proof, reply[4:20]):
            raise LoginFailedError("a reply from who does not know the secret")
        return reply[0], self._read(reply[20:])

    def _read(self, attributes: bytes) -> bytes:
        eap = b""
        while len(attributes) > 1:
            kind, length = attributes[0], attributes[1]
            value, attributes = attributes[2:length], attributes[length:]
            eap += value if kind == EAP else b""
            self._state = value if kind == STATE else self._state
        return eap


class Tunnel:
    """The client's end of the TLS tunnel: bytes in, bytes out."""

    def __init__(self, trusted: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # EAP knows no host names; who is trusted is in the file
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(trusted)
        self._come, self._go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._come, self._go)
        self._inner = b""

    def step(self, data: bytes, inner: bytes) -> bytes:
        """What to send after `data` came: of the handshake, or `inner` once it is complete."""
        self._come.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return self._go.read()
        if not self._inner:
            self._inner = inner
            self._tls.write(inner)
        return self._go.read()


def login(port: int, secret: bytes, user: bytes, password: bytes, trusted: str) -> None:
    """Log in; raise LoginFailedError, OSError or ssl.SSLError unless the server accepts."""
    server, tunnel = Server(port, secret, user), Tunnel(trusted)
    padded = password + bytes(-len(password) % 16 or (0 if password else 16))
    inner = avp(1, user) + avp(2, padded)
    code, request = server.ask(response(0, IDENTITY, user))
    come, go = b"", b""
    for _ in range(ROUNDS):
        if code == ACCEPT:
            return
        if code != CHALLENGE or len(request) < 5:
            raise LoginFailedError("Access-Reject" if code == REJECT else f"a reply of code {code}")
        number, kind = request[1], request[4]
        if kind != TTLS:
            code, request = server.ask(response(number, NAK, bytes([TTLS])))
            continue
        flags, data = request[5], request[6:]
        come += data[4:] if flags & LENGTH else data
        if flags & MORE:
            code, request = server.ask(response(number, TTLS, b"\0"))
            continue
        if not go:
            go, come = tunnel.step(come, inner), b""
        part, go = go[:FRAGMENT], go[FRAGMENT:]
        code, request = server.ask(response(number, TTLS, bytes([MORE if go else 0]) + part))
    raise LoginFailedError("no end of it")


def response(number: int, kind: int, data: bytes) -> bytes:
    """An EAP response."""
    return struct.pack("!BBHB", 2, number, 5 + len(data), kind) + data


def avp(kind: int, value: bytes) -> bytes:
    """An attribute inside the tunnel (RFC 5281, 10.1)."""
    return struct.pack("!IB", kind, 0x40) + (8 + len(value)).to_bytes(3, "big") + value + bytes(-len(value) % 4)


def main() -> int:
    """Read what to do, do it, say what came."""
    secret, user, password, trusted = sys.stdin.read().split("\n")[:4]
    try:
        login(int(sys.argv[1]), secret.encode(), user.encode(), password.encode(), trusted)
    except TimeoutError:
        sys.stderr.write("no reply\n")
    except (LoginFailedError, OSError) as error:  # of the latter, ssl.SSLError is one
        sys.stderr.write(f"{error}\n")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
