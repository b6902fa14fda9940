"""Every address of the installation, found by walking the resolver: none can be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """One URL pattern. `name` is its name with namespaces, or the pattern itself when it has none."""

    name: str
    route: str
    parameters: tuple[str, ...]
    view: Any


def addresses() -> list[Address]:
    """All patterns below the root, in order."""
    return list(_walk(get_resolver(), (), "", ()))


def _walk(
    resolver: URLResolver, spaces: tuple[str, ...], prefix: str, above: tuple[str, ...]
) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        parameters = (*above, *pattern.pattern.converters, *_groups(pattern))
        if isinstance(pattern, URLResolver):
            deeper = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _walk(pattern, deeper, route, parameters)
        elif isinstance(pattern, URLPattern):
            name = ":".join([*spaces, pattern.name]) if pattern.name else route
            yield Address(name, route, parameters, pattern.callback)


def _groups(pattern: Any) -> tuple[str, ...]:
    regex = getattr(pattern.pattern, "regex", None)
    named = tuple(regex.groupindex) if regex is not None else ()
    return tuple(name for name in named if name not in pattern.pattern.converters)
