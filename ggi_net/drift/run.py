"""A drift run: collect over SSH, compare with regard to order and secrets, tell where each intended line comes from."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ggi_net.drift.collect import compare_device
from ggi_net.drift.result import DeviceResult, Finding, Origin, Report, State
from ggi_net.errors import GgiError
from ggi_net.paths import shown
from ggi_net.push.ssh import SESSION_BROKE
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.config.compare import Difference
    from ggi_net.model.estate import Estate
    from ggi_net.push.driver import Target
    from ggi_net.secrets import Resolver

WORKERS = 20
_VALUES = 4


def drift_all(
    estate: Estate,
    targets: Sequence[Target],
    resolver: Resolver,
    *,
    workers: int = WORKERS,
    progress: Callable[[DeviceResult], None] = lambda _: None,
) -> Report:
    """Compare every target with its device, `workers` at a time; `progress` is called once per device as it ends.

    A device that can't be reached or read is `unknown`, with the reason; it never stops the others. The key that
    secrets are hashed with is made up for this run and forgotten with it.
    """
    key = secrets.token_bytes(32)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    results: dict[str, DeviceResult] = {}
    pool = ThreadPoolExecutor(min(workers, max(len(targets), 1)), thread_name_prefix="drift")
    try:
        running = [pool.submit(drift_device, target, resolver, key) for target in targets]
        for future in as_completed(running):
            result = future.result()
            results[result.device] = result
            progress(result)
    finally:
        pool.shutdown(cancel_futures=True)
    explained = tuple(_explained(estate, results[target.device]) for target in targets)
    return Report(estate=estate.name, started=started, devices=explained)


def drift_device(target: Target, resolver: Resolver, key: bytes) -> DeviceResult:
    """Compare one device with its artifacts. Never raises for what the device, its files or the network do."""
    clock = time.monotonic()
    state, reason, found = State.UNKNOWN, "", []
    try:
        found = compare_device(target, resolver, key)
        state = State.DRIFT if found else State.CLEAN
    except GgiError as error:
        reason = resolver.masker(error.message if error.place is None else f"{error.place}: {error.message}")
    except SESSION_BROKE as error:
        reason = f"the session broke: {printable(error)}"
    mask = resolver.masker
    findings = tuple(
        Finding(difference=msgspec.structs.replace(d, intended=mask(d.intended), running=mask(d.running)))
        for d in found
    )
    return DeviceResult(
        device=target.device, organisation=target.organisation, platform=target.platform.name, state=state,
        findings=findings, reason=reason, seconds=round(time.monotonic() - clock, 3),
    )  # fmt: skip


def _explained(estate: Estate, result: DeviceResult) -> DeviceResult:
    """The result with the origin of every intended line."""
    findings = tuple(
        msgspec.structs.replace(finding, origin=_origin(estate, result.device, finding.difference))
        for finding in result.findings
    )
    return msgspec.structs.replace(result, findings=findings)


def _origin(estate: Estate, device: str, difference: Difference) -> Origin | None:
    """Where the line comes from; None where there is no line, or nothing is known of it."""
    from ggi_net.render.explain import explain

    if not difference.line:
        return None
    try:
        found = explain(estate, device, difference.file, difference.line)
    except GgiError:
        return None
    values = [f"{v.origin}.{v.field}" if v.field else v.origin for v in (*found.values, *found.because) if v.origin]
    return Origin(
        template=shown(found.templates[0]) if found.templates else "",
        values=tuple(dict.fromkeys(values))[:_VALUES],
        clause=f"{found.clause.title} (BIO2 {', '.join(found.clause.bio2)})" if found.clause else "",
    )
