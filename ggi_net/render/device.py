"""Rendering one device: its view, then each artifact of its platform."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from ggi_net.errors import Place, RenderError, TemplateProblem, UnsafeValue
from ggi_net.render.artifact import Artifact
from ggi_net.render.environment import environment
from ggi_net.render.platform import platform
from ggi_net.render.views import build_view
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.render.platform import ArtifactKind
    from ggi_net.render.views.base import View

_MISSING = re.compile(r"has no attribute '([^']+)'|^'([^']+)' is undefined")


def render_device(estate: Estate, placed: Placed, *, jinja: jinja2.Environment | None = None) -> list[Artifact]:
    """Render every artifact of one device, in the platform's order.

    Raises RenderError (or a subclass) that names device, template, line and the missing key.
    """
    device = placed.device
    kinds = platform(device.platform).artifacts
    view = view_of(estate, placed)
    chosen = jinja or environment()
    return [
        Artifact(device.name, device.platform, kind.file, render_text(chosen, kind, device.name, view))
        for kind in kinds
        if applies(kind, view)
    ]


def view_of(estate: Estate, placed: Placed) -> View:
    """The device's view; raise RenderError, also for an estate that contradicts itself where the view looked.

    A device that would lose what it has for a gemeente that is left out of the estate has no view: the gemeente's
    data is broken, which is no reason to disconnect it. Nor has one that needs what its platform lacks.
    """
    others = estate.lacking.get(placed.organisation.slug)
    if others:
        raise RenderError(
            f"{placed.device.name}: it would lose what it has for {others}, left out of the estate as broken",
            place=Place(estate.sources[others.partition(",")[0]]),
            hint="`ggi estate validate` says what is wrong with it; correct that, then render again",
        )
    try:
        view = build_view(estate, placed)
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise RenderError(
            f"{placed.device.name}: its view can't be built: {type(error).__name__}: {printable(error)}",
            place=Place(frame.filename, frame.lineno),
            hint="`ggi estate validate` tells whether the estate contradicts itself there",
        ) from None
    kind = platform(placed.device.platform)
    for field, why in kind.lacks.items():
        if getattr(view, field, None):
            raise RenderError(f"{placed.device.name}: {why}", hint=f"{kind.title} can't be used there")
    return view


def applies(kind: ArtifactKind, view: Any) -> bool:
    """Whether a device with this view has an artifact of this kind."""
    return not kind.when or bool(getattr(view, kind.when))


def render_text(jinja: jinja2.Environment, kind: ArtifactKind, device: str, view: Any) -> str:
    """The text of one artifact; raise TemplateProblem or UnsafeValue with the template's place."""
    try:
        return jinja.get_template(kind.template).render(device=view)
    except jinja2.TemplateSyntaxError as error:
        place = Place(error.filename or error.name or kind.template, error.lineno)
        raise TemplateProblem(
            f"{device}: {kind.file}: {error.message}", place=place, hint="correct the template"
        ) from None
    except jinja2.TemplateNotFound as error:
        raise TemplateProblem(
            f"{device}: {kind.file}: no template '{error.name}'",
            hint="check the platform's platform.yml and its includes",
        ) from None
    except jinja2.UndefinedError as error:
        found = _MISSING.search(str(error))
        key = next((g for g in found.groups() if g), "?") if found else "?"
        raise TemplateProblem(
            f"{device}: {kind.file}: the view has no '{key}' ({error})",
            place=template_place(error, jinja),
            hint=f"add '{key}' to the device's view in ggi_net/render/, or correct the template",
        ) from None
    except UnsafeValue as error:
        where = template_place(error, jinja)
        raise UnsafeValue(f"{device}: {kind.file}: {error.message}", place=where, hint=error.hint) from None
    except UnicodeDecodeError as error:
        raise TemplateProblem(
            f"{device}: {kind.file}: a template is not UTF-8 text",
            place=template_place(error, jinja),
            hint="that template, or one that this line includes, was damaged or saved in another encoding",
        ) from None
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise TemplateProblem(
            f"{device}: {kind.file}: {type(error).__name__}: {error}", place=template_place(error, jinja)
        ) from None


def template_place(error: BaseException, jinja: jinja2.Environment) -> Place | None:
    """The innermost template line in the traceback of `error` (Jinja rewrites it to template files and lines)."""
    roots = tuple(str(Path(p).resolve()) for p in getattr(jinja.loader, "searchpath", ()))
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(roots) and frame.filename.endswith(".j2"):
            return Place(frame.filename, frame.lineno)
    return None


__all__ = ["applies", "render_device", "render_text", "template_place", "view_of"]
