"""Checking rendered artifacts: each device in a scratch place of its own, on all processors."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ggi_net.check.result import Finding, Status, Verdict
from ggi_net.check.scratch import Scratch, isolation_problem
from ggi_net.check.validators import VALIDATORS, Validator
from ggi_net.errors import CheckError, GgiError, nearest
from ggi_net.render.explain import explain
from ggi_net.render.platform import platform
from ggi_net.render.store import read_artifacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ggi_net.model.estate import Estate
    from ggi_net.render.artifact import Artifact
    from ggi_net.render.platform import ArtifactKind


def check_folder(
    folder: Path, devices: Iterable[str] = (), *, progress: Callable[[str], None] | None = None
) -> list[Verdict]:
    """A verdict for every artifact in `folder` (of `devices` when given), by device, in the order of application.

    An artifact that was changed by hand is checked as it stands. `progress` is told each device that is done. Raises
    what `read_artifacts` raises, and CheckError for a platform.yml that names a validator that doesn't exist.
    """
    rendered = read_artifacts(folder, devices, verify=False)
    verdicts = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="check") as pool:
        for name, found in zip(rendered, pool.map(check_device, rendered.values()), strict=True):
            verdicts += found
            if progress:
                progress(name)
    return verdicts


def check_device(artifacts: tuple[Artifact, ...]) -> list[Verdict]:
    """A verdict for each artifact of one device; the others of that device are there when one is checked."""
    if not artifacts:
        return []
    kinds = {kind.file: kind for kind in platform(artifacts[0].platform).artifacts}
    texts = {_path(kinds, artifact): artifact.text for artifact in artifacts}
    with Scratch(texts) as scratch:
        return [_verdict(scratch, artifact, kinds) for artifact in artifacts]


def with_templates(verdicts: Iterable[Verdict], estate: Estate, folder: Path) -> Iterator[Verdict]:
    """The verdicts with the template line behind each finding, where `estate` still renders that line as it stands."""
    for verdict in verdicts:
        if verdict.findings:
            text = (folder / verdict.device / verdict.file).read_text(errors="replace").split("\n")
            findings = tuple(_with_template(estate, verdict, finding, text) for finding in verdict.findings)
            yield Verdict(
                device=verdict.device,
                file=verdict.file,
                validator=verdict.validator,
                status=verdict.status,
                findings=findings,
            )
        else:
            yield verdict


def _with_template(estate: Estate, verdict: Verdict, finding: Finding, text: list[str]) -> Finding:
    if finding.line is None or not 1 <= finding.line <= len(text):
        return finding
    try:
        explanation = explain(estate, verdict.device, verdict.file, finding.line)
    except GgiError:  # the estate has moved on: no such device, file or line any more
        return finding
    if explanation.text != text[finding.line - 1] or not explanation.templates:
        return finding
    return Finding(message=finding.message, line=finding.line, template=explanation.templates[0])


def _path(kinds: dict[str, ArtifactKind], artifact: Artifact) -> str:
    """Where the artifact lies on the device; one without a path there (commands for a CLI) gets one of its own."""
    kind = kinds.get(artifact.file)
    return kind.path if kind is not None and kind.path else f"/artifact/{artifact.file}"


def _verdict(scratch: Scratch, artifact: Artifact, kinds: dict[str, ArtifactKind]) -> Verdict:
    kind = kinds.get(artifact.file)
    name = kind.check if kind is not None else ""
    reason = "no check of its own: it is read with the device's other files"
    if name:
        validator = _validator(name, artifact)
        reason = _obstacle(validator)
        if not reason:
            findings = tuple(validator.check(scratch, _path(kinds, artifact)))
            return Verdict(
                device=artifact.device,
                file=artifact.file,
                validator=name,
                status=Status.REFUSED if findings else Status.OK,
                findings=findings,
            )
    return Verdict(device=artifact.device, file=artifact.file, validator=name, status=Status.SKIPPED, reason=reason)


def _validator(name: str, artifact: Artifact) -> Validator:
    if name not in VALIDATORS:
        raise CheckError(
            f"templates/{artifact.platform}/platform.yml names validator '{name}' for {artifact.file}, "
            f"which does not exist{nearest(name, VALIDATORS)}",
            hint=f"validators: {', '.join(sorted(VALIDATORS))}",
        )
    return VALIDATORS[name]


def _obstacle(validator: Validator) -> str:
    """Why this machine can't check it; empty when it can."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    if validator.binary and shutil.which(validator.binary, path=places) is None:
        return f"{validator.binary} is not installed (Debian package {validator.package})"
    return isolation_problem() if validator.isolated else ""
