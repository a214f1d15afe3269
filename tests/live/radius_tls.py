"""Sends an Access-Request with an EAP identity for each user over RadSec (RFC 6614); prints what came back, as JSON.

Run inside a server's namespace: ADDRESS CERTIFICATE KEY; standard input is a JSON list of user names. The answer is a
list of [code, Reply-Message]. One connection, one request at a time.
"""

import hashlib
import hmac
import json
import os
import socket
import ssl
import struct
import sys

SECRET = b"radsec"
REPLY_MESSAGE = 18


def request(user: bytes, identifier: int) -> bytes:
    eap = struct.pack("!BBHB", 2, 1, len(user) + 5, 1) + user
    pairs = ((1, user), (79, eap), (80, bytes(16)))
    attributes = b"".join(bytes([kind, len(value) + 2]) + value for kind, value in pairs)
    packet = struct.pack("!BBH", 1, identifier, 20 + len(attributes)) + os.urandom(16) + attributes
    return packet[:-16] + hmac.new(SECRET, packet, hashlib.md5).digest()


def reply(link: ssl.SSLSocket) -> tuple[int, str]:
    head = link.recv(20)
    rest = link.recv(struct.unpack("!H", head[2:4])[0] - 20)
    said = b""
    while rest:
        kind, length = rest[:2]
        if kind == REPLY_MESSAGE:
            said += rest[2:length]
        rest = rest[length:]
    return head[0], said.decode()


def main(address: str, certificate: str, key: str) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    answers = []
    with context.wrap_socket(socket.create_connection((address, 2083), timeout=5)) as link:
        for identifier, user in enumerate(json.load(sys.stdin)):
            link.sendall(request(user.encode(), identifier))
            answers.append(reply(link))
    json.dump(answers, sys.stdout)


main(*sys.argv[1:])
