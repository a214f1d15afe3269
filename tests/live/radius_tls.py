"""Sends one Access-Request with an EAP identity over RadSec (RFC 6614) and prints the code of the answer.

Run inside a server's namespace: ADDRESS CERTIFICATE KEY USER.
"""

import hashlib
import hmac
import os
import socket
import ssl
import struct
import sys

SECRET = b"radsec"


def request(user: bytes) -> bytes:
    eap = struct.pack("!BBHB", 2, 1, len(user) + 5, 1) + user
    attributes = b"".join(
        bytes([kind, len(value) + 2]) + value for kind, value in ((1, user), (79, eap), (80, bytes(16)))
    )
    packet = struct.pack("!BBH", 1, 1, 20 + len(attributes)) + os.urandom(16) + attributes
    return packet[:-16] + hmac.new(SECRET, packet, hashlib.md5).digest()


def main(address: str, certificate: str, key: str, user: str) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    with context.wrap_socket(socket.create_connection((address, 2083), timeout=5)) as link:
        link.sendall(request(user.encode()))
        sys.stdout.write(str(link.recv(4096)[0]))


main(*sys.argv[1:])
