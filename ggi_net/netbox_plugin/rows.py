"""A table's rows as PostgreSQL writes them: JSON text, so that no row becomes a Python object on its way out."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Case, F, Func, TextField, When
from django.db.models.functions import Cast
from ipam.fields import IPAddressField, IPNetworkField

from ggi_net.source.netbox.tables import CUSTOM, Form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db.models import Expression, Model, QuerySet

    from ggi_net.source.netbox.tables import Column, Table

CHUNK = 500
"""Rows that are fetched and passed on together: some 50 kB."""


class _Row(Func):
    """A row's columns as the text of a JSON array."""

    function = "json_build_array"
    template = "%(function)s(%(expressions)s)::text"
    output_field = TextField()


class _Ours(Func):
    """Of an object's custom fields those of the toolkit that have a value; objects are ids, as NetBox keeps them."""

    template = (
        "COALESCE((SELECT json_object_agg(key, value) FROM jsonb_each(%(expressions)s)"
        " WHERE starts_with(key, '%(prefix)s') AND value <> 'null'), '{}')"
    )
    output_field = TextField()


class Page(NamedTuple):
    """Which of a table's rows: from id `start`, at most `limit`, only those in `ids`; None for all."""

    start: int | None = None
    limit: int | None = None
    ids: tuple[int, ...] | None = None


def model_of(table: Table) -> type[Model]:
    """NetBox's model of a table's objects."""
    model: type[Model] = apps.get_model(table.model)
    return model


def select(table: Table, objects: QuerySet, page: Page) -> QuerySet:
    """The statement that gives (id, JSON text) of those of `objects` that `page` asks for, by ascending id."""
    if page.start is not None:
        objects = objects.filter(pk__gte=page.start)
    if page.ids is not None:
        objects = objects.filter(pk__in=page.ids)
    values = (_value(column, objects.model) for column in table.columns)
    rows = objects.order_by("pk").values_list("pk", _Row(F("pk"), *values))
    return rows if page.limit is None else rows[: page.limit]


def _value(column: Column, model: type[Model]) -> Expression:
    match column.form:
        case Form.KEY:
            return F(f"{column.name}_id")
        case Form.CUSTOM:
            return _Ours(F("custom_field_data"), prefix=CUSTOM)
        case Form.INTERFACE:
            interface = ContentType.objects.get_for_model(apps.get_model("dcim.interface"))
            return Case(When(assigned_object_type_id=interface.pk, then=F("assigned_object_id")))
    field = model._meta.get_field(column.name)  # noqa: SLF001 -- Django documents `_meta` as public
    if isinstance(field, IPAddressField | IPNetworkField):
        return Cast(F(column.name), TextField())  # PostgreSQL leaves the /32 of an address out of its JSON
    return F(column.name)


def chunks(rows: QuerySet) -> Iterator[Sequence[tuple[int, str]]]:
    """What `select` gives, some rows at a time; within a transaction PostgreSQL keeps the rest until it's asked for."""
    left = rows.iterator(chunk_size=CHUNK)
    while chunk := tuple(islice(left, CHUNK)):
        yield chunk
