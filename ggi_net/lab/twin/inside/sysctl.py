"""`sysctl` of a device: settings of its networks in each namespace of it, and not those of the whole kernel."""

from __future__ import annotations

from pathlib import Path

from ggi_net.lab.twin.inside import become, complain, in_namespace, namespaces, real

_ITS_OWN = ("net.ipv4.", "net.ipv6.", "net.netfilter.")


def main(arguments: list[str]) -> int:
    """`--system` and `-p FILE` are done here; anything else is for the real sysctl."""
    options = arguments[1:]
    if "--system" in options:
        files = sorted(Path("/etc/sysctl.d").glob("*.conf"))
    elif "-p" in options:
        files = [Path(word) for word in options[options.index("-p") + 1 :]] or [Path("/etc/sysctl.conf")]
    else:
        become("sysctl", *options)
    lines = [line.strip() for file in files for line in file.read_text().splitlines()]
    settings = [line for line in lines if line.lstrip("-").startswith(_ITS_OWN)]
    optional = [line.lstrip("-").partition("=")[0].strip() for line in settings if line.startswith("-")]
    for name in namespaces():
        done = in_namespace(name, real("sysctl"), "-q", "-e", "-p", "-", text="\n".join(settings) + "\n")
        wrong = [line for line in done.stderr.splitlines() if not any(f'"{key}"' in line for key in optional)]
        if wrong:
            complain(*wrong[-1:])
            return 1
    return 0
