"""Small checks that combine into the tables: each takes a value and says what Slack would object to, and where."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """Objections in the words and form of Slack's `response_metadata.messages`."""

    messages: list[str] = field(default_factory=list)

    def add(self, text: str, pointer: str) -> None:
        self.messages.append(f"[ERROR] {text} [json-pointer:{pointer}]")


Check = Callable[[object, str, Findings], None]


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields an object may have, which of them it must have, and sets of which one is needed."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    def __call__(self, value: object, pointer: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add("must provide an object", pointer)
            return
        for name in self.required:
            if value.get(name) is None:
                findings.add(f"missing required field: {name}", pointer)
        if self.one_of and not any(value.get(name) is not None for name in self.one_of):
            findings.add(f"must define either {' or '.join(f'`{name}`' for name in self.one_of)}", pointer)
        for name, content in value.items():
            if name not in self.fields:
                findings.add(f"invalid additional property: {name}", pointer)
            elif content is not None:
                self.fields[name](content, f"{pointer}/{name}", findings)


def string(most: int, least: int = 1) -> Check:
    def check(value: object, pointer: str, findings: Findings) -> None:
        if not isinstance(value, str):
            findings.add("must be a string", pointer)
        elif len(value) > most:
            findings.add(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            findings.add(f"must be more than {least - 1} characters", pointer)

    return check


def boolean(value: object, pointer: str, findings: Findings) -> None:
    if not isinstance(value, bool):
        findings.add("must be a boolean", pointer)


def integer(least: int = 0, most: int = 10_000_000_000) -> Check:
    def check(value: object, pointer: str, findings: Findings) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            findings.add("must be an integer", pointer)
        elif not least <= value <= most:
            findings.add(f"must be between {least} and {most}", pointer)

    return check


def choice(*allowed: str) -> Check:
    def check(value: object, pointer: str, findings: Findings) -> None:
        if value not in allowed:
            findings.add(f"must be a valid enum value; allowed: {', '.join(allowed)}", pointer)

    return check


def listing(item: Check, most: int, least: int = 1) -> Check:
    def check(value: object, pointer: str, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.add("must be an array", pointer)
            return
        if len(value) > most:
            findings.add(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            findings.add(f"no fewer than {least} items allowed", pointer)
        for index, entry in enumerate(value):
            item(entry, f"{pointer}/{index}", findings)

    return check


def typed(shapes: Mapping[str, Check], *only: str) -> Check:
    """An object whose `type` picks its shape; with `only`, these types alone are allowed here."""

    def check(value: object, pointer: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.add("must provide an object", pointer)
            return
        kind = value.get("type")
        if kind is None:
            findings.add("missing required field: type", pointer)
        elif kind not in shapes or (only and kind not in only):
            findings.add(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            shapes[kind](value, pointer, findings)

    return check


def anything(value: object, pointer: str, findings: Findings) -> None:
    """A field that is known but whose inside is not looked at."""


def mapping(value: object, pointer: str, findings: Findings) -> None:
    if not isinstance(value, dict):
        findings.add("must provide an object", pointer)
