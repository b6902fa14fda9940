"""House habits that a machine can see."""

import ast

import pytest

from tests.architecture.source import FOLDERS, Source, sources, templates

LONGEST = 500
BANNED = {"utils", "util", "common", "manager", "managers", "handler", "handlers", "info", "data", "helpers"}
ENGINE = ("community", "content", "campaigns")


def calls(source: Source) -> list[ast.Call]:
    return [node for node in ast.walk(source.tree) if isinstance(node, ast.Call)]


def test_below_the_adapters_nobody_asks_what_time_it_is() -> None:
    clocks = {
        "now", "timezone.now", "datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time",
        "clock.now", "localdate", "timezone.localdate", "timezone.localtime", "Now",
    }  # fmt: skip
    asked = [
        f"{source.name}:{call.lineno} {ast.unparse(call.func)}()"
        for source in sources(*ENGINE)
        if not source.is_adapter and not source.is_migration
        for call in calls(source)
        if ast.unparse(call.func) in clocks
    ]
    assert asked == []


def test_no_model_fills_in_a_moment_by_itself() -> None:
    """auto_now is a clock below the adapters; history's own columns are pghistory's."""
    found = [
        f"{source.name}:{call.lineno}"
        for source in sources(*ENGINE)
        if not source.is_migration
        for call in calls(source)
        for keyword in call.keywords
        if keyword.arg in {"auto_now", "auto_now_add"}
    ]
    assert found == []


def test_no_import_hides_in_a_function_to_dodge_a_circle() -> None:
    """apps.py connects rooms when all are loaded, and registers by importing."""
    hidden = []
    for source in sources(*ENGINE):
        if source.parts[-1] == "apps" or source.is_migration:
            continue
        for function in ast.walk(source.tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
                hidden += [f"{source.name}:{node.lineno} {n}" for n in names if n.split(".")[0] in FOLDERS]
    assert hidden == []


def public_functions(source: Source) -> list[ast.FunctionDef]:
    return [n for n in source.tree.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]


def rooms_files(*names: str) -> list[Source]:
    return [s for s in sources(*ENGINE) if set(names) & set(s.parts[-2:]) and not s.is_migration]


@pytest.mark.parametrize("source", rooms_files("services", "selectors"), ids=lambda s: s.name)
def test_services_and_selectors_are_keyword_only_typed_and_say_their_promise(source: Source) -> None:
    wrong = []
    for function in public_functions(source):
        where = f"{source.name}.{function.name}"
        args = function.args
        if args.posonlyargs or args.args or args.vararg:
            wrong.append(f"{where}: takes positional arguments")
        if any(a.annotation is None for a in args.kwonlyargs) or function.returns is None:
            wrong.append(f"{where}: is not typed")
        if not ast.get_docstring(function):
            wrong.append(f"{where}: has no docstring")
        names = [a.arg for a in args.kwonlyargs]
        if "scope" in names and names[0] != "scope":
            wrong.append(f"{where}: the scope comes first")
    assert wrong == []


def test_names_say_what_a_thing_is() -> None:
    named = [s.name for s in sources() if BANNED & set(s.parts)]
    named += [
        f"{s.name}.{node.name}"
        for s in sources(*ENGINE)
        for node in ast.walk(s.tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and (
            node.name.lower() in BANNED
            or node.name.endswith(("Manager", "Handler", "Helper", "Utils", "Info"))
        )
    ]
    assert named == []


def test_files_are_short_enough_to_be_read() -> None:
    long = {s.name: n for s in sources() if not s.is_migration and (n := s.text.count("\n")) > LONGEST}
    long |= {str(t): n for t in templates() if (n := t.read_text().count("\n")) > LONGEST}
    assert long == {}


def test_models_are_dull() -> None:
    """No save() with opinions, no signals between our own parts."""
    found = []
    for source in sources(*ENGINE):
        for node in ast.walk(source.tree):
            if (
                isinstance(node, ast.FunctionDef)
                and node.name in {"save", "delete"}
                and source.parts[-1] == "models"
            ):
                found.append(f"{source.name}.{node.name}")
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("signals"):
                found.append(f"{source.name}: signals")
    assert found == []
