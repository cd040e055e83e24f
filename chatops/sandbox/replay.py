"""Replay real incidents: each update is drafted, approved and published by two of the sandbox's people.

A file holds `{"incidents": [{provider, incident_id, name, impact, created_at, resolved_at, updates: [{status, body,
created_at}]}]}` or the bare list. Maintenance is skipped; a status that is not one of ours keeps the last.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatops.sandbox.person import Person
from chatops.sandbox.public import Unseen, read_mails, read_page, squeeze, wait_for_mail
from chatops.sandbox.story import CHANNEL, Stage, wait_for_card
from chatops.sandbox.wire import Json

IMPACTS = {"none": "None", "minor": "Minor", "major": "Major", "critical": "Critical"}
STATUSES = {"investigating", "identified", "monitoring", "resolved"}
FIELDS = ("What happened", "Who is affected", "What we are doing", "What you should do")
FIELD_CHARS = 3000
TITLE_CHARS = 120
QUIET = timedelta(hours=1)
"""Where no incident is open, time is skipped down to this."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing to do at a time of the replay: open (update None) or publish."""

    at: datetime
    incident: int
    status: str = ""
    body: str | None = None


@dataclass(frozen=True, kw_only=True)
class Tale:
    """One incident of the file."""

    name: str
    impact: str
    moments: tuple[Moment, ...]


@dataclass(kw_only=True)
class Told:
    """What was published so far, to compare with what the public sees."""

    names: dict[int, str] = field(default_factory=dict)
    bodies: dict[int, list[str]] = field(default_factory=dict)
    late: timedelta = timedelta(0)


def read_tales(path: Path) -> list[Tale]:
    """Raises ValueError with a readable sentence where the file is not of this shape."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        incidents = document["incidents"] if isinstance(document, dict) else document
        kept = [each for each in incidents if each["impact"] != "maintenance" and each["updates"]]
        return [_parse_tale(number, each) for number, each in enumerate(kept)]
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a file of incidents: {error!r}") from error


def _parse_tale(number: int, incident: Json) -> Tale:
    opened = _parse_time(incident["created_at"])
    moments = [Moment(at=opened, incident=number)]
    status = "investigating"
    for update in sorted(incident["updates"], key=lambda each: str(each["created_at"])):
        status = update["status"] if update["status"] in STATUSES else status
        if update["body"].strip():
            moments.append(
                Moment(at=_parse_time(update["created_at"]), incident=number, status=status, body=update["body"])
            )
    return Tale(
        name=squeeze(incident["name"])[:TITLE_CHARS],
        impact=IMPACTS.get(incident["impact"], "Minor"),
        moments=tuple(moments),
    )


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def schedule(tales: list[Tale]) -> list[Moment]:
    """All moments in order of time; long stretches in which nothing is open are skipped."""
    moments = sorted((moment for tale in tales for moment in tale.moments), key=lambda each: each.at)
    ends = {tale.moments[0].incident: max(each.at for each in tale.moments) for tale in tales}
    shift, busy_until, planned = timedelta(0), moments[0].at if moments else datetime.now(UTC), []
    for moment in moments:
        quiet = moment.at - busy_until
        if quiet > QUIET:
            shift += quiet - QUIET
        busy_until = max(busy_until, ends[moment.incident], moment.at)
        planned.append(Moment(at=moment.at - shift, incident=moment.incident, status=moment.status, body=moment.body))
    return planned


def split_body(body: str) -> dict[str, str]:
    """Over the form's fields, each as long as Slack allows; cut at a paragraph, else at a space."""
    fields: dict[str, str] = {}
    rest = body.strip()
    for label in FIELDS:
        if not rest:
            break
        cut = len(rest)
        if cut > FIELD_CHARS:
            cut = max(rest.rfind("\n\n", 0, FIELD_CHARS), 0) or max(rest.rfind(" ", 0, FIELD_CHARS), 0) or FIELD_CHARS
        fields[label], rest = rest[:cut].strip(), rest[cut:].strip()
    if rest:
        raise ValueError(f"an update of {len(body)} characters does not fit the form")
    return fields


async def replay(stage: Stage, tales: list[Tale], *, speed: float, progress: Callable[[int, int], None]) -> Told:
    """Play all moments at `speed` times real time; raises Unseen or CannotDo where something did not happen."""
    moments, told = schedule(tales), Told()
    writer, approver = stage.person("Belle"), stage.person("Andy")
    start, began = moments[0].at, time.monotonic()
    for done, moment in enumerate(moments, start=1):
        ahead = (moment.at - start).total_seconds() / speed - (time.monotonic() - began)
        if ahead > 0:
            await asyncio.sleep(ahead)
        else:
            told.late = max(told.late, timedelta(seconds=-ahead * speed))
        tale = tales[moment.incident]
        if moment.body is None:
            told.names[moment.incident] = await _open(writer, tale)
        else:
            await _publish(stage, writer, approver, told.names[moment.incident], moment)
            told.bodies.setdefault(moment.incident, []).append(moment.body)
        progress(done, len(moments))
    return told


async def _open(writer: Person, tale: Tale) -> str:
    before = await writer.messages(CHANNEL)
    await writer.command(CHANNEL, f"/incident open {tale.name}")
    await writer.wait_for_view("Open an incident")
    await writer.fill({"Title": tale.name, "Impact": tale.impact})
    await _submit(writer)
    return await wait_for_card(writer, before)


async def _publish(stage: Stage, writer: Person, approver: Person, name: str, moment: Moment) -> None:
    body = moment.body or ""
    mails = len(await read_mails(stage.session, stage.sandbox_url))
    await writer.command(CHANNEL, f"/incident update {name}")
    await writer.wait_for_view("Draft an update")
    status = moment.status.capitalize()
    await writer.fill({"Status": status, "Next update in": "No promise", "Sign as": "", **split_body(body)})
    await _submit(writer)
    await approver.click("Approve", in_channel=CHANNEL, containing=squeeze(body)[:60])
    await _wait_for_more_mail(stage, mails, body)


async def _submit(writer: Person) -> None:
    errors = await writer.submit()
    if errors:
        raise Unseen(f"the form was refused: {errors}")


async def _wait_for_more_mail(stage: Stage, before: int, body: str) -> None:
    while len(await read_mails(stage.session, stage.sandbox_url)) <= before:
        await wait_for_mail(stage.session, stage.sandbox_url, containing=body)


async def compare(stage: Stage, told: Told) -> None:
    """Page and mail carry exactly the same words in the same order; raises Unseen where they do not."""
    mails = (await read_mails(stage.session, stage.sandbox_url))[::-1]
    for number, bodies in told.bodies.items():
        name = told.names[number]
        wanted = [squeeze(body) for body in bodies]
        _require_order(name, "page", await read_page(stage.session, f"{stage.page_url}/incidents/{name}"), wanted[::-1])
        sent = [squeeze(mail["text"]) for mail in mails if f"/incidents/{name}\n" in f"{mail['text'].strip()}\n"]
        if len(sent) != len(wanted):
            raise Unseen(f"{name}: {len(sent)} mails for {len(wanted)} updates")
        for body, text in zip(wanted, sent, strict=True):
            if body not in text:
                raise Unseen(f"{name}: the mail does not say: {body[:80]}")


def _require_order(name: str, where: str, shown: str, wanted: list[str]) -> None:
    position = 0
    for body in wanted:
        found = shown.find(body, position)
        if found < 0:
            raise Unseen(f"{name}: the {where} does not show, in its place: {body[:80]}")
        position = found + len(body)
