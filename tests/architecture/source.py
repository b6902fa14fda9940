"""Our source as the architecture tests read it: which file is which, and its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("config", "community", "content", "campaigns")

# Files that speak with the outside, and may therefore ask what time it is.
ADAPTERS = {"api", "admin", "tasks", "management", "doors", "middleware", "desk", "http", "clock", "apps"}


@dataclass(frozen=True)
class Source:
    """One Python file of ours; `name` is its dotted module."""

    path: Path
    name: str

    @property
    def tree(self) -> ast.Module:
        return _tree(self.path)

    @property
    def parts(self) -> list[str]:
        return self.name.split(".")

    @property
    def is_adapter(self) -> bool:
        return bool(ADAPTERS & set(self.parts)) or self.parts[0] == "config"

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.parts

    @property
    def text(self) -> str:
        return self.path.read_text()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def sources(*folders: str) -> Iterator[Source]:
    """Every Python file of ours below `folders` (all when none is named), sorted."""
    for folder in folders or FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield Source(path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts))


def templates() -> Iterator[Path]:
    """Every template of ours."""
    for folder in FOLDERS:
        for ending in ("html", "txt", "svg"):
            yield from sorted((ROOT / folder).rglob(f"templates/**/*.{ending}"))
