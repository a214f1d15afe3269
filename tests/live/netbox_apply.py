"""What the tests of onboarding in a real NetBox share: a NetBox with the federation alone, small specs, and clients
that die or lose answers at the request that a test chooses.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ggi_net.errors import NetBoxAway, NetBoxError, Place
from ggi_net.onboard.apply import apply_plan, plan_spec
from ggi_net.onboard.netbox.backend import InNetBox
from ggi_net.onboard.netbox.contract import load_contract
from ggi_net.onboard.netbox.init import initialise
from ggi_net.onboard.netbox.load import load_estate as write_estate
from ggi_net.onboard.netbox.load import wanted_for
from ggi_net.onboard.objects import objects
from ggi_net.onboard.spec import load_spec
from ggi_net.paths import demo_folder, standards_folder
from ggi_net.source.files import load_estate
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.read import read
from ggi_net.source.netbox.settings import Settings
from ggi_net.source.standard import load_standard

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.lab.netbox import Instance
    from ggi_net.model.gemeente import Gemeente
    from ggi_net.onboard.plan import Plan

CHANGES = ("POST", "PUT", "PATCH", "DELETE")

BORNE = """\
code: GM0147
domain: borne.example
sites:
  - slug: stadhuis
    name: Stadhuis
    main: true
    size: small
    gateways:
      - {provider: Twentse Glasvezel BV}
"""
"""The smallest onboarding: one site, one gateway, no govroam."""


def client(lab: Instance, kind: type[NetBox] = NetBox) -> NetBox:
    return kind(Settings(lab.url, lab.token))


@pytest.fixture(scope="session")
def federation_lab(netbox: Instance) -> Instance:
    """A NetBox with the contract and the federation in it, kept under the name `federation`."""
    netbox.reset()
    connection = client(netbox)
    estate = load_estate(demo_folder())
    standard = load_standard(standards_folder() / estate.federation.standard)
    initialise(connection, load_contract(), [standard], estate.ranges)
    write_estate(connection, estate, wanted_for(estate, [estate.federation]))
    netbox.save("federation")
    return netbox


@pytest.fixture
def onboarding_lab(federation_lab: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """That NetBox without a gemeente, and a state folder of the test's own."""
    federation_lab.restore("federation")
    monkeypatch.setenv("GGI_STATE", str(tmp_path / "state"))
    return federation_lab


def spec_file(folder: Path, text: str = BORNE, name: str = "spec.yml") -> Any:
    path = folder / name
    path.write_text(text)
    return load_spec(path)


def plan(netbox: NetBox, spec: Any) -> Plan:
    return plan_spec(spec, InNetBox(netbox))


def apply(netbox: NetBox, made: Plan, **options: Any) -> Gemeente | None:
    return apply_plan(made, InNetBox(netbox, **options))


def onboard(netbox: NetBox, spec: Any) -> Gemeente:
    became = apply(netbox, plan(netbox, spec))
    assert became is not None
    return became


def gemeente(netbox: NetBox, slug: str) -> dict[str, Any]:
    """A gemeente as NetBox has it, as flat objects; it must be whole."""
    assembled = assemble(read(netbox).tables, netbox.url)
    assert not assembled.problems
    return objects(assembled.estate.by_slug[slug])


def counts(netbox: NetBox) -> Counter[str]:
    """How many objects there are of each kind that is read, and how many journal entries."""
    found = Counter({name: len(rows) for name, rows in read(netbox).tables.items()})
    found["journal"] = netbox.count("extras/journal-entries")
    return found


class Died(BaseException):
    """Stands for SIGKILL: nothing catches it."""


class Counting(NetBox):
    """Notes the requests that it sends."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sent: list[tuple[str, str]] = []

    def branch(self, schema_id: str) -> NetBox:
        """A branch's requests count with those of main."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        other._headers = super().branch(schema_id)._headers
        return other

    def _attempt(self, method: str, url: str, *rest: Any) -> Any:
        self.sent.append((method, url.partition("/api/")[2]))
        return super()._attempt(method, url, *rest)


class Mortal(Counting):
    """Dies before the request number `before`, or after NetBox carried out the change number `after_change`.

    Both count from 1. `known` may be shared by clients that follow each other: what one of them was answered since
    the last change is what NetBox would say again, and the next is told so without asking it.
    """

    before = 0
    after_change = 0
    known: dict[str, Any] | None = None

    def _attempt(self, method: str, url: str, *rest: Any) -> Any:
        if len(self.sent) + 1 == self.before:
            raise Died
        answer = self._known(method, url, *rest)
        changes = sum(sent in CHANGES for sent, _ in self.sent)
        if method in CHANGES and changes == self.after_change:
            raise Died
        return answer

    def _known(self, method: str, url: str, *rest: Any) -> Any:
        if self.known is None:
            return super()._attempt(method, url, *rest)
        if method != "GET":
            self.known.clear()
            return super()._attempt(method, url, *rest)
        asked = repr((url, rest))
        if asked in self.known:
            self.sent.append((method, url.partition("/api/")[2]))
            return self.known[asked]
        answer = super()._attempt(method, url, *rest)
        if not isinstance(answer, NetBoxError):
            self.known[asked] = answer
        return answer


class Forgetful(Counting):
    """Loses NetBox's answer to every change with a number in `lost` (from 1, changes counted alone)."""

    lost: frozenset[int] = frozenset()
    changes = 0

    def _attempt(self, method: str, url: str, *rest: Any) -> Any:
        answer = super()._attempt(method, url, *rest)
        if method in CHANGES:
            self.changes += 1
            if self.changes in self.lost:
                error = NetBoxAway("the connection broke off", place=Place(url))
                error.maybe_done = True
                return error
        return answer
