"""chatops.toml as text and as a table: what is wrong in it is told with the line of its key."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chatops.domain.errors import BadSettings

CONFIG_FILE = "chatops.toml"
Model = TypeVar("Model", bound=BaseModel)

_KINDS = {"roles": "role", "approvals": "impact", "cadence": "impact"}
"""What the keys of a table are called; elsewhere they are just keys."""

_WORDS = {
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "string_type": 'must be text in quotes, like "text"',
    "tuple_type": 'must be a list, like ["one", "two"]',
    "dict_type": "must be a table of its own",
    "model_type": "must be a table of its own",
    "string_too_short": "must not be empty",
    "too_short": "must name at least {min_length}",
    "too_long": "must name at most {max_length}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigText:
    """The file as text and as a table: a wrong value is reported with the line of its key."""

    path: Path | None = None
    text: str = field(default="", repr=False)
    table: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, named: str | None, folder: Path) -> "ConfigText":
        path = folder / (named or CONFIG_FILE)
        if named is None and not path.exists():
            return cls()
        try:
            text = path.read_text(encoding="utf-8-sig")
            return cls(path=path, text=text, table=_freeze(tomllib.loads(text)))
        except (UnicodeDecodeError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise BadSettings(f"{path} cannot be read: {why}. CHATOPS_CONFIG names the file.") from None
        except tomllib.TOMLDecodeError as error:
            what, _, where = str(error).partition(" (at ")
            line = re.search(r"line (\d+)", where)
            at = line[1] if line else str(text.count("\n") + 1)
            raise BadSettings(f"{path.name}, line {at}: this is not TOML: {what}.") from None

    def validate(self, model: type[Model], values: Mapping[str, Any], path: tuple[str, ...]) -> Model:
        """`values` as `model`; the first thing wrong is raised as BadSettings, without the value itself."""
        try:
            return model.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = (*path, *(part for part in first["loc"] if isinstance(part, str)))
        return self.refuse(where, _explain(first, model, path, values))

    def refuse(self, path: tuple[str, ...], what: str) -> NoReturn:
        line = self._find_line(path)
        place = f"{self.path.name}, line {line}: " if self.path and line else ""
        raise BadSettings(f"{place}{' '.join(what.split())}.")

    def _find_line(self, path: tuple[str, ...]) -> int | None:
        """The line of the statement that first brings `path`, else its nearest table.

        Tries every beginning of the file that is TOML by itself: slow, but right for any way of writing it.
        """
        depth, found, start, beginning = 0, None, 1, ""
        for number, line in enumerate(self.text.split("\n"), start=1):
            beginning += f"{line}\n"
            try:
                table = tomllib.loads(beginning)
            except tomllib.TOMLDecodeError:
                continue
            while depth < len(path) and _has(table, path[: depth + 1]):
                depth, found = depth + 1, start
            if depth == len(path):
                break
            start = number + 1
        return found


def _has(table: object, path: tuple[str, ...]) -> bool:
    return not path or (isinstance(table, dict) and path[0] in table and _has(table[path[0]], path[1:]))


def _freeze(value: Any) -> Any:
    """Lists become tuples, which the strict models take."""
    if isinstance(value, list):
        return tuple(_freeze(each) for each in value)
    return {key: _freeze(each) for key, each in value.items()} if isinstance(value, dict) else value


def _explain(error: ErrorDetails, model: type[BaseModel], path: tuple[str, ...], values: Mapping[str, Any]) -> str:
    """One error of pydantic in our words; never with the value that was wrong."""
    keys = [part for part in error["loc"] if isinstance(part, str)]
    *parents, key = [*path, *keys]
    dotted, kind, context = ".".join([*parents, key]), error["type"], error.get("ctx", {})
    for part in keys[:-1]:
        model = model.model_fields[part].annotation or model  # type: ignore[assignment]
    variable = values.get(f"{key}_env")
    if kind == "extra_forbidden":
        what = _KINDS.get(parents[-1] if parents else "", "key")
        table = f" in [{'.'.join(parents)}]" if parents else ""
        return f"unknown {what} “{key}”{table}; {suggest(key, list_keys(model))}"
    if kind == "missing":
        example = f", like {info.description}" if (info := model.model_fields.get(key)) and info.description else ""
        return f"[{'.'.join(parents)}] needs " + (f"the environment variable {variable}" if variable else key) + example
    return f"{variable or dotted} {_WORDS.get(kind, 'cannot be used as it is written').format(**context)}"


def list_keys(model: type[BaseModel]) -> list[str]:
    """As they are written in the file; a secret is written by its `_env` only."""
    names = [info.alias or name for name, info in model.model_fields.items()]
    return [name for name in names if f"{name}_env" not in names]


def suggest(wrong: str, known: Iterable[str], *, else_: str = "") -> str:
    """What to write instead: the nearest known word, else all of them."""
    words = sorted(known)
    near = difflib.get_close_matches(wrong.casefold(), [word.casefold() for word in words], n=1, cutoff=0.5)
    if near:
        return f"write {next(word for word in words if word.casefold() == near[0])}"
    return else_ or (f"known are {', '.join(words)}" if words else "it takes no settings")
