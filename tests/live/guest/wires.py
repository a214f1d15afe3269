"""The world around the devices: the provider's Ethernet services, the internet, switches and hosts.

Everything but devices and hosts lives in the machine's root namespace, which forwards nothing between its bridges;
the internet is a router in a namespace of its own.
"""

from __future__ import annotations

from space import ip, sh


def build(plan):
    """Make every namespace and every cable of the plan."""
    names = [*plan["devices"], "internet", *plan["hosts"]]
    ip([f"netns add {name}" for name in names])
    ip([f"link add {port} netns {device} type dummy" for device, port in plan["unplugged"]])
    _provider(plan)
    for number, cable in enumerate(plan["cables"]):
        (one, port), (other, other_port) = cable
        ip([f"link add x{number} type veth peer name y{number}", f"link set x{number} netns {one} name {port}",
            f"link set y{number} netns {other} name {other_port}"])  # fmt: skip
    _internet(plan)
    _switches(plan)


def _provider(plan):
    """One bridge per link and VRF between two tagged sub-interfaces: an E-Line service, blind to everything else."""
    lines = []
    for number, (device, port) in enumerate(plan["provider"]["ports"]):
        lines += [f"link add p{number} type veth peer name q{number}", f"link set q{number} netns {device} name {port}",
                  f"link set p{number} up"]  # fmt: skip
    for number, ends in enumerate(plan["provider"]["services"]):
        lines += [f"link add s{number} type bridge mcast_snooping 0", f"link set s{number} up"]
        for port, tag in ends:
            lines += [f"link add link p{port} name p{port}.{tag} type vlan id {tag}",
                      f"link set p{port}.{tag} master s{number} up"]  # fmt: skip
    ip(lines)
    sh("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")


def _internet(plan):
    sh("ip", "netns", "exec", "internet", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    lines = ["link set lo up", "link add www type dummy", "link set www up"]
    lines += [f"addr add {address} dev www nodad" for address in plan["internet"]["addresses"]]
    for number, line in enumerate(plan["internet"]["lines"]):
        ip([f"link add i{number} type veth peer name j{number}", f"link set i{number} netns internet",
            f"link set j{number} netns {line['device']} name {line['port']}"])  # fmt: skip
        lines += [f"addr add {address} dev i{number} nodad" for address in line["gateways"]]
        lines += [f"link set i{number} up"]
    lines += [f"route add {route['to']} via {route['via']}" for route in plan["internet"]["routes"]]
    ip(lines, "internet")
    sh("ip", "netns", "exec", "internet", "nft", "-f", "-", text=_counters(plan["internet"]["watched"]))


def _counters(watched):
    """Counters of what passes the internet to or from the outer addresses of a CE on an untrusted line."""
    rules = []
    for direction in ("saddr", "daddr"):
        for family, address in watched:
            match = f"{family} {direction} {address}"
            rules += [f"{match} meta l4proto esp counter name line_esp accept",
                      f"{match} udp dport {{ 500, 4500 }} counter name line_ike accept",
                      f"{match} meta l4proto {{ icmp, ipv6-icmp }} counter name line_icmp accept",
                      f"{match} counter name line_other accept"]  # fmt: skip
    chain = "\n".join(rules)
    return f"""table inet watch {{
counter line_esp {{ }}
counter line_ike {{ }}
counter line_icmp {{ }}
counter line_other {{ }}
chain forward {{ type filter hook forward priority 0; policy accept;
{chain}
}}
}}
"""


def _switches(plan):
    """Per site a VLAN-aware switch: a trunk to each device, an access port to each host."""
    lines, tagged = [], []
    for number, switch in enumerate(plan["switches"]):
        bridge = f"b{number}"
        lines += [f"link add {bridge} type bridge vlan_filtering 1 vlan_default_pvid 0 mcast_snooping 0",
                  f"link set {bridge} up"]  # fmt: skip
        for trunk, (device, port) in enumerate(switch["trunks"]):
            name = f"{bridge}t{trunk}"
            lines += [f"link add {name} type veth peer name {name}p", f"link set {name}p netns {device} name {port}",
                      f"link set {name} master {bridge} up"]  # fmt: skip
            tagged += [f"vlan add dev {name} vid {vid}" for vid in switch["vids"]]
        for place, (host, vid) in enumerate(switch["hosts"]):
            name = f"{bridge}h{place}"
            lines += [f"link add {name} type veth peer name {name}p", f"link set {name}p netns {host} name eth0",
                      f"link set {name} master {bridge} up"]  # fmt: skip
            tagged += [f"vlan add dev {name} vid {vid} pvid untagged"]
    ip(lines)
    sh("bridge", "-batch", "-", text="\n".join(tagged) + "\n")
    for host, record in plan["hosts"].items():
        ip(["link set lo up", "link set eth0 up",
            *(f"addr add {address} dev eth0 nodad" for address in record["addresses"]),
            *(f"route add default via {gateway}" for gateway in record["gateways"])], host)  # fmt: skip
