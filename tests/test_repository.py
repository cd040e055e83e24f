"""What a newcomer, an operator and CI find here is true: tasks, settings, lock, package, and nobody's machine in it."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from chatops.cli import cli
from chatops.domain.policy import Policy
from chatops.outlets import find_outlets
from chatops.settings import SLACK_SECRETS, Settings, read_settings
from chatops.slack.slash import SUBCOMMANDS
from tests.sandbox_page.chromium import find_chromium

COMMANDS = {name: cli.get_command(click.Context(cli), name) for name in cli.list_commands(click.Context(cli))}

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
GUIDES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/operating.md"]

# Put together from parts, so that this file does not hold what it forbids.
MACHINE_PATHS = re.compile(
    r"(?<![\w.~-])/(?:" + "|".join(["ho" + "me", "Us" + "ers", "ro" + "ot", "wo" + "rk"]) + r")/[\w.]"
)
INDEX_HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|" + "index" + "-url")
NAMES_NO_INDEX = "--no-emit-" + "index" + "-url"


def list_files() -> Iterator[Path]:
    """The tracked text files and those that could be; all of them where there is no git, as in an unpacked archive."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        skipped = {".venv", ".git", "__pycache__", ".hypothesis"}
        paths = [path for path in ROOT.rglob("*") if not skipped & set(path.relative_to(ROOT).parts)]
    return (path for path in paths if path.is_file() and path.suffix not in (".png", ".woff2", ".pyc", ".db"))


def find_code(text: str) -> list[str]:
    fenced = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [line.strip() for block in fenced for line in block.splitlines()] + inline


def list_variables() -> set[str]:
    """What settings.py asks the environment for, by name, and what the outlets do."""
    tree = ast.parse((ROOT / "chatops" / "settings.py").read_text(encoding="utf-8"))
    asked: set[str] = {f"SLACK_{name.upper()}" for name in SLACK_SECRETS}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call | ast.Compare | ast.Subscript) and "env" in {
            each.id for each in ast.walk(node) if isinstance(each, ast.Name)
        }:
            texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            asked |= {text for text in texts if isinstance(text, str) and re.fullmatch(r"[A-Z]{2,}(_[A-Z]+)*", text)}
    for outlet in find_outlets().values():
        asked |= {info.default for key, info in outlet.Settings.model_fields.items() if key.endswith("_env")}
    return asked


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_of_the_guides_exists(guide: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    known = {"make": targets, "chatops": set(COMMANDS)}
    called = [
        re.match(r"(?:\S*/)?(make|chatops) ([a-z]+)", line) for line in find_code((ROOT / guide).read_text("utf-8"))
    ]
    assert [match[0] for match in called if match and match[2] not in known[match[1]]] == []


def test_options_of_the_guides_exist() -> None:
    text = README + OPERATING
    for name, command in COMMANDS.items():
        options = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
        used = {
            found for line in find_code(text) if f"chatops {name} " in line for found in re.findall(r"--[a-z]+", line)
        }
        assert used <= options, name


def test_readme_shows_every_subcommand_as_the_help_does() -> None:
    rows = dict(re.findall(r"^\| `/incident (.+?)` \| (.+) \|$", README, re.MULTILINE))
    shown = {usage.replace("\\|", "|") for usage in rows}
    assert shown == {each.usage for each in SUBCOMMANDS.values()}


def test_procfile_listens_to_all_and_lets_signals_through() -> None:
    (line,) = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"web: .*\bexec env HOST=0\.0\.0\.0 chatops run", line)


def test_operating_names_every_variable() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", OPERATING))
    variables = list_variables()
    assert {"DATABASE_URL", "PUBLIC_URL", "SLACK_BOT_TOKEN", "SMTP_URL", "CHATOPS_CONFIG"} <= variables
    assert sorted(variables - named) == []


def test_operating_names_every_table() -> None:
    tree = ast.parse((ROOT / "chatops" / "store" / "tables.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Table"]
    tables = {str(ast.literal_eval(call.args[0])) for call in calls}
    assert tables
    assert tables - set(re.findall(r"`(\w+)`", OPERATING)) == set()


def test_the_example_settings_show_the_defaults() -> None:
    environ = {"CHATOPS_CONFIG": "chatops.example.toml", "SMTP_URL": "smtp://localhost"}
    example, default = read_settings(environ, ROOT), Settings()
    assert example.policy == Policy(roles=example.policy.roles)
    assert not any(example.policy.roles.values())
    assert example.page.time_zone == default.page.time_zone
    assert example.slack.dedicated_channel == default.slack.dedicated_channel
    text = (ROOT / "chatops.example.toml").read_text(encoding="utf-8")
    assert [kind for kind in find_outlets() if f"[outlets.{kind}" not in text] == []


def test_help_lists_every_command_with_a_line_of_its_own() -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=160).output
    for name, command in COMMANDS.items():
        assert command.help, name
        assert re.search(rf"^  {name} +\S", shown, re.MULTILINE), name
        assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


def test_no_file_names_a_machine_or_an_index() -> None:
    found = []
    for path in list_files():
        text = path.read_text(encoding="utf-8", errors="replace").replace(NAMES_NO_INDEX, "")
        for forbidden in (MACHINE_PATHS, INDEX_HOSTS):
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in forbidden.finditer(text)]
    assert found == []


def test_the_lock_pins_everything_by_hash() -> None:
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    pinned = [entry for entry in entries if not entry.startswith("#")]
    assert pinned
    assert [entry.splitlines()[0] for entry in pinned if not re.match(r"[\w.-]+(\[[\w.,-]+\])?==\S+", entry)] == []
    assert [entry.splitlines()[0] for entry in pinned if "--hash=sha256:" not in entry] == []
    assert "://" not in LOCK


def test_the_lock_names_every_extra_that_is_asked_for() -> None:
    """An older pip refuses a package pinned by hash without an extra with which another package asks for it."""
    pinned = {_normal(name): _extras(extras) for name, extras in re.findall(r"^([\w.-]+)(?:\[(.*?)\])?==", LOCK, re.M)}
    assert any(pinned.values()), "pytest-cov asks for coverage[toml]"
    asked = [("chatops", each) for group in PROJECT["dependency-groups"].values() for each in group]
    asked += [("chatops", each) for each in PROJECT["project"]["dependencies"]]
    asked += [(name, each) for name in pinned for each in _list_requirements(name)]
    missing = [
        f"{by} asks for {requirement}"
        for by, requirement in asked
        if (match := re.match(r"([\w.-]+)\s*\[(.*?)\]", requirement))
        and _is_wanted(requirement, pinned.get(by, set()))
        and not _extras(match[2]) <= pinned.get(_normal(match[1]), set())
    ]
    assert missing == []


def _list_requirements(name: str) -> list[str]:
    """Of what is installed here: the lock also names what other systems need."""
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def _is_wanted(requirement: str, extras: set[str]) -> bool:
    """Not where it belongs to an extra that nobody asks for."""
    belongs = re.search(r"""extra\s*==\s*["'](.*?)["']""", requirement)
    return belongs is None or _normal(belongs[1]) in extras


def _extras(text: str) -> set[str]:
    return {_normal(each) for each in text.split(",") if each}


def test_the_lock_has_what_pyproject_names() -> None:
    named = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["demo"],
        *PROJECT["dependency-groups"]["test"],
    ]
    wanted = {_normal(_name(each)) for each in named}
    direct = {_normal(name) for name in re.findall(r"^([\w.-]+)(?:\[.*?\])?==", LOCK, re.MULTILINE)}
    assert sorted(wanted - direct) == []
    asked_by_us = {
        _normal(entry.split("==")[0]) for entry in re.split(r"\n(?=\S)", LOCK) if "chatops (pyproject.toml" in entry
    }
    assert sorted(name for name in asked_by_us - wanted if "==" not in name and "chatops:test" not in name) == []


@pytest.mark.parametrize("extras", [(), ("demo", "apprise")], ids=["plain", "with extras"])
def test_an_install_has_all_that_is_imported(extras: tuple[str, ...]) -> None:
    """`pip install .` knows nothing of extras and of the test group; the sandbox comes with the extra `demo`."""
    project = PROJECT["project"]
    more_for_extras = [each for extra in extras for each in project["optional-dependencies"].get(extra, ())]
    needed = {_normal(_name(each)) for each in (*project["dependencies"], *more_for_extras)}
    optional = () if extras else (ROOT / "chatops" / "sandbox", ROOT / "chatops" / "outlets" / "apprise.py")
    while more := {name for each in needed for name in _list_requirements(each)} - needed:
        needed |= more
    brought_by = metadata.packages_distributions()
    missing = {
        module
        for path in (ROOT / "chatops").rglob("*.py")
        if not any(path.is_relative_to(each) for each in optional)
        for module in _list_imports(path)
        if module not in {*sys.stdlib_module_names, "chatops"}
        and not needed & {_normal(each) for each in brought_by.get(module, ())}
    }
    assert missing == set()


def _list_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _list_requirements(name: str) -> set[str]:
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # needed on another system or Python only
        return set()
    return {_normal(_name(line)) for line in lines if "extra ==" not in line}


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_build_backend_is_the_one_of_the_lock() -> None:
    (backend,) = PROJECT["build-system"]["requires"]
    assert backend in PROJECT["dependency-groups"]["test"]
    assert re.search(rf"^{re.escape(backend)} ", LOCK, re.MULTILINE)


def test_the_wheel_has_all_that_is_needed(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "chatops").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(package - packed) == []
    assert {"chatops/manifests/http.json", "chatops/manifests/socket-mode.json"} <= packed
    for folder in ("web/templates", "web/static", "sandbox/page", "store/migrations/versions"):
        assert any(name.startswith(f"chatops/{folder}/") for name in packed), folder
    assert [name for name in packed if name.startswith(("tests/", "docs/"))] == []


def test_ci_has_the_browser_it_asks_for() -> None:
    if not os.environ.get("CHATOPS_REQUIRE_BROWSER"):
        pytest.skip("only where CHATOPS_REQUIRE_BROWSER is set, as .ci/run does")
    assert find_chromium()
