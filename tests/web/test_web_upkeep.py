"""What is made ready before anybody asks: it goes on beside the pages, whatever is wrong meanwhile, and ends."""

from __future__ import annotations

import logging
import threading

from ggi_net.errors import StoreDamaged
from ggi_net.web import upkeep as module
from ggi_net.web.upkeep import Upkeep


def test_it_goes_on_until_it_is_stopped(monkeypatch):
    monkeypatch.setattr(module, "_EVERY", 0.001)
    thrice = threading.Event()
    done: list[int] = []

    def job() -> None:
        done.append(1)
        if len(done) >= 3:
            thrice.set()

    upkeep = Upkeep(job)
    upkeep.start()
    assert thrice.wait(60)
    upkeep.stop()
    before = len(done)
    assert not upkeep._thread.is_alive()
    assert len(done) == before


def test_what_is_wrong_is_written_down_once_and_the_other_jobs_are_done(caplog):
    done: list[int] = []

    def damaged() -> None:
        raise StoreDamaged("the file can't be read")

    upkeep = Upkeep(damaged, lambda: done.append(1))
    with caplog.at_level(logging.WARNING, "ggi_net.web"):
        upkeep.once()
        upkeep.once()
    assert len(done) == 2
    assert [record.message.splitlines()[0] for record in caplog.records] == ["GGI2122 the file can't be read"]
