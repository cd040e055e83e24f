"""Block Kit checks: each limit at its edge, and the rules across blocks."""

import copy

import pytest

from chatops.sandbox.blockkit.normal import normalise_blocks
from chatops.sandbox.blockkit.surfaces import check_message_blocks, check_view
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import BUTTONS, MODAL


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(chars: int) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x" * chars}}


def header(chars: int) -> Json:
    return {"type": "header", "text": plain("x" * chars)}


def button(chars: int = 2, **more: object) -> Json:
    return {"type": "button", "text": plain("x" * chars), "action_id": "b", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def numbered(count: int) -> list[Json]:
    return [button(action_id=f"b{n}") for n in range(count)]


def menu(kind: str, count: int, chars: int = 3) -> Json:
    options = [{"text": plain("x" * chars), "value": f"v{n}"} for n in range(count)]
    return actions({"type": kind, "action_id": "m", "options": options})


def option_valued(chars: int) -> Json:
    return actions({"type": "overflow", "action_id": "m", "options": [{"text": plain("x"), "value": "v" * chars}]})


GOOD_AND_BAD: list[tuple[str, Json, Json]] = [
    ("section text 3000", section(3000), section(3001)),
    ("section text 1", section(1), section(0)),
    ("header 150", header(150), header(151)),
    ("button text 75", actions(button(75)), actions(button(76))),
    ("button value 2000", actions(button(value="v" * 2000)), actions(button(value="v" * 2001))),
    ("button style", actions(button(style="danger")), actions(button(style="loud"))),
    ("button url 3000", actions(button(url="u" * 3000)), actions(button(url="u" * 3001))),
    ("action_id 255", actions(button(action_id="a" * 255)), actions(button(action_id="a" * 256))),
    ("25 in actions", actions(*numbered(25)), actions(*numbered(26))),
    ("5 in overflow", menu("overflow", 5), menu("overflow", 6)),
    ("10 checkboxes", menu("checkboxes", 10), menu("checkboxes", 11)),
    ("100 options", menu("static_select", 100), menu("static_select", 101)),
    ("option text 75", menu("static_select", 1, 75), menu("static_select", 1, 76)),
    ("option value 75", option_valued(75), option_valued(76)),
    (
        "field 2000",
        {"type": "section", "fields": [plain("x" * 2000)]},
        {"type": "section", "fields": [plain("x" * 2001)]},
    ),
    (
        "10 fields",
        {"type": "section", "fields": [plain("x")] * 10},
        {"type": "section", "fields": [plain("x")] * 11},
    ),
    (
        "10 in context",
        {"type": "context", "elements": [plain("x")] * 10},
        {"type": "context", "elements": [plain("x")] * 11},
    ),
    ("markdown 12000", {"type": "markdown", "text": "x" * 12_000}, {"type": "markdown", "text": "x" * 12_001}),
    (
        "image alt text",
        {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"},
        {"type": "image", "image_url": "https://x.example/a.png"},
    ),
    ("block_id 255", {"type": "divider", "block_id": "b" * 255}, {"type": "divider", "block_id": "b" * 256}),
    ("known type", {"type": "divider"}, {"type": "marquee"}),
    ("known keys", {"type": "divider"}, {"type": "divider", "colour": "red"}),
    ("no nulls", {"type": "divider"}, {"type": "divider", "block_id": None}),
    (
        "section element",
        {"type": "section", "text": plain("x"), "accessory": button()},
        {"type": "section", "text": plain("x"), "accessory": {"type": "plain_text_input", "action_id": "a"}},
    ),
    (
        "20 columns",
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]},
    ),
]


@pytest.mark.parametrize(("good", "bad"), [case[1:] for case in GOOD_AND_BAD], ids=[case[0] for case in GOOD_AND_BAD])
def test_limits(good: Json, bad: Json) -> None:
    assert check_message_blocks([good]) == []
    assert check_message_blocks([bad])


def test_pointers_name_the_place() -> None:
    assert check_message_blocks([{"type": "divider"}, actions(button(76))]) == [
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]"
    ]


def test_counts_by_surface() -> None:
    assert check_message_blocks([section(1)] * 50) == []
    assert check_message_blocks([section(1)] * 51)
    home = {"type": "home", "blocks": [section(1)] * 100}
    assert check_view(home) == []
    assert check_view(home | {"blocks": [section(1)] * 101})


def test_ids_are_unique() -> None:
    assert check_message_blocks([section(1) | {"block_id": "a"}, section(2) | {"block_id": "a"}])
    assert check_message_blocks([actions(button(), button())])
    assert check_message_blocks([actions(button()), actions(button())]) == []


def test_inputs_and_alerts_stay_out_of_messages() -> None:
    field = copy.deepcopy(MODAL["blocks"][0])
    alert = {"type": "alert", "text": plain("x"), "level": "warning"}
    assert check_message_blocks([field])
    assert check_message_blocks([alert])
    assert check_view(MODAL | {"blocks": [alert]}) == []
    assert check_view({"type": "home", "blocks": [alert]})
    assert check_view({"type": "home", "blocks": [field]}) == []


def without(view: Json, key: str) -> Json:
    return {name: value for name, value in view.items() if name != key}


BAD_VIEWS: list[Json] = [
    without(MODAL, "title"),
    without(MODAL, "submit"),
    without(MODAL, "type"),
    without(MODAL, "blocks"),
    MODAL | {"title": plain("x" * 25)},
    MODAL | {"submit": plain("x" * 25)},
    MODAL | {"close": plain("x" * 25)},
    MODAL | {"private_metadata": "x" * 3001},
    MODAL | {"callback_id": "x" * 256},
    MODAL | {"type": "drawer"},
    MODAL | {"colour": "red"},
    {"type": "home", "blocks": [], "submit": plain("x")},
]


@pytest.mark.parametrize("view", BAD_VIEWS)
def test_bad_views(view: Json) -> None:
    assert check_view(view)


def test_good_views() -> None:
    assert check_view(MODAL) == []
    assert (
        check_view(MODAL | {"title": plain("x" * 24), "private_metadata": "x" * 3000, "callback_id": "x" * 255}) == []
    )


def test_two_tables_or_too_much_markdown() -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    assert check_message_blocks([table]) == []
    assert check_message_blocks([table, table])
    assert check_message_blocks([{"type": "markdown", "text": "x" * 6001}] * 2)


def test_normal_form_has_ids_and_is_stable() -> None:
    normal = normalise_blocks([*BUTTONS, {"type": "actions", "elements": [{"type": "button", "text": plain("x")}]}])
    assert all(block["block_id"] for block in normal)
    assert normal[2]["elements"][0]["action_id"]
    assert normalise_blocks(normal) == normal
    assert check_message_blocks(normal) == []
