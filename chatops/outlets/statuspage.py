"""Atlassian Statuspage: one incident there for each of ours, and its updates. https://developer.statuspage.io"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import unescape
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import NotSent, Refused
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, OutletSettings
from chatops.outlets.http import Http
from chatops.outlets.json_calls import JsonApi, Reply, find_in, list_in, require_target
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "statuspage"
LABEL = "Statuspage"
LIMITS = TextLimits(max_chars=25_000)
ABILITIES = Abilities(edit=True, thread=True, settled_by="read_back")
"""An incident's metadata holds our key, and its updates can be read.

A single update cannot be removed there, only its words: to retract is to edit.
"""
COST: Callable[[str], str] | None = None

MAX_NAME_CHARS = 255
LISTED = 20
"""An incident in doubt is minutes old: it is among the newest."""
OPEN = ("investigating", "identified", "monitoring")
CALM_DOWN = 420
"""What Statuspage answers, as well as 429, to more than 60 calls a minute."""
CALM_DOWN_PAUSE = timedelta(seconds=60)


def _check_page(page: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", page):
        raise ValueError('must be the id of the page, like "kctbh9vrtdwd"')
    return page


class Settings(OutletSettings):
    """`[outlets.statuspage]`; key and page id stand in Statuspage under API info."""

    api_key: SecretStr = Field(description="89a229ce-1a8d-4c0e-9ef0-e4a1d3c0a6b7")
    api_key_env: str = "STATUSPAGE_API_KEY"
    page_id: Annotated[str, AfterValidator(_check_page)] = Field(description='page_id = "kctbh9vrtdwd"')
    base_url: BaseUrl = "https://api.statuspage.io/v1"


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    account = f"page {settings.page_id}"
    return OutletSpec(
        key=key, label=label, account=account, limits=LIMITS, abilities=ABILITIES, form="titled", cost=COST
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Statuspage(settings, build_spec(settings, key=key, label=label), http)


class Statuspage:
    """Remote ids are INCIDENT/UPDATE. Components keep the states that people give them there."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._page_id = settings.page_id
        self._variable = settings.api_key_env
        headers = {"Authorization": f"OAuth {settings.api_key.get_secret_value()}"}
        self._api = JsonApi(http, f"{settings.base_url}/pages/{settings.page_id}", headers)

    async def send(self, posting: Posting) -> Sent:
        incident_id = _part_id(posting.earlier[-1])[0] if posting.earlier else await self._find_open_incident(posting)
        if incident_id:
            reply = await self._call("PATCH", f"/incidents/{incident_id}", {"incident": build_update(posting)})
            if reply.status != 404:
                return self._read_sent(reply, posting)
            # Somebody removed the incident there, so the update was surely not taken: it opens a new one.
        body = build_update(posting) | {"name": (posting.subject or "Incident")[:MAX_NAME_CHARS]}
        return self._read_sent(await self._call("POST", "/incidents", {"incident": body}), posting)

    async def _find_open_incident(self, posting: Posting) -> str | None:
        """Where a person confirmed an earlier update, its id is not known: the metadata tells which incident it is."""
        if posting.key.split("/")[1] == "1":
            return None
        reply = await self._call("GET", "/incidents/unresolved")
        for incident in self._read_list(reply):
            if find_in(incident.get("metadata"), "chatops", "incident") == _name_incident(posting):
                return _read_id(incident)
        return None

    async def find(self, posting: Posting) -> Sent | None:
        """By our key in the metadata, which the latest update left; else by status and words among the updates."""
        if posting.earlier:
            reply = await self._call("GET", f"/incidents/{_part_id(posting.earlier[-1])[0]}")
            if reply.status != 404:
                self._require_fine(reply)
                return self._describe(self._read_incident(reply), posting)
        reply = await self._call("GET", f"/incidents?limit={LISTED}")
        found = (self._describe(incident, posting) for incident in self._read_list(reply))
        return next((sent for sent in found if sent), None)

    async def edit(self, posting: Posting) -> Sent:
        target = require_target(posting.target)
        incident_id, update_id = _part_id(target)
        if posting.is_retraction and await self._says_already(incident_id, update_id, posting):
            return Sent(remote_id=target)
        # Subscribers were told the first time; Statuspage shows the new words without a mark. Who was told what is
        # taken back is told so.
        body = {"incident_update": {"body": posting.words, "deliver_notifications": posting.is_retraction}}
        path = f"/incidents/{incident_id}/incident_updates/{update_id}"
        reply = await self._call("PATCH", path, body, is_repeatable=True)
        if reply.status == 404:
            raise Refused("The update is no longer there.")
        self._require_fine(reply)
        return Sent(remote_id=target)

    async def _says_already(self, incident_id: str, update_id: str, posting: Posting) -> bool:
        """An answer of ours that got lost: to change it again would tell the subscribers twice."""
        reply = await self._call("GET", f"/incidents/{incident_id}")
        if reply.status == 404:
            raise Refused("The incident is no longer there.")
        self._require_fine(reply)
        updates = list_in(self._read_incident(reply).get("incident_updates"))
        said = [str(each.get("body")) for each in updates if _read_id(each) == update_id]
        return [_flatten(each) for each in said] == [_flatten(posting.words)]

    async def check(self) -> str:
        reply = await self._call("GET", "")
        self._require_fine(reply)
        if not reply.find("id"):
            raise reply.doubt()
        return f"{self._api.place} takes the key and knows page {self._page_id}; nothing was posted"

    async def _call(self, method: str, path: str, body: object = None, *, is_repeatable: bool = False) -> Reply:
        reply = await self._api.call(method, path, body=body, is_repeatable=is_repeatable or method == "GET")
        if reply.status == CALM_DOWN:
            reply = reply.with_status(429)
        if reply.status == 429 and reply.answer.retry_after is None:
            reply = reply.with_retry_after(CALM_DOWN_PAUSE.total_seconds())
        return reply

    def _require_fine(self, reply: Reply) -> None:
        if reply.status in (401, 403):
            raise NotSent(f"Statuspage does not take the key. Check {self._variable}.", needs_person=True)
        if reply.status == 404:
            raise Refused(f"Statuspage does not know page {self._page_id}. Check page_id.")
        if reply.status == 422:
            raise Refused("Statuspage does not take these words as an update.")
        reply.require_json()

    def _read_list(self, reply: Reply) -> list[dict[str, Any]]:
        self._require_fine(reply)
        if not isinstance(reply.data, list):
            raise reply.doubt()
        return list_in(reply.data)

    def _read_incident(self, reply: Reply) -> dict[str, Any]:
        if not isinstance(reply.data, dict):
            raise reply.doubt()
        return reply.data

    def _read_sent(self, reply: Reply, posting: Posting) -> Sent:
        self._require_fine(reply)
        sent = self._describe(self._read_incident(reply), posting)
        if sent is None:
            raise reply.doubt()
        return sent

    def _describe(self, incident: Mapping[str, Any], posting: Posting) -> Sent | None:
        """Our update of this incident; None where it is not there."""
        is_latest = find_in(incident, "metadata", "chatops", "key") == name_update(posting)
        if not is_latest and not _is_ours(incident, posting):
            return None
        # The same words again are another update, and known by their id.
        known = {_part_id(each)[1] for each in posting.earlier}
        updates = [each for each in list_in(incident.get("incident_updates")) if _read_id(each) not in known]
        update = next((each for each in updates if _says(each, posting)), updates[0] if is_latest and updates else None)
        if update is None or not _read_id(incident):
            return None
        link = incident.get("shortlink")
        is_link = isinstance(link, str) and re.fullmatch(r"https?://[^\s<>\"]{1,200}", link)
        return Sent(remote_id=f"{_read_id(incident)}/{_read_id(update)}", url=str(link) if is_link else None)


def build_update(posting: Posting) -> dict[str, Any]:
    """`metadata` takes objects only. Status and body make the update; without `components` they stay as they are."""
    impact = {"impact_override": posting.impact.value} if posting.impact else {}
    return {
        "status": posting.status.value,
        "body": posting.words,
        "metadata": {"chatops": {"incident": _name_incident(posting), "key": name_update(posting)}},
        **impact,
    }


def name_update(posting: Posting) -> str:
    """One delivery of exactly these words."""
    return f"{posting.key}#{posting.digest[:16]}"


def _name_incident(posting: Posting) -> str:
    return posting.key.split("/")[0]


def _is_ours(incident: Mapping[str, Any], posting: Posting) -> bool:
    """Whether our thread continues it, or it is open and carries our incident's name: another update of ours was later.

    A resolved one of that name may be older than our database.
    """
    known = {_part_id(each)[0] for each in posting.earlier}
    is_named = find_in(incident, "metadata", "chatops", "incident") == _name_incident(posting)
    return _read_id(incident) in known or (is_named and incident.get("status") in OPEN)


def _says(update: Mapping[str, Any], posting: Posting) -> bool:
    return update.get("status") == posting.status.value and _flatten(str(update.get("body"))) == _flatten(posting.words)


def _flatten(words: str) -> str:
    """The same whether or not Statuspage made HTML of the words."""
    return " ".join(unescape(re.sub(r"<(br|/?p)\b[^>]*>", " ", words)).split())


def _read_id(thing: Mapping[str, Any]) -> str:
    found = thing.get("id")
    return found if isinstance(found, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,60}", found) else ""


def _part_id(remote_id: str) -> tuple[str, str]:
    incident_id, _, update_id = remote_id.partition("/")
    if not incident_id or not update_id:
        raise Refused("The post's id is not one of Statuspage's. Please change it there.")
    return incident_id, update_id
