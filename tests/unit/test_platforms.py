"""What docs/architecture.md promises: a platform is a template folder, a driver, a rule file and golden files."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from ggi_net.check.validators import VALIDATORS
from ggi_net.config.ruleset import load_rules
from ggi_net.lab.fleet import SIMULATORS
from ggi_net.onboard.hardware import USUAL
from ggi_net.paths import demo_folder, platform_names
from ggi_net.push.driver import DRIVERS, Session
from ggi_net.render.platform import platform
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
GOLDEN = Path(__file__).parents[1] / "golden"
GATEWAYS = next(o.allowed for o in ESTATE.standard_of(ESTATE.gemeenten[0]).options if o.name == "ce.platform")


@pytest.mark.parametrize("name", platform_names())
def test_a_platform_has_its_driver_its_rules_and_its_checks(name):
    found = platform(name)
    module, _, kind = DRIVERS[found.driver].partition(":")
    session = getattr(import_module(module), kind)
    steps = [step for step in vars(Session) if not step.startswith("_")]
    assert [step for step in steps if not hasattr(session, step)] == []
    rules = load_rules(found.drift)
    for artifact in found.artifacts:
        assert rules.of(artifact.file)
        assert not artifact.check or artifact.check in VALIDATORS
    simulator, _, make = SIMULATORS[found.driver].partition(":")
    assert callable(getattr(import_module(simulator), make))


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_platform_that_a_gateway_may_have_has_its_interfaces_and_golden_files(name):
    assert name in platform_names()
    assert len(set(USUAL[name])) == 2
    of_demo = any(placed.device.platform == name for placed in ESTATE.devices.values())
    assert of_demo or any((GOLDEN / f"expected-{name}").iterdir())
