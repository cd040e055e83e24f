"""Form state: what the inputs of a view or message hold, and what a person may put into them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatops.sandbox.wire import Json, Refused


@dataclass(frozen=True, slots=True)
class Holding:
    """Where an element keeps its value in `state.values`, and which key gives the value it starts with."""

    key: str
    initial: str
    many: bool = False


# https://docs.slack.dev/reference/views/view-state and the pages of each element under
# https://docs.slack.dev/reference/block-kit/block-elements
HOLDINGS: dict[str, Holding] = {
    "plain_text_input": Holding("value", "initial_value"),
    "email_text_input": Holding("value", "initial_value"),
    "url_text_input": Holding("value", "initial_value"),
    "number_input": Holding("value", "initial_value"),
    "rich_text_input": Holding("rich_text_value", "initial_value"),
    "static_select": Holding("selected_option", "initial_option"),
    "external_select": Holding("selected_option", "initial_option"),
    "radio_buttons": Holding("selected_option", "initial_option"),
    "multi_static_select": Holding("selected_options", "initial_options", many=True),
    "multi_external_select": Holding("selected_options", "initial_options", many=True),
    "checkboxes": Holding("selected_options", "initial_options", many=True),
    "users_select": Holding("selected_user", "initial_user"),
    "multi_users_select": Holding("selected_users", "initial_users", many=True),
    "conversations_select": Holding("selected_conversation", "initial_conversation"),
    "multi_conversations_select": Holding("selected_conversations", "initial_conversations", many=True),
    "channels_select": Holding("selected_channel", "initial_channel"),
    "multi_channels_select": Holding("selected_channels", "initial_channels", many=True),
    "datepicker": Holding("selected_date", "initial_date"),
    "timepicker": Holding("selected_time", "initial_time"),
    "datetimepicker": Holding("selected_date_time", "initial_date_time"),
    "file_input": Holding("files", "", many=True),
}

OVERFLOW = Holding("selected_option", "")

FORMATS: dict[str, tuple[re.Pattern[str], str]] = {
    "email_text_input": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "Please enter a valid email address."),
    "url_text_input": (re.compile(r"https?://\S+"), "Please enter a valid URL."),
    "number_input": (re.compile(r"-?\d+(\.\d+)?"), "Please enter a number."),
    "datepicker": (re.compile(r"\d{4}-\d{2}-\d{2}"), "Please enter a valid date."),
    "timepicker": (re.compile(r"\d{2}:\d{2}"), "Please enter a valid time."),
}


def elements_of(block: Json) -> list[Json]:
    """The interactive elements a block carries, wherever its type keeps them."""
    if block["type"] == "input":
        return [block["element"]]
    if block["type"] == "section" and "accessory" in block:
        return [block["accessory"]]
    if block["type"] in ("actions", "context_actions"):
        elements: list[Json] = block["elements"]
        return elements
    if block["type"] == "card":
        actions: list[Json] = block.get("actions", [])
        return actions
    return []


def walk(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every block with each of its elements, also inside containers and carousels."""
    for block in blocks:
        yield from ((block, element) for element in elements_of(block))
        nested = block.get("child_blocks") or (block.get("elements") if block["type"] == "carousel" else None)
        yield from walk(nested or [])


def find_element(blocks: list[Json], block_id: str, action_id: str) -> tuple[Json, Json] | None:
    return next(
        (
            (block, element)
            for block, element in walk(blocks)
            if block.get("block_id") == block_id and element.get("action_id") == action_id
        ),
        None,
    )


def offered_options(element: Json) -> list[Json]:
    options: list[Json] = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        options += group["options"]
    return options


def initial_values(blocks: list[Json]) -> Json:
    """`state.values` of untouched blocks."""
    values: Json = {}
    for block, element in walk(blocks):
        holding = HOLDINGS.get(element["type"])
        if holding is not None:
            start = element.get(holding.initial, [] if holding.many else None)
            values.setdefault(block["block_id"], {})[element["action_id"]] = {
                "type": element["type"],
                holding.key: start,
            }
    return values


def current_values(blocks: list[Json], touched: Json) -> Json:
    """Initial values with what was changed since; changes to elements that are gone or replaced are dropped."""
    values = initial_values(blocks)
    for block_id, actions in values.items():
        for action_id, value in actions.items():
            kept = touched.get(block_id, {}).get(action_id)
            if kept is not None and kept["type"] == value["type"]:
                actions[action_id] = kept
    return values


def read_choice(element: Json, given: Json) -> Json:
    """What a person put into an element, as it stands in `state.values`; refuses what the client does not offer."""
    kind: str = element["type"]
    holding = OVERFLOW if kind == "overflow" else HOLDINGS[kind]
    raw = given.get(holding.key)
    if holding.key in ("selected_option", "selected_options"):
        return {"type": kind, holding.key: _choose(element, raw, many=holding.many)}
    if holding.many:
        return {"type": kind, holding.key: list(raw or [])}
    if raw in ("", None):
        return {"type": kind, holding.key: None}
    if kind == "datetimepicker":
        return {"type": kind, holding.key: int(raw)}
    if kind == "rich_text_input":
        return {"type": kind, holding.key: raw}
    return {"type": kind, holding.key: str(raw)}


def _choose(element: Json, raw: object, *, many: bool) -> Json | list[Json] | None:
    if not many:
        return None if raw in (None, "") else _offered(element, raw)
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise Refused("Several options are given as a list.")
    return [_offered(element, choice) for choice in raw]


def _offered(element: Json, choice: object) -> Json:
    """The full option for an option or its bare value."""
    value = choice.get("value") if isinstance(choice, dict) else choice
    for option in offered_options(element):
        if option["value"] == value:
            return option
    offered = ", ".join(option["text"]["text"] for option in offered_options(element))
    raise Refused(f"There is no such option here; there are: {offered or 'none'}.")


def complaint_about(block: Json, value: Json) -> str | None:
    """Why Slack's client would not submit this input, in its words; None when it would."""
    element: Json = block["element"]
    content = value.get(HOLDINGS[element["type"]].key)
    if content in (None, "", []):
        return None if block.get("optional") else "Please complete this required field."
    if isinstance(content, str):
        return _complaint_about_text(element, content)
    most = element.get("max_selected_items") or element.get("max_files")
    if isinstance(content, list) and most is not None and len(content) > most:
        return f"Please choose at most {most}."
    return None


def _complaint_about_text(element: Json, content: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if element["type"] == "plain_text_input" and not least <= len(content) <= most:
        if len(content) < least:
            return f"Please enter at least {least} characters."
        return f"Please enter no more than {most} characters."
    pattern = FORMATS.get(element["type"])
    if pattern is not None and not pattern[0].fullmatch(content):
        return pattern[1]
    return _complaint_about_number(element, content) if element["type"] == "number_input" else None


def _complaint_about_number(element: Json, content: str) -> str | None:
    if not element.get("is_decimal_allowed") and "." in content:
        return "Please enter a whole number."
    if "min_value" in element and float(content) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(content) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
