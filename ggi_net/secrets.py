"""References to secrets (`secret://almelo/bgp/almelo-01-asd`) and their values, which exist in memory only.

A backend is named by one string, the `--secrets` option or the connections file: `lab:FILE` (made up per lab from
the seed in FILE) or the path of an Ansible Vault file, a mapping of references to values.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ggi_net.errors import FileMissing, GgiError, Place, SecretError, nearest
from ggi_net.files import read_bytes, write_atomic
from ggi_net.source.yamlfile import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REFERENCE = re.compile(r"secret://[a-z0-9/._-]{1,70}")
_GENERIC = re.compile(
    r"(?P<before>\b(?:password|passphrase|secret|pre-shared-key|key-string|server-key|community|psk|pac key|md5)(?!://)"
    r"(?:[ \t]*[=:][ \t]*|[ \t]+)(?:[0-9] )?[\"']?)(?P<value>[^\s\"';{}]+)",
    re.IGNORECASE,
)
_WORDS = frozenset(
    {"required", "encryption", "yes", "no", "none", "group", "local", "enable", "md5", "sha", "optional"}
)
MASK = "<secret>"


class Backend(Protocol):
    """Where values come from."""

    def value(self, reference: str) -> str:
        """The value of `reference`; raise SecretError, which names the reference only."""
        ...


class NoSecrets:
    """The backend of a run that was given none."""

    def value(self, reference: str) -> str:
        """Refuse."""
        raise SecretError(
            f"no secrets backend to resolve {reference}",
            hint="give an Ansible Vault file with --secrets, or set GGI_SECRETS",
        )


class LabSecrets:
    """Values for a lab: derived from a random seed, so that every run of that lab gets the same ones."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed

    def value(self, reference: str) -> str:
        """32 hexadecimal digits (a length that AES-CMAC keys take as well), the same for the same reference."""
        return hmac.digest(self._seed, reference.encode(), "sha256").hex()[:32]

    @classmethod
    def create(cls, file: Path) -> LabSecrets:
        """A lab's secrets with a new seed, kept in `file` (mode 0600)."""
        seed = secrets.token_bytes(32)
        write_atomic(file, seed.hex() + "\n", mode=0o600)
        return cls(seed)

    @classmethod
    def read(cls, file: Path) -> LabSecrets:
        """The secrets of the lab whose seed is in `file`; raise SecretError or FileError."""
        try:
            return cls(bytes.fromhex(read_bytes(file).decode("ascii").strip()))
        except ValueError:
            raise SecretError("not a seed of a lab", place=Place(str(file)), hint="start the lab again") from None


class MappingSecrets:
    """Values from a mapping of references, as an Ansible Vault file holds it."""

    def __init__(self, values: Mapping[str, str], place: str) -> None:
        self._values = values
        self._place = place

    def value(self, reference: str) -> str:
        """Look it up; raise SecretError for one that isn't there."""
        try:
            return self._values[reference]
        except KeyError:
            raise SecretError(
                f"no value for {reference}{nearest(reference, self._values)}",
                place=Place(self._place),
                hint="add it with `ansible-vault edit`",
            ) from None


def open_backend(name: str, password_file: Path | None = None) -> Backend:
    """The backend that `name` stands for (see the module); an empty name refuses every reference."""
    if not name:
        return NoSecrets()
    if name.startswith("lab:"):
        return LabSecrets.read(Path(name[4:]))
    return read_vault(Path(name), password_file)


def read_vault(file: Path, password_file: Path | None = None) -> MappingSecrets:
    """Read an Ansible Vault file whose content is a YAML mapping of references to values.

    `password_file` defaults to ANSIBLE_VAULT_PASSWORD_FILE. A file that isn't encrypted is refused when others can
    read it. Raises SecretError or FileError, which name files only.
    """
    content = read_bytes(file)
    place = Place(str(file))
    if content.startswith(b"$ANSIBLE_VAULT;"):
        content = _decrypt(content, file, password_file)
    elif stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise SecretError("not encrypted, and others can read it", place=place, hint=f"ansible-vault encrypt {file}")
    try:
        data = parse(content, file)
    except GgiError as error:
        line = error.place.line if error.place else None
        raise SecretError(
            "the content is not well-formed YAML", place=Place(str(file), line), hint="ansible-vault edit"
        ) from None
    if not isinstance(data, dict):
        raise SecretError("not a mapping of references to values", place=place)
    for reference, value in data.items():
        if not isinstance(reference, str) or not REFERENCE.fullmatch(reference):
            raise SecretError("a key is not a reference such as secret://almelo/bgp/almelo-01-asd", place=place)
        if not isinstance(value, str):
            raise SecretError(f"the value of {reference} is not text", place=place, hint="put it between quotes")
    return MappingSecrets(data, str(file))


def _decrypt(content: bytes, file: Path, password_file: Path | None) -> bytes:
    from ansible.errors import AnsibleError
    from ansible.parsing.vault import VaultLib, VaultSecret

    given = password_file or (Path(p) if (p := os.environ.get("ANSIBLE_VAULT_PASSWORD_FILE")) else None)
    if given is None:
        raise SecretError(
            "encrypted, and no password file was given",
            place=Place(str(file)),
            hint="give --vault-password-file, or set ANSIBLE_VAULT_PASSWORD_FILE",
        )
    try:
        password = read_bytes(given).strip()
    except FileMissing:
        raise SecretError("no such password file", place=Place(str(given)), hint="check the path") from None
    if not password:
        raise SecretError("the password file is empty", place=Place(str(given)))
    try:
        plain: bytes = VaultLib([("default", VaultSecret(password))]).decrypt(content)
    except AnsibleError:
        raise SecretError(
            "can't be decrypted with that password", place=Place(str(file)), hint=f"check the password in {given}"
        ) from None
    return plain


class Resolver:
    """Resolves the references in texts, remembers the values that it gave out, and masks them."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._values: dict[str, str] = {}
        self._masker = (0, Masker())

    def value(self, reference: str) -> str:
        """The value of one reference; raise SecretError for one that is missing or could add a line."""
        if reference not in self._values:
            value = self._backend.value(reference)
            if not value or not value.isascii() or not value.isprintable() or value != value.strip():
                raise SecretError(
                    f"the value of {reference} can't go into a configuration",
                    hint="one line of printable ASCII without spaces around it",
                )
            self._values[reference] = value
        return self._values[reference]

    def resolve(self, text: str) -> str:
        """`text` with every reference replaced by its value."""
        return REFERENCE.sub(lambda found: self.value(found.group()), text)

    def plain(self, value: str) -> str:
        """A credential as it is used: resolved when it is a reference."""
        return self.value(value) if REFERENCE.fullmatch(value) else value

    @property
    def masker(self) -> Masker:
        """A masker for every value given out so far; made anew only when there are more."""
        if self._masker[0] != len(self._values):
            values = dict(self._values)  # other threads add to it meanwhile
            self._masker = (len(values), Masker(values))
        return self._masker[1]


class Masker:
    """Takes secrets out of what people see: known values become their reference, others that look like one a mask."""

    def __init__(self, values: Mapping[str, str] | None = None, patterns: Iterable[str] = ()) -> None:
        known: dict[str, str] = {}
        for reference, value in (values or {}).items():
            known.setdefault(value, reference)
        self._known = known
        longest_first = sorted(known, key=len, reverse=True)
        self._find = re.compile("|".join(re.escape(value) for value in longest_first)) if known else None
        self._patterns = [re.compile(pattern) for pattern in patterns]

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        return "".join(self._line(line) for line in text.splitlines(keepends=True))

    def _line(self, line: str) -> str:
        if self._find:
            line = self._find.sub(lambda found: self._known[found.group()], line)
        for pattern in self._patterns:
            line = _mask_group(pattern, line, "secret")
        return _mask_group(_GENERIC, line, "value")


def _mask_group(pattern: re.Pattern[str], line: str, group: str) -> str:
    def masked(found: re.Match[str]) -> str:
        value = found.group(group)
        if value is None or value.startswith(("secret://", MASK)) or value.lower() in _WORDS:
            return found.group()
        start, end = found.span(group)
        return found.group()[: start - found.start()] + MASK + found.group()[end - found.start() :]

    return pattern.sub(masked, line)


def keyed_hash(key: bytes, value: str) -> str:
    """A keyed hash (HMAC-SHA256) that tells two values apart and nothing else."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
