"""Run by NetBox's own Python: insert objects into NetBox's database, thousands in a statement, without its API.

Standard input is JSON lines: first the kinds, `[[kind, REST path, members of its key], ...]`; then the objects in the
order of the kinds, parents first, `[kind, key, fields, late fields]`, where `{"$": [kind, *key]}` stands for the id of
an object. What the REST API fills in by itself is filled in here too, as far as reading shows it.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby

import django

django.setup()

from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.urls import resolve  # noqa: E402
from extras.models import CustomField  # noqa: E402

BATCH = 2000

COPIES = (
    "UPDATE ipam_prefix SET _site_id = s.id, _region_id = region_id FROM dcim_site s WHERE scope_id = s.id",
    "UPDATE dcim_interface SET _site_id = d.site_id FROM dcim_device d WHERE device_id = d.id",
    "UPDATE dcim_device d SET interface_count = (SELECT count(*) FROM dcim_interface WHERE device_id = d.id)",
)
"""What NetBox keeps twice, and fills in object by object when they are saved one by one."""


class Kind:
    """A kind of object: its model, and what of our values goes to which attribute."""

    def __init__(self, path):
        self.model = resolve(f"/api/{path}/").func.cls.queryset.model
        fields = CustomField.objects.get_for_model(self.model)
        self.custom = {field.name: field.default for field in fields}
        self.is_tree = hasattr(self.model, "get_ancestors")

    def known(self, members):
        """The objects that are there already: {key: id}."""
        rows = self.model.objects.values_list("pk", *(member.replace(".", "__") for member in members))
        return {tuple(str(part) for part in key): number for number, *key in rows}

    def attributes(self, fields):
        """Our fields by the names of the model's attributes."""
        attributes = {}
        for name, value in fields.items():
            if name == "custom_fields":
                attributes["custom_field_data"] = {**self.custom, **value}
            elif name.endswith("_type") and isinstance(value, str) and "." in value:
                app, model = value.split(".")
                attributes[f"{name}_id"] = ContentType.objects.get_by_natural_key(app, model).pk
            elif getattr(self.model, name, None) and self.model._meta.get_field(name).is_relation:  # noqa: SLF001
                attributes[f"{name}_id"] = value
            else:
                attributes[name] = value
        if self.custom:
            attributes.setdefault("custom_field_data", dict(self.custom))
        return attributes

    def insert(self, rows):
        """Insert objects; their ids, in the same order."""
        made = [self.model(**self.attributes(fields)) for fields in rows]
        if self.is_tree:
            for one in made:
                one.save()
        else:
            self.model.objects.bulk_create(made, batch_size=BATCH)
        return [one.pk for one in made]


class Ids:
    """The ids of all objects, by kind and key."""

    def __init__(self):
        self.by_key = {}

    def resolved(self, value):
        """A value with ids for references; KeyError for an object that isn't there yet."""
        if isinstance(value, dict):
            if value.keys() == {"$"}:
                return self.by_key[tuple(value["$"])]
            return {name: self.resolved(inner) for name, inner in value.items()}
        return [self.resolved(inner) for inner in value] if isinstance(value, list) else value


@transaction.atomic
def main():
    """Insert everything or nothing."""
    ids = Ids()
    kinds = {}
    for kind, path, members in json.loads(sys.stdin.readline()):
        kinds[kind] = Kind(path)
        ids.by_key.update(((kind, *key), number) for key, number in kinds[kind].known(members).items())
    late = []
    for name, lines in groupby(map(json.loads, sys.stdin), key=lambda line: line[0]):
        left = [line for line in lines if (name, *line[1]) not in ids.by_key]
        while left:
            ready, waiting = [], []
            for line in left:
                try:
                    ready.append((line, ids.resolved(line[2])))
                except KeyError:
                    waiting.append(line)
            if not ready:
                sys.exit(f"refers to what isn't there: {waiting[0]}")
            numbers = kinds[name].insert([fields for _, fields in ready])
            ids.by_key.update(((name, *line[1]), number) for (line, _), number in zip(ready, numbers, strict=True))
            late += [(name, tuple(line[1]), line[3]) for line, _ in ready if line[3]]
            left = waiting
    for name, lines in groupby(late, key=lambda line: line[0]):
        correct(kinds[name], [(ids.by_key[name, *key], ids.resolved(fields)) for _, key, fields in lines])
    with connection.cursor() as cursor:
        for statement in COPIES:
            cursor.execute(statement)


def correct(kind, rows):
    """Set fields that point to objects which came later."""
    objects = kind.model.objects.in_bulk([number for number, _ in rows])
    names = set()
    for number, fields in rows:
        custom = fields.pop("custom_fields", {})
        if custom:
            objects[number].custom_field_data.update(custom)
            names.add("custom_field_data")
        for name, value in fields.items():
            setattr(objects[number], f"{name}_id", value)
            names.add(name)
    kind.model.objects.bulk_update(objects.values(), names, batch_size=BATCH)


main()
