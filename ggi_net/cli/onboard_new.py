"""`ggi onboard new`: a spec by questions and answers in the terminal."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ggi_net import paths
from ggi_net.cli.console import EstateOption, open_estate, out
from ggi_net.errors import FileError, GgiError, Interrupted, Place, SpecError
from ggi_net.files import write_atomic
from ggi_net.onboard.ask.answers import YES, yes_or_no
from ggi_net.onboard.ask.draft import Question
from ggi_net.onboard.ask.session import LAST
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.onboard.ask.draft import Draft


def new(
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The spec to write.", show_default="<slug of the gemeente>.yml"),
    ] = None,
) -> None:
    """Ask what a new gemeente needs and write its spec.

    In brackets stands what Enter takes: the default of the standard, or what you answered before. `<` goes back to
    the question before, `-` leaves an answer empty. Each answer is checked at once, against the list of CBS, the
    standard and the estate, and asked again with the reason when it won't do.

    The spec is written at the end, when you agree. Ctrl-C stops at any moment: then nothing is written, and the same
    command offers your answers again.

    Exit status: 0 written; 1 not written; 130 interrupted.
    """
    from ggi_net.onboard.ask.session import hold

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SpecError(
            "`ggi onboard new` asks questions, and here is no terminal to ask them in",
            hint=f"write the spec yourself: {paths.specs_folder() / 'hengelo.yml'} is one with comments, "
            "and `ggi onboard schema` prints its JSON Schema for editors",
        )
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  lets `input` edit a line with the arrow keys
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal sends may be no text at all
            stream.reconfigure(errors="replace")
    known = open_estate(estate)
    desk = Terminal(output)
    out.print("A new gemeente. Enter takes what stands in \\[brackets], < goes back, - leaves empty, Ctrl-C stops.\n")
    try:
        draft = hold(known, desk)
    except (KeyboardInterrupt, EOFError):
        out.print()
        raise Interrupted(
            "interrupted", hint="nothing is written; the same command offers your answers again"
        ) from None
    if not desk.agreed:
        out.print("Nothing is written; the same command offers your answers again.")
        raise typer.Exit(1)
    file = desk.file(draft.slug)
    write_atomic(file, draft.text(file))
    desk.forget(draft.slug)
    named = "" if estate == paths.demo_folder() else f" --estate {estate}"
    out.print(f"\nWritten to {file}. Next: ggi onboard plan {file}{named}", markup=False)


class Terminal:
    """The desk in a terminal. Answers are kept in the state folder, by the file that they are for."""

    def __init__(self, output: Path | None) -> None:
        self.output = output
        self.agreed = False
        self._asked = ""
        self._file: Path | None = None
        self._overwrite = False
        self._keeps = True

    def file(self, slug: str) -> Path:
        """The spec's file."""
        return self.output or Path(f"{slug}.yml")

    def begin(self, slug: str) -> Mapping[str, str]:
        """The answers of an earlier interview for the same file; raise FileError when that may not be overwritten."""
        if not slug and self.output is None:
            return {}
        file = self.file(slug)
        if file != self._file:
            self._file = file
            self._may_write(file)
        former = _read_answers(_kept_in(file))
        if former:
            out.print(f"{len(former)} answers of an earlier run are offered again.", style="dim")
        return former

    def _may_write(self, file: Path) -> None:
        if file.is_dir():
            raise FileError("is a folder", place=Place(str(file)), hint="name a file with --output")
        if file.parent.exists() and not os.access(file.parent, os.W_OK):
            raise FileError("you may not write here", place=Place(str(file.parent)), hint="name a file with --output")
        if not file.exists() or self._overwrite:
            return
        self._overwrite = input(f"{printable(file)} is there already. Overwrite it at the end? [no]: ").lower() in YES
        if not self._overwrite:
            raise FileError("is there already, and is kept", place=Place(str(file)), hint="name another with --output")

    def ask(self, question: Question, default: str | None) -> str:
        """Print what comes before the question, once, and the question with what Enter stands for."""
        if question.key != self._asked:
            self._asked = question.key
            for line in question.before:
                out.print(line, markup=False, style="dim")
        shown = "" if default is None else default or ("-" if question.default else "")
        return input(f"{question.text}{f' [{printable(shown, 200)}]' if shown else ''}: ").strip()

    def refuse(self, error: GgiError) -> None:
        """Say what is wrong, without the place: the answer that it is about stands right above."""
        out.print(f"  {printable(error.message, 400)}", markup=False, style="red")
        if error.hint:
            out.print(f"  {printable(error.hint, 400)}", markup=False, style="dim")

    def keep(self, slug: str, answers: Mapping[str, str]) -> None:
        """Keep the answers so far, so that a stop loses none of them; say so once when they can't be kept."""
        if not self._keeps:
            return
        try:
            write_atomic(_kept_in(self.file(slug)), msgspec.json.encode(answers), mode=0o600, durable=False)
        except GgiError as error:
            self._keeps = False
            out.print(f"Your answers can't be kept: {error}", markup=False, style="red")

    def forget(self, slug: str) -> None:
        """The spec is written: its answers need not be kept any more."""
        with contextlib.suppress(OSError):
            _kept_in(self.file(slug)).unlink()

    def last(self, draft: Draft) -> Question:
        """Whether to write what is shown; refused while the plan of it would be."""
        file = self.file(draft.slug)

        def read(text: str) -> None:
            self.agreed = yes_or_no(text)
            if self.agreed:
                draft.check_plan(file)
                self._may_write(file)

        lines = [line for line in draft.text(file).splitlines() if not line.startswith("#")]
        return Question(LAST, f"Write this to {printable(file)}?", read, default="yes", before=tuple(lines))


def _kept_in(file: Path) -> Path:
    name = hashlib.sha256(str(file.absolute()).encode()).hexdigest()[:24]
    return paths.state_folder() / "specs" / f"{name}.json"


def _read_answers(path: Path) -> dict[str, str]:
    """The answers kept in `path`; none when it is not there, or was damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}
