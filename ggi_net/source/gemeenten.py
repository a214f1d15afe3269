"""The list of gemeenten of Statistics Netherlands (CBS), which names, codes and provinces are checked against."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from functools import cache
from typing import NamedTuple

from ggi_net.files import read_bytes
from ggi_net.paths import reference_folder

LIST = "gemeenten-2023.csv"


class Listed(NamedTuple):
    """A gemeente as CBS lists it."""

    code: str
    name: str
    province: str


@cache
def listed_gemeenten() -> dict[str, Listed]:
    """Every gemeente on the list by CBS code, in the list's order; raise FileError when the list can't be read."""
    rows = csv.DictReader(io.StringIO(read_bytes(reference_folder() / LIST).decode()))
    return {row["cbs_code"]: Listed(row["cbs_code"], row["name"], row["province"]) for row in rows}


def slug_of(name: str) -> str:
    """A gemeente's name as a slug: accents and a trailing `(O.)` dropped, the rest in lower case with hyphens.

    `Hengelo (O.)` -> `hengelo`; `'s-Gravenhage` -> `s-gravenhage`; `Súdwest-Fryslân` -> `sudwest-fryslan`.
    """
    return folded(re.sub(r" \([A-Za-z]+\.\)\Z", "", name))


def folded(name: str) -> str:
    """A name without accents, in lower case, its words joined by hyphens: `Bergen (NH.)` -> `bergen-nh`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
