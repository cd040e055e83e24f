"""Microsoft Teams: an Adaptive Card to a workflow that posts it. https://learn.microsoft.com/connectors/teams"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import OutletSettings
from chatops.outlets.http import Http, name_place
from chatops.outlets.json_calls import JsonApi, encode_json
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "teams"
LABEL = "Teams"
ABILITIES = Abilities(settled_by="person")
"""A workflow says only that it took the card: no id, so no thread, no edit, and nothing to look up."""
COST: Callable[[str], str] | None = None

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
MAX_CARD_BYTES = 28 * 1024
"""https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using"""
MAX_URL_BYTES = 512
"""Set aside for the button's address."""


def check_url(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_fine = False
    if not is_fine or "@" in parts.netloc or not url.get_secret_value().isprintable():
        raise ValueError("must be the address that the workflow shows, like https://….logic.azure.com/workflows/…")
    return url


class Settings(OutletSettings):
    """`[outlets.teams]` holds nothing of its own. The URL is the secret: its signature lets anyone post."""

    workflow_url: Annotated[SecretStr, AfterValidator(check_url)] = Field(
        description="https://….logic.azure.com/workflows/…/triggers/manual/paths/invoke?…"
    )
    workflow_url_env: str = "TEAMS_WORKFLOW_URL"


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    # Two workflows may stand on one host, and an approval covers which one; the fingerprint tells nothing of the URL.
    url = settings.workflow_url.get_secret_value()
    account = f"{name_place(url)} (workflow {hashlib.sha256(url.encode()).hexdigest()[:8]})"
    return OutletSpec(key=key, label=label, account=account, limits=LIMITS, abilities=ABILITIES, cost=COST)


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Teams(settings, build_spec(settings, key=key, label=label), http)


class Teams:
    """Posts each card once; where the answer is lost, a person looks into Teams."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._variable = settings.workflow_url_env
        self._api = JsonApi(http, settings.workflow_url.get_secret_value())

    async def send(self, posting: Posting) -> Sent:
        reply = await self._api.call("POST", body=build_message(posting.words, posting.page_url))
        gone = f"The workflow is gone, switched off, or has a new address. Check it in Teams, and {self._variable}."
        if reply.status == 401:
            raise NotSent(gone, needs_person=True)
        if reply.status in (403, 404, 410):
            raise Refused(gone)
        reply.require_success()
        return Sent()

    async def find(self, posting: Posting) -> Sent | None:  # noqa: ARG002 - the port's signature
        raise Uncertain("A workflow cannot be asked what it posted. Look into Teams.")

    async def check(self) -> str:
        is_encrypted = await self._api.connect()
        how = "encrypted" if is_encrypted else "not encrypted"
        return f"{self._api.place} takes connections, {how}; only a post would show whether the workflow works"


def build_message(words: str, page_url: str | None = None) -> dict[str, Any]:
    """The words as they are, one element a line: RichTextBlock, because TextBlock reads Markdown into them.

    https://adaptivecards.io/explorer/RichTextBlock.html; links do not open there, hence the button.
    """
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": _build_lines(words),
    }
    if page_url and len(page_url.encode(errors="replace")) <= MAX_URL_BYTES:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "All updates", "url": page_url}]
    # Without contentUrl some workflows refuse the card.
    return {"type": "message", "attachments": [{"contentType": CARD_TYPE, "contentUrl": None, "content": card}]}


def _build_lines(words: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    spacing = "None"
    for line in words.split("\n"):
        if line.strip():
            run = {"type": "TextRun", "text": line} | ({} if blocks else {"weight": "Bolder"})
            blocks.append({"type": "RichTextBlock", "spacing": spacing, "inlines": [run]})
        spacing = "None" if line.strip() else "Medium"
    return blocks


def count_card_bytes(words: str) -> int:
    """What the words add to the card."""
    try:
        return len(encode_json(build_message(words))) - EMPTY_CARD_BYTES
    except UnicodeEncodeError:  # half characters, which `send` refuses
        return len(words.encode("utf-8", "surrogatepass"))


EMPTY_CARD_BYTES = len(encode_json(build_message("")))
LIMITS = TextLimits(max_chars=MAX_CARD_BYTES - EMPTY_CARD_BYTES - MAX_URL_BYTES - 100, count=count_card_bytes)
"""The count is in bytes of the card; a button's frame takes less than 100 of them."""
