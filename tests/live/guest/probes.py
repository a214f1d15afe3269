"""Probes: one packet or connection each, sent from one host to another, and whether it arrived and was answered.

A probe is `{"from", "to", "address", "protocol", "port"}` and, for a spoofed one, `"source"`. All run at once in one
process: sockets stay in the namespace that they were made in. Every host captures what reaches its interface, so a
packet that gets through one way only is seen as well.
"""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import socket
import struct
import time

from space import inside, say

_TRANSPARENT = {4: (socket.SOL_IP, 19), 6: (socket.IPPROTO_IPV6, 75)}  # Linux IP_TRANSPARENT, IPV6_TRANSPARENT
_NUMBERS = {1: "icmp", 58: "icmp", 6: "tcp", 17: "udp", 50: "esp"}
_FIRST_PORT = 20000
_PATIENCE = 3.0
_BATCH = 8000


class World:
    """Listeners and captures in every host, made once."""

    def __init__(self, plan):
        self.selector = selectors.DefaultSelector()
        self.kept = []
        self.captures = {}
        for host in (*plan["hosts"], "internet"):
            with inside(host):
                capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
                capture.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
                capture.setblocking(False)
                self.captures[host] = capture
                self._listen(plan["ports"])
        for device, record in plan["devices"].items():
            with inside(device):
                for vrf in record["vrfs"]:
                    self._listen(record["listen"], vrf)

    def _listen(self, ports, interface=""):
        for kind, number in ports:
            sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if interface:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            sock.setblocking(False)
            try:
                sock.bind(("::", number))
                if kind == "tcp":
                    sock.listen(1024)
            except OSError as error:
                raise SystemExit(f"can't listen on {kind}/{number} {interface}: {error}") from None
            if kind == "udp":  # the answer must come from the address that was asked, of the several a host may have
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
                self.selector.register(sock, selectors.EVENT_READ, ("answer", None))
            self.kept.append(sock)

    def probe(self, probes):
        """Send every probe and return `[{"arrived": bool, "answered": bool}, ...]` in their order."""
        results = []
        for start in range(0, len(probes), _BATCH):
            results += self._batch(probes[start : start + _BATCH])
            say(f"{len(results)} of {len(probes)} probes")
        return results

    def _batch(self, probes):
        self._drain({})
        results = [{"arrived": False, "answered": False} for _ in probes]
        expected, sockets = {}, []
        for number, probe in enumerate(probes):
            key, sock = self._send(probe, number, results)
            expected[probe["to"], *key] = number
            if sock:
                sockets.append(sock)
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            for entry, _ in self.selector.select(0.2):
                self._event(entry, results)
        for host in self.captures:
            self._capture(host, expected, results)
        for sock in sockets:
            if sock in self.selector.get_map():
                self.selector.unregister(sock)
            sock.close()
        return results

    def _drain(self, found):
        for host in self.captures:
            self._capture(host, found, [])

    def _send(self, probe, number, results):
        """Send one probe; return what identifies its packet (protocol, source port or id, port), and its socket."""
        family = ipaddress.ip_address(probe["address"]).version
        domain = socket.AF_INET if family == 4 else socket.AF_INET6
        protocol, port, mark = probe["protocol"], probe["port"], _FIRST_PORT + number
        with inside(probe["from"]):
            if protocol == "icmp":
                echo, kind = (8, socket.IPPROTO_ICMP) if family == 4 else (128, socket.IPPROTO_ICMPV6)
                sock = socket.socket(domain, socket.SOCK_RAW, kind)
                payload = struct.pack("!BBHHH", echo, 0, 0, mark, 1)
                if family == 4:
                    payload = struct.pack("!BBHHH", echo, 0, _checksum(payload), mark, 1)
            elif protocol == "esp":
                sock = socket.socket(domain, socket.SOCK_RAW, 50)
                payload = struct.pack("!II", mark, 1) + bytes(16)
            else:
                sock = socket.socket(domain, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
                payload = b"probe"
        sock.setblocking(False)
        source = probe.get("source", "")
        if source:
            sock.setsockopt(*_TRANSPARENT[family], 1)
        try:
            if protocol in ("tcp", "udp"):
                sock.bind((source, mark))
                with contextlib.suppress(BlockingIOError):  # in progress
                    sock.connect((probe["address"], port))
                if protocol == "udp":
                    sock.send(payload)
            else:
                if source:
                    sock.bind((source, 0))
                sock.sendto(payload, (probe["address"], 0))
        except OSError:  # refused by its own router: an answer of a kind, and not a pass
            sock.close()
            return (protocol, mark, port), None
        if protocol == "tcp":
            self.selector.register(sock, selectors.EVENT_WRITE, ("connected", number))
        elif protocol in ("udp", "icmp"):
            self.selector.register(sock, selectors.EVENT_READ, ("replied", (number, protocol, mark, family)))
        return (protocol, mark, port), sock

    def _event(self, entry, results):
        what, about = entry.data
        sock = entry.fileobj
        if what == "connected":
            results[about]["answered"] = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            self.selector.unregister(sock)
            return
        try:
            data, ancillary, _, peer = sock.recvmsg(2048, 256)
            if what == "answer":
                sock.sendmsg([data], [_from_the_same(*part) for part in ancillary], 0, peer)
                return
        except OSError:
            if what == "replied":
                self.selector.unregister(sock)
            return
        number, protocol, mark, family = about
        if protocol == "icmp":
            data = data[(data[0] & 15) * 4 :] if family == 4 else data
            reply, identifier = data[0], struct.unpack_from("!H", data, 4)[0]
            if reply != (0 if family == 4 else 129) or identifier != mark:
                return
        results[number]["answered"] = True
        self.selector.unregister(sock)

    def _capture(self, host, expected, results):
        capture = self.captures[host]
        while True:
            try:
                data, where = capture.recvfrom(2048)
            except BlockingIOError:
                return
            if where[2] == socket.PACKET_OUTGOING:
                continue
            key = _identify(where[1], data)
            number = expected.get((host, *key)) if key else None
            if number is not None:
                results[number]["arrived"] = True


def _from_the_same(level, kind, packet_info):
    """The packet info of an answer: from the address that was asked, by whatever interface leads back."""
    return level, kind, packet_info[:16] + bytes(4)


def _identify(ethertype, data):
    """What `_send` returned for this packet, or None when it is none of ours."""
    if ethertype == 0x0800 and len(data) > 27:
        number, rest = data[9], data[(data[0] & 15) * 4 :]
    elif ethertype == 0x86DD and len(data) > 47:
        number, rest = data[6], data[40:]
    else:
        return None
    protocol = _NUMBERS.get(number)
    if protocol in ("tcp", "udp"):
        source, port = struct.unpack_from("!HH", rest)
        if protocol == "tcp" and (rest[13] & 0x12) != 0x02:  # only the first packet of a connection: SYN without ACK
            return None
        return protocol, source, port
    if protocol == "icmp" and rest[0] in (8, 128):
        return protocol, struct.unpack_from("!H", rest, 4)[0], 0
    if protocol == "esp":
        return protocol, struct.unpack_from("!I", rest)[0], 0
    return None


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
