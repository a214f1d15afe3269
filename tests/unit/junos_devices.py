"""A small simulated Junos device for the tests of its driver, and what it should run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices import GATEWAY, gateway_bench

from ggi_net.render.artifact import Artifact
from ggi_net.render.platform import ArtifactKind, Platform

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from devices import GatewayBench

JUNOS = Platform(
    name="juniper_junos", title="Junos", driver="juniper_junos", drift="juniper_junos",
    artifacts=(ArtifactKind(file="junos.conf", template="x"),),
)  # fmt: skip
TEXT = """\
## What a gateway runs.
system {
    host-name ce-test-01;
    root-authentication {
        encrypted-password "secret://test/emergency/password";
    }
    login {
        user ggi {
            class super-user;
        }
        message "Only for administrators.\\nUse is logged.\\n";
    }
    services {
        ssh {
            ciphers [ aes256-ctr ];
        }
    }
}
interfaces {
    ge-0/0/0 {
        description "to the core";
        vlan-tagging;
        unit 100 {
            vlan-id 100;
            family inet {
                address 192.0.2.1/31;
            }
        }
    }
}
snmp {
    v3 {
        usm {
            local-engine {
                user monitor {
                    authentication-sha256 {
                        authentication-password "secret://test/snmp/auth";
                    }
                }
            }
        }
    }
}
policy-options {
    prefix-list own {
        192.0.2.128/25;
        198.51.100.0/24;
    }
    policy-statement out {
        term own {
            from {
                prefix-list-filter own exact;
            }
            then accept;
        }
        then reject;
    }
    policy-statement in {
        then accept;
    }
}
routing-instances {
    mgmt {
        instance-type virtual-router;
        interface ge-0/0/0.100;
        protocols {
            bgp {
                group core {
                    type external;
                    neighbor 192.0.2.0 {
                        import in;
                        authentication-key "secret://test/bgp/core";
                        export out;
                        peer-as 64513;
                    }
                }
            }
        }
    }
}
"""
CHANGED = TEXT.replace("to the core", "to the other core").replace("aes256-ctr ]", "aes256-ctr aes128-ctr ]")
"""Two lines far apart are different: a device that has one of them only runs neither configuration."""


def artifacts(text: str = TEXT) -> tuple[Artifact, ...]:
    return (Artifact(GATEWAY, "juniper_junos", "junos.conf", text),)


def junos_bench(folder: Path, *, minute: float = 60.0) -> AbstractContextManager[GatewayBench]:
    return gateway_bench(JUNOS, ("ge-0/0/0",), folder, minute)
