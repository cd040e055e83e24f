"""The laws of the house, measured: layers, sizes, names. Each failure names the place."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "chatops"
FILES = sorted(PACKAGE.rglob("*.py"))
SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}

FILE_LINES = 400
FUNCTION_LINES = 60
FUNCTION_LINES_P90 = 30
VAGUE_MODULES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}
VAGUE_CLASS = re.compile(r"(Manager|Helper|Util|Utils|Base|Handler|Service)$")
FORBIDDEN_WORDS = re.compile(
    r"(?<![a-z])(Issue|Case|Severity|Phase|User|Owner|Version|Notification|Integration|Provider|Ticket|Alert|Task|Dto)"
    r"(?![a-z])"
)
"""Words the glossary says never for something that has another name."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def walk(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[str, ast.AST]]:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield name, node


def count_lines(node: Function) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def test_the_layers_hold() -> None:
    # In a process of its own: import-linter configures logging, which silences every logger that is there already.
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", ROOT / ".importlinter"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = grimp.build_graph("chatops", cache_dir=None)
    circles = sorted(
        f"{module} ⇄ {other}"
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
        if graph.chain_exists(importer=other, imported=module)
    )
    assert circles == []


def test_the_domain_needs_nothing_but_the_standard_library_and_pydantic() -> None:
    allowed = set(sys.stdlib_module_names) | {"pydantic", "pydantic_core", "chatops"}
    imported = {
        (name, module.partition(".")[0])
        for name, node in walk((ast.Import, ast.ImportFrom))
        if name.startswith("chatops/domain/")
        for module in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert [(name, module) for name, module in sorted(imported) if module not in allowed] == []


def test_the_domain_neither_waits_nor_looks_at_the_clock_nor_draws_lots() -> None:
    impure = {"asyncio", "random", "secrets", "time", "uuid", "os", "socket", "pathlib", "subprocess", "logging"}
    found = [
        f"{name}:{node.lineno}"
        for name, node in walk((ast.Import, ast.ImportFrom, ast.AsyncFunctionDef, ast.Await, ast.Attribute))
        if name.startswith("chatops/domain/")
        and (
            isinstance(node, ast.AsyncFunctionDef | ast.Await)
            or (isinstance(node, ast.Import) and any(each.name in impure for each in node.names))
            or (isinstance(node, ast.ImportFrom) and node.module in impure)
            or (isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today") and _is_clock(node))
        )
    ]
    assert found == []


def _is_clock(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")


def test_no_import_hides_inside_a_function() -> None:
    hidden = [
        f"{name}:{inner.lineno}"
        for name, node in walk((ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert sorted(set(hidden)) == []


def test_files_fit_on_some_screens() -> None:
    lines = {name: len(source.splitlines()) for name, source in SOURCES.items()}
    assert {name: count for name, count in lines.items() if count > FILE_LINES} == {}


def test_functions_are_short() -> None:
    sizes = {
        f"{name}:{node.lineno} {node.name}": count_lines(node)
        for name, node in walk((ast.FunctionDef, ast.AsyncFunctionDef))
        if isinstance(node, Function)
    }
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}
    assert statistics.quantiles(sizes.values(), n=10)[-1] <= FUNCTION_LINES_P90


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    assert [name for name in SOURCES if set(Path(name).with_suffix("").parts) & VAGUE_MODULES] == []


@pytest.mark.parametrize("pattern", [VAGUE_CLASS, FORBIDDEN_WORDS], ids=["vague", "not in the glossary"])
def test_no_class_has_a_name_that_is(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{node.lineno} {node.name}"
        for name, node in walk(ast.ClassDef)
        if isinstance(node, ast.ClassDef) and pattern.search(node.name)
    ]
    assert found == []


def test_no_error_is_swallowed_without_a_reason() -> None:
    found = []
    for name, node in walk(ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        if all(isinstance(each, ast.Pass) for each in node.body):
            lines = SOURCES[name].splitlines()[node.lineno - 1 : node.body[-1].lineno]
            if not any("#" in line for line in lines):
                found.append(f"{name}:{node.lineno}")
    assert found == []


def test_every_parameter_and_answer_is_annotated() -> None:
    found = []
    for name, node in walk((ast.FunctionDef, ast.AsyncFunctionDef)):
        assert isinstance(node, Function)
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bare = [each.arg for each in arguments if each.annotation is None and each.arg not in ("self", "cls")]
        if bare or node.returns is None:
            found.append(f"{name}:{node.lineno} {node.name} {bare}")
    assert found == []
