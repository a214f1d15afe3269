"""docs/promises.md says what the tests hold: every fault for every driver."""

import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"
sys.path.append(str(SCRIPTS))

import promises_page  # noqa: E402


@pytest.mark.parametrize("driver", promises_page.DRIVERS)
def test_every_fault_has_a_test_for_every_driver_or_a_reason_why_it_cannot_happen(driver):
    tests = promises_page.tests_of(driver)
    faults = {fault.name: fault for fault in promises_page.faults()}
    assert sorted(tests.keys() - faults.keys()) == []
    lacking = [name for name, fault in faults.items() if name not in tests and driver not in fault.never]
    assert lacking == []


def test_no_fault_is_excused_that_is_tested():
    for fault in promises_page.faults():
        assert fault.never.keys() <= promises_page.DRIVERS.keys()
        assert all(fault.name not in promises_page.tests_of(driver) for driver in fault.never)


def test_the_page_is_current():
    assert promises_page.PAGE.read_text() == promises_page.page(), "`make docs` writes docs/promises.md"
