"""The pages tell the truth: the glossary knows the domain's classes, commands exist, links lead somewhere."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chatops.cli import cli

COMMANDS = {name: cli.get_command(click.Context(cli), name) for name in cli.list_commands(click.Context(cli))}

ROOT = Path(__file__).parent.parent
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
LEFT_OUT = {".venv", "node_modules", ".git", ".pytest_cache"}
PAGES = sorted(path for path in ROOT.rglob("*.md") if not LEFT_OUT & set(path.relative_to(ROOT).parts))
DESIGN_WORDS = (
    "incident, impact, status, component, commander, comms lead, responder, approver, actor, member, "
    "update, draft, revision, approval, broadcast, delivery, attempt, post, published, outlet, correction, retraction, "
    "mention, conversation, reply, reminder, cadence, due, promise, subscriber, record, ledger, job, snapshot, "
    "card, modal, page, Slack channel, incident thread, audit thread"
)
"""The Names table of the design."""
GUIDES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]


def list_domain_classes() -> Iterator[tuple[str, str]]:
    """(module, class) of every public class of the domain."""
    for path in sorted((ROOT / "chatops" / "domain").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield path.stem, node.name


def find_code(page: Path) -> list[str]:
    """What stands in code: fenced blocks by line, and single words or commands between backquotes."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [line.strip().removeprefix("$ ") for block in fenced for line in block.splitlines()] + inline


@pytest.mark.parametrize("word", DESIGN_WORDS.split(", "))
def test_the_glossary_defines(word: str) -> None:
    assert f"**{word}**" in GLOSSARY.lower() or f"**{word}**" in GLOSSARY


def test_every_class_of_the_domain_stands_under_a_word() -> None:
    listed = set(re.findall(r"`(\w+)`", GLOSSARY))
    homeless = [name for _, name in list_domain_classes() if name not in listed]
    assert homeless == []


def test_every_class_the_glossary_names_exists() -> None:
    known = {name for _, name in list_domain_classes()}
    named = {name for line in re.findall(r"^Classes: (.*)$", GLOSSARY, re.M) for name in re.findall(r"`(\w+)`", line)}
    assert named - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    relative = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#|/", link)]
    assert [link for link in relative if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [page for page in GUIDES if page.exists()], ids=lambda page: page.name)
def test_every_command_in_the_guides_exists(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert isinstance(cli, click.Group)
    missing = [
        line
        for line in find_code(page)
        if (match := re.match(r"(make|chatops) ([a-z][\w-]*)", line))
        and match[2] not in (targets if match[1] == "make" else COMMANDS)
    ]
    assert missing == []


@pytest.mark.parametrize("page", [page for page in GUIDES if page.exists()], ids=lambda page: page.name)
def test_every_file_the_guides_name_exists(page: Path) -> None:
    named = {word for word in find_code(page) if re.fullmatch(r"(chatops|tests|docs)/[\w/.-]+\.(py|md|json)", word)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_modules_of_the_domain_can_be_imported_alone() -> None:
    for module in {module for module, _ in list_domain_classes()}:
        importlib.import_module(f"chatops.domain.{module}")
