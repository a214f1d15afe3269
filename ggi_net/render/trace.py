"""Rendering that remembers: each piece of output knows its template line, its expression and the records behind it.

A traced environment rewrites the syntax tree of each template before it is compiled: every piece of output passes a
call that wraps it in a `Chunk`. Ordinary rendering uses another environment and pays nothing. What a template puts
together in a buffer (a macro, a `set` or `filter` block) loses its trace; the toolkit's templates have none of these.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2
from jinja2 import nodes

from ggi_net.paths import templates_folder
from ggi_net.render.environment import make_environment
from ggi_net.render.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Spot(NamedTuple):
    """A piece of a template: literal text, or an expression with its source. `line` counts from 1."""

    template: str
    line: int
    expression: str = ""


class Field(NamedTuple):
    """A view record and the field of it that was read; an empty field for the record itself.

    `listed`: one of several records whose fields were printed together, as by `map(attribute=...)`.
    """

    record: Any
    name: str
    listed: bool = False


class Chunk(str):
    """Output with its trace. `fields`: what an expression read; for literal text, what the block around it read."""

    __slots__ = ("depth", "fields", "spot")
    spot: Spot
    fields: tuple[Field, ...]
    depth: int
    """1 where an included template begins and -1 where it ends (both without text), else 0."""

    def __str__(self) -> str:
        return self  # generated code calls str() on what it prints; the trace must survive that


class TracedEnvironment(jinja2.Environment):
    """An environment whose templates yield Chunks."""

    spots: list[Spot]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        expressions = list(_expressions(self.lex(source, name, filename)))
        _Rewriter(self, name or "", expressions).body(tree.body, {}, [])
        return tree

    @staticmethod
    def each(records: Iterable[Any], name: str) -> tuple[Field, ...]:
        """The field `name` of each of `records`, which a template printed as one list."""
        return tuple(Field(record, name, listed=True) for record in records)

    def traced(self, index: int, value: Any, *fields: tuple[Any, str], depth: int = 0) -> Chunk:
        """Called by compiled templates for each piece of output, and around each include."""
        spot = self.spots[index]
        chunk = Chunk(value if not spot.expression else guarded(value))
        chunk.spot = spot
        chunk.depth = depth
        chunk.fields = tuple(Field(*f) for f in _flat(fields))
        return chunk


def make_traced(folder: Path) -> TracedEnvironment:
    """A traced environment for the templates below `folder`, otherwise as `make_environment`."""
    plain = make_environment(folder)
    traced = TracedEnvironment(
        loader=plain.loader,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=plain.trim_blocks,
        lstrip_blocks=plain.lstrip_blocks,
        keep_trailing_newline=plain.keep_trailing_newline,
        auto_reload=False,
        optimized=False,
        cache_size=-1,
    )
    traced.spots = []
    return traced


@cache
def traced_environment() -> TracedEnvironment:
    """The traced environment for the toolkit's own templates."""
    return make_traced(templates_folder())


def trace(jinja: TracedEnvironment, template: str, view: Any) -> list[str]:
    """The output of `template` in pieces, nearly all of them Chunks; together they are what `render` returns."""
    compiled = jinja.get_template(template)
    return list(compiled.root_render_func(compiled.new_context({"device": view})))


def _flat(fields: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """Expressions nest the fields of their parts: a pair is a record and a name, anything else holds pairs."""
    for item in fields:
        if isinstance(item, jinja2.Undefined):
            continue
        if len(item) > 1 and item[1].__class__ is str:
            yield item
        else:
            yield from _flat(item)


def _expressions(tokens: Iterator[tuple[int, str, str]]) -> Iterator[str]:
    """The source of each `{{ ... }}` in order."""
    inside: list[str] | None = None
    for _, kind, value in tokens:
        if kind == "variable_begin":
            inside = []
        elif kind == "variable_end" and inside is not None:
            yield "".join(inside).strip()
            inside = None
        elif inside is not None:
            inside.append(value)


class _Rewriter:
    """Wraps every piece of output of one template, knowing the loops and conditions around it."""

    def __init__(self, jinja: TracedEnvironment, template: str, expressions: list[str]) -> None:
        self.jinja = jinja
        self.template = template
        self.expressions = iter(expressions)

    def body(self, body: list[nodes.Node], loops: dict[str, nodes.Node], because: list[nodes.Expr]) -> None:
        """Rewrite `body`; `loops`: what each loop variable walks over, `because`: what the nearest block read."""
        body[:] = [part for node in body for part in self._marked(node, loops, because)]
        for node in body:
            if isinstance(node, nodes.Output):
                wrapped: list[nodes.Expr] = [self._wrapped(child, loops, because) for child in node.nodes]
                node.nodes = wrapped
            elif isinstance(node, nodes.For):
                inner = dict(loops)
                reason = because
                if isinstance(node.target, nodes.Name) and not _uses(node.iter, node.target.name):
                    inner[node.target.name] = node.iter
                    reason = _fields(nodes.Name(node.target.name, "load"), inner)
                self.body(node.body, inner, reason)
                node.body[:0] = [
                    kept
                    for name, column in _columns(node.target, node.iter)
                    for kept in self._remembered(name, column, loops)
                ]
                self.body(node.else_, loops, because)
            elif isinstance(node, nodes.If):
                self.body(node.body, loops, _fields(node.test, loops) or because)
                self.body(list(node.elif_), loops, because)
                self.body(node.else_, loops, because)
            elif isinstance(node, nodes.Scope | nodes.With):
                self.body(node.body, loops, because)

    def _marked(self, node: nodes.Node, loops: dict[str, nodes.Node], because: list[nodes.Expr]) -> list[nodes.Node]:
        """An include between its two marks, an assignment with what it read; any other node as it is."""
        if isinstance(node, nodes.Assign):
            return [node, *self._remembered(node.target, node.node, loops)]
        if not isinstance(node, nodes.Include):
            return [node]
        self.jinja.spots.append(Spot(self.template, node.lineno))
        begin, end = (nodes.Output([self._call(node.lineno, nodes.Const(""), because, depth)]) for depth in (1, -1))
        return [begin.set_lineno(node.lineno), node, end.set_lineno(node.lineno)]

    def _remembered(self, target: nodes.Node, value: nodes.Node, loops: dict[str, nodes.Node]) -> list[nodes.Node]:
        """Assignments that keep beside each name what its value was read from; included templates see them."""
        if isinstance(target, nodes.Tuple) and isinstance(value, nodes.Tuple) and len(target.items) == len(value.items):
            pairs = zip(target.items, value.items, strict=True)
            return [kept for name, part in pairs for kept in self._remembered(name, part, loops)]
        names = target.items if isinstance(target, nodes.Tuple) else [target]
        kept: list[nodes.Node] = []
        if isinstance(value, nodes.Call) and isinstance(value.node, nodes.Getattr) and value.node.attr == "append":
            grown = value.node.node
            if isinstance(grown, nodes.Name):
                read = nodes.List([pair for part in value.args for pair in _fields(part, loops)])
                held = nodes.Getattr(nodes.Name(_kept(grown.name), "load"), "extend", "load")
                kept.append(nodes.Assign(nodes.Name("_", "store"), nodes.Call(held, [read], [], None, None)))
        else:
            kept += [
                nodes.Assign(nodes.Name(_kept(name.name), "store"), nodes.List(_fields(value, loops)))
                for name in names
                if isinstance(name, nodes.Name) and not _uses(value, name.name)
            ]
        for made in (part for node in kept for part in (node, *node.find_all(nodes.Node))):
            made.set_environment(self.jinja)
            if made.lineno is None:
                made.lineno = target.lineno
        return kept

    def _wrapped(self, child: nodes.Expr, loops: dict[str, nodes.Node], because: list[nodes.Expr]) -> nodes.Expr:
        if isinstance(child, nodes.Call) and isinstance(child.node, nodes.EnvironmentAttribute):
            return child  # a mark
        literal = isinstance(child, nodes.TemplateData)
        value = nodes.Const(child.data) if isinstance(child, nodes.TemplateData) else child
        self.jinja.spots.append(Spot(self.template, child.lineno, "" if literal else next(self.expressions)))
        return self._call(child.lineno, value, because if literal else _fields(child, loops), 0)

    def _call(self, line: int, value: nodes.Expr, fields: list[nodes.Expr], depth: int) -> nodes.Call:
        """The call of `traced` for the spot that was added last."""
        call = nodes.Call(
            nodes.EnvironmentAttribute("traced"),
            [nodes.Const(len(self.jinja.spots) - 1), value, *fields],
            [nodes.Keyword("depth", nodes.Const(depth))],
            None,
            None,
            lineno=line,
        )
        for made in (call, *call.find_all(nodes.Node)):
            made.set_environment(self.jinja)
            if made.lineno is None:
                made.lineno = line
        return call


def _uses(expression: nodes.Node, name: str) -> bool:
    return any(
        found.name == name for found in (expression, *expression.find_all(nodes.Name)) if isinstance(found, nodes.Name)
    )


def _fields(node: nodes.Node, loops: dict[str, nodes.Node]) -> list[nodes.Expr]:
    """Expressions for `(record, field name)` of all that `node` reads, the nearest record first.

    Only what `node` itself evaluates is evaluated: the branches of a condition stay behind its test, and the later
    operands of `or` are left out.
    """
    match node:
        case nodes.Getattr():
            return [_pair(node.node, node.attr), *_fields(node.node, loops)]
        case nodes.Name():
            walked = loops.get(node.name)
            outer = {name: over for name, over in loops.items() if name != node.name}
            if walked is not None:
                return [_pair(node, ""), *_fields(walked, outer)]
            if node.name in ("device", "loop"):
                return [_pair(node, "")]
            return [_pair(node, ""), _if_defined(nodes.Name(_kept(node.name), "load"))]
        case nodes.Filter(node=nodes.Expr() as records) if name := _listed(node):
            each = nodes.Call(nodes.EnvironmentAttribute("each"), [records, nodes.Const(name)], [], None, None)
            return [each, *_fields(records, loops)]
        case nodes.CondExpr(test=test, expr1=first, expr2=second):
            branches = (nodes.Tuple(_fields(b, loops) if b is not None else [], "load") for b in (first, second))
            return [nodes.CondExpr(test, *branches), *_fields(test, loops)]
        case nodes.Or():
            return _fields(node.left, loops)
        case nodes.And():
            later = nodes.Tuple(_fields(node.right, loops), "load")
            return [*_fields(node.left, loops), nodes.CondExpr(node.left, later, nodes.Tuple([], "load"))]
        case nodes.Test(name="defined"):
            return []
        case _:
            return [pair for child in node.iter_child_nodes() for pair in _fields(child, loops)]


def _pair(record: nodes.Expr, name: str) -> nodes.Expr:
    return nodes.Tuple([record, nodes.Const(name)], "load")


def _columns(target: nodes.Node, walked: nodes.Node) -> list[tuple[nodes.Node, nodes.Node]]:
    """What each variable of a loop is taken from: of a table that the template itself holds, its column."""
    rows = walked.items if isinstance(walked, nodes.Tuple | nodes.List) else []
    tables = [row.items for row in rows if isinstance(row, nodes.Tuple | nodes.List)]
    names = target.items if isinstance(target, nodes.Tuple) else []
    if not tables or len(tables) != len(rows) or any(len(row) != len(names) for row in tables):
        return [(target, walked)]
    return [(name, nodes.List([row[n] for row in tables])) for n, name in enumerate(names)]


def _listed(node: nodes.Filter) -> str:
    """The field that `map(attribute=...)` or `groupby(...)` takes of each record of a list; empty for other filters."""
    given = [k.value for k in node.kwargs if k.key == "attribute"] if node.name == "map" else node.args[:1]
    names = [str(found.value) for found in given if isinstance(found, nodes.Const)]
    return names[0] if names and node.name in ("map", "groupby") else ""


def _kept(name: str) -> str:
    """The name beside a template's variable that holds what the variable was read from."""
    return f"_read_by_{name}"


def _if_defined(name: nodes.Name) -> nodes.Expr:
    return nodes.CondExpr(nodes.Test(name, "defined", [], [], None, None), name, nodes.Tuple([], "load"))
