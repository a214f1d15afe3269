"""The export: what `ggi_net.netbox_plugin` describes, for whoever NetBox has authenticated."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.models import ObjectChange
from django.db import connections, router, transaction
from django.db.models import Max
from django.http import StreamingHttpResponse
from netbox.api.authentication import IsAuthenticatedOrLoginNotRequired
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView
from utilities.permissions import get_permission_for_model

from ggi_net import __version__
from ggi_net.netbox_plugin.rows import Page, chunks, model_of, select
from ggi_net.source.netbox.tables import BY_NAME, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from rest_framework.request import Request

    from ggi_net.source.netbox.tables import Table

FORMAT = 1
"""The version of the answers' form: a reader refuses one that it doesn't know."""

_PARAMETERS = ("table", "start", "limit", "ids")
_MOST = 2**63 - 1


class ExportTablesView(APIView):
    """The tables that can be exported, and their columns."""

    permission_classes = (IsAuthenticatedOrLoginNotRequired,)
    schema = None

    def get(self, _: Request) -> Response:
        """The tables and columns, which are those of the toolkit's version that is installed here."""
        tables = [{"table": table.name, "columns": list(table.index)} for table in TABLES]
        return Response({"version": FORMAT, "plugin": __version__, "tables": tables})


class ExportView(APIView):
    """The rows of one table, or of all tables at one moment."""

    permission_classes = (IsAuthenticatedOrLoginNotRequired,)
    schema = None

    def get(self, request: Request) -> StreamingHttpResponse:
        """Stream what is asked for. Raises ParseError (400) and PermissionDenied (403) before anything is sent."""
        parameters = request.query_params
        if unknown := sorted(set(parameters) - set(_PARAMETERS)):
            raise ParseError(f"no parameter '{unknown[0]}'; there are: {', '.join(_PARAMETERS)}")
        name = parameters.get("table")
        if name is None:
            if parameters:
                raise ParseError(f"'{next(iter(parameters))}' goes with 'table'; all tables come whole")
            body = _all_tables([(table, _visible(request, table)) for table in TABLES])
        else:
            table = BY_NAME.get(name)
            if table is None:
                raise ParseError(f"no table '{name}'; there are: {', '.join(BY_NAME)}")
            body = _one_table(table, _visible(request, table), _page(parameters))
        return StreamingHttpResponse(body, content_type="application/json")


def _page(parameters: Any) -> Page:
    return Page(
        start=_number("start", parameters["start"]) if "start" in parameters else None,
        limit=_number("limit", parameters["limit"]) if "limit" in parameters else None,
        ids=tuple(_number("ids", word) for word in parameters["ids"].split(",")) if "ids" in parameters else None,
    )


def _number(parameter: str, word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= len(str(_MOST)) and 1 <= int(word) <= _MOST):
        raise ParseError(f"{parameter}={word}: not a number from 1 to {_MOST}")
    return int(word)


def _visible(request: Request, table: Table) -> QuerySet:
    """The objects of a table that the user may see, in the branch of the request.

    As in NetBox's REST API: nobody gets a table without a permission for it, else those that its constraints allow.
    """
    model = model_of(table)
    permission = get_permission_for_model(model, "view")
    if not request.user.has_perm(permission):
        raise PermissionDenied(f"the permission {permission} is missing, so table '{table.name}' can't be exported")
    return model.objects.using(router.db_for_read(model)).restrict(request.user, "view")


def _all_tables(tables: list[tuple[Table, QuerySet]]) -> Iterator[str]:
    statements = [(table, select(table, objects, Page())) for table, objects in tables]
    with _one_moment(tables[0][1].db) as position:
        yield f'{{"version":{FORMAT},"position":{position},"tables":['
        for number, (table, rows) in enumerate(statements):
            yield ",{" if number else "{"
            yield from _table(table, rows, None)
        yield "]}"


def _one_table(table: Table, objects: QuerySet, page: Page) -> Iterator[str]:
    rows = select(table, objects, page)
    with _one_moment(objects.db) as position:
        yield f'{{"version":{FORMAT},"position":{position},'
        yield from _table(table, rows, page.limit)


def _table(table: Table, rows: QuerySet, limit: int | None) -> Iterator[str]:
    """A table's members up to the closing brace. A full page has a next one, which may turn out to be empty."""
    yield f'"table":"{table.name}","columns":{json.dumps(list(table.index))},"rows":['
    given = last = 0
    for chunk in chunks(rows):
        yield ("," if given else "") + ",".join(text for _, text in chunk)
        given += len(chunk)
        last = chunk[-1][0]
    yield f'],"next":{last + 1 if given == limit else "null"}}}'


@contextmanager
def _one_moment(database: str) -> Iterator[int]:
    """A transaction in which every statement sees the same state; gives the id of the newest change in that state."""
    with transaction.atomic(using=database):
        with connections[database].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield ObjectChange.objects.using(database).aggregate(newest=Max("pk"))["newest"] or 0
