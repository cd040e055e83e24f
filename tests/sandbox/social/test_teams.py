"""Teams: a workflow takes a card and says 202, or says what is wrong with it."""

from typing import Any

import pytest

from chatops.sandbox.social.teams import CARD
from tests.sandbox.social.conftest import Town


def card(*body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    content = {"type": "AdaptiveCard", "version": "1.4", "body": list(body)} | changes
    return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": content}]}


TEXT = {"type": "TextBlock", "text": "We are looking.", "wrap": True}


async def test_a_card_is_taken_and_its_words_shown(town: Town) -> None:
    facts = {"type": "FactSet", "facts": [{"title": "Status", "value": "Investigating"}]}
    columns = {"type": "ColumnSet", "columns": [{"type": "Column", "items": [{"type": "TextBlock", "text": "Right"}]}]}
    got = await town.call("POST", town.social.teams_url, json=card(TEXT, facts, columns))
    assert (got.status, got.body) == (202, "")
    assert got.headers["x-ms-workflow-run-id"]
    (post,) = town.social.list_posts("teams")
    assert post.text == "We are looking.\nStatus: Investigating\nRight"


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x"},
        {"type": "message", "attachments": []},
        {"type": "message", "attachments": [{"contentType": "text/plain", "content": "x"}]},
        {"type": "message", "attachments": [{"contentType": CARD, "content": {"type": "Card"}}]},
        card(),
        card(TEXT, version=1),
        card({"text": "no type"}),
    ],
)
async def test_shapes(town: Town, body: dict[str, Any]) -> None:
    got = await town.call("POST", town.social.teams_url, json=body)
    assert (got.status, got.body["error"]["code"]) == (400, "TriggerInputSchemaMismatch")


async def test_size_signature_and_workflow(town: Town) -> None:
    big = card({"type": "TextBlock", "text": "x" * 29_000})
    url = town.social.teams_url
    assert (await town.call("POST", url, json=big)).status == 413
    for wrong, status, code in (
        (url + "x", 401, "AuthorizationFailed"),
        (url.partition("?")[0], 401, "DirectApiAuthorizationRequired"),
        (url.replace("workflows/0", "workflows/1"), 404, "WorkflowNotFound"),
        (town.at("teams", "/other"), 404, "NotFound"),
    ):
        got = await town.call("POST", wrong, json=card(TEXT))
        assert (got.status, got.body["error"]["code"]) == (status, code)


async def test_limits(town: Town) -> None:
    answers = [await town.call("POST", town.social.teams_url, json=card(TEXT)) for _ in range(5)]
    assert [each.status for each in answers] == [202] * 4 + [429]
    assert answers[-1].headers["retry-after"] == "1"
