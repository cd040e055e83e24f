"""Filling a form as a person does: from words on the screen to the value an input holds."""

from chatops.sandbox.forms import HOLDINGS, offered_options
from chatops.sandbox.members import Member
from chatops.sandbox.reading import label_of, same_label
from chatops.sandbox.wire import Json

Answer = str | int | float | bool | list[str] | None


class CannotFill(Exception):
    """The words given do not fit the input; says what would."""


def fill_element(element: Json, answer: Answer, *, members: list[Json], channels: list[Json]) -> Json:
    """The state value for an answer in words: option texts, people's and Slack channels' names, dates as ISO."""
    kind: str = element["type"]
    key = HOLDINGS[kind].key
    if key == "selected_options":
        return {"type": kind, key: _several(element, answer)}
    if key == "selected_option":
        return {"type": kind, key: None if answer in (None, "") else _option(element, str(answer))}
    if "user" in key:
        return {"type": kind, key: _named(kind, answer, members)}
    if "channel" in key or "conversation" in key:
        return {"type": kind, key: _named(kind, answer, channels)}
    if key == "selected_date_time":
        return {"type": kind, key: None if answer is None else int(str(answer))}
    return {"type": kind, key: None if answer is None else str(answer)}


def _several(element: Json, answer: Answer) -> list[Json]:
    if isinstance(answer, bool):
        return list(offered_options(element)) if answer else []
    if answer is None:
        return []
    wanted = answer if isinstance(answer, list) else [str(answer)]
    return [_option(element, text) for text in wanted]


def _option(element: Json, wanted: str) -> Json:
    options = offered_options(element)
    for option in options:
        if same_label(label_of(option["text"]), wanted) or option["value"] == wanted:
            return option
    offered = ", ".join(label_of(option["text"]) for option in options)
    raise CannotFill(f"there is no option “{wanted}”; there are: {offered or 'none'}")


def _named(kind: str, answer: Answer, known: list[Json]) -> str | list[str] | None:
    if kind.startswith("multi_"):
        wanted = answer if isinstance(answer, list) else [str(answer)] if answer else []
        return [_id_of(name, known) for name in wanted]
    return None if answer in (None, "") else _id_of(str(answer), known)


def _id_of(name: str, known: list[Json]) -> str:
    for entry in known:
        if goes_by(entry, name):
            return str(entry["id"])
    raise CannotFill(f"nobody and nothing here is called “{name}”")


def goes_by(entry: Json, name: str) -> bool:
    """Whether a member or Slack channel of the page's state is called so."""
    real_name = entry.get("real_name")
    if real_name is None:
        return name.lstrip("#") in (entry["id"], entry["name"])
    return Member(id=entry["id"], name=entry["name"], real_name=real_name, title="", color="").goes_by(name)
