"""One function an event: ✅ reactions, replies in incident threads, mentions of the app, the App Home, people."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from chatops.domain.cadence import find_waiting_draft
from chatops.domain.ids import IncidentNumber, incident_stream
from chatops.domain.records import RevisionProposed
from chatops.slack import slash
from chatops.slack.answers import QUIET, Answer, PublishHome, Say
from chatops.slack.buttons import word_approval
from chatops.slack.call import APPROVE, Call
from chatops.slack.directory import parse_member
from chatops.slack.late import TooEarly
from chatops.slack.mrkdwn import read_typed
from chatops.slack.views import home
from chatops.slack.views.target import Target
from chatops.usecases import updates
from chatops.usecases.members import save_members
from chatops.usecases.ports import Reads
from chatops.usecases.reading import read_home
from chatops.usecases.reading_customers import list_boards
from chatops.usecases.recording import load_incident

Hear = Callable[[Call], Awaitable[Answer]]
TICK = "white_check_mark"
"""✅, the one reaction that approves."""
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>\s*")


async def hear_reaction_added(call: Call) -> Answer:
    target = await _find_revision(call)
    if target is None:
        return QUIET
    answer = await updates.approve(
        call.desk,
        call.command,
        target.incident,
        draft=target.draft,
        revision=target.revision,
        ticked_at=_read_moment(call),
    )
    return word_approval(answer)


async def hear_reaction_removed(call: Call) -> Answer:
    target = await _find_revision(call)
    if target is not None:
        await updates.withdraw_approval(
            call.desk,
            call.command,
            target.incident,
            draft=target.draft,
            revision=target.revision,
            ticked_at=_read_moment(call),
        )
    return QUIET


def _read_moment(call: Call) -> float | None:
    """When it happened, by Slack's clock: events may overtake each other."""
    try:
        return float(str(call.message.get("event_ts")))
    except ValueError:
        return None


async def _find_revision(call: Call) -> Target | None:
    """The revision whose card carries the reaction, if it is a ✅ on one."""
    item = call.message.get("item") or {}
    if call.message.get("reaction") != TICK or item.get("type") != "message":
        return None
    channel, ts = str(item.get("channel")), str(item.get("ts"))
    return await call.desk.store.read(lambda reads: _revision_at(reads, channel, ts))


def _revision_at(reads: Reads, channel: str, ts: str) -> Target | None:
    post = reads.find_post_by_ts(channel, ts)
    if post is None and reads.has_post_in_flight(channel):
        raise TooEarly
    if post is None or post.kind != "draft":
        return None
    records = reads.load(incident_stream(post.incident))
    data = next((each.data for each in records if each.seq == post.first_seq), None)
    if not isinstance(data, RevisionProposed):
        return None
    return Target(incident=post.incident, draft=data.draft, revision=data.revision)


async def hear_message(call: Call) -> Answer:
    """A reply in an incident thread: `approve`, or a comment on the open draft. Everything else is not ours."""
    event = call.message
    if event.get("subtype") not in (None, "thread_broadcast", "file_share") or event.get("bot_id"):
        return QUIET
    if not call.thread_ts or not call.channel or not call.command.slack_user:
        return QUIET
    channel, thread_ts = call.channel, call.thread_ts
    number = await call.desk.store.read(lambda reads: _incident_of_thread(reads, channel, thread_ts))
    if number is None or await call.desk.store.read(lambda reads: _is_for_app(reads, call)):
        return QUIET
    if APPROVE.fullmatch(call.words):
        return await _approve_by_reply(call, number)
    words = await call.desk.store.read(lambda reads: _read_words(reads, call))
    await updates.add_comment(call.desk, call.command, number, words)
    return QUIET


def _is_for_app(reads: Reads, call: Call) -> bool:
    """`@chatops …` comes as an event of its own, while `@andy …` is a comment like any other."""
    mentioned = MENTION.match(call.words)
    member = reads.find_member(call.command.workspace, mentioned[1]) if mentioned else None
    return member is not None and member.is_bot


def _read_words(reads: Reads, call: Call) -> str:
    found = (reads.find_member(call.command.workspace, slack_id) for slack_id in set(MENTION.findall(call.words)))
    return read_typed(call.words, {each.slack_id: each.name for each in found if each})


def _incident_of_thread(reads: Reads, channel: str, thread_ts: str) -> IncidentNumber | None:
    number = reads.find_incident_by_thread(channel, thread_ts)
    if number is None and reads.has_post_in_flight(channel):
        raise TooEarly
    return number


async def _approve_by_reply(call: Call, number: IncidentNumber) -> Answer:
    """Counts only when written after the card of the current revision: nobody approves words not yet shown."""
    target = await call.desk.store.read(lambda reads: _current_before(reads, number, str(call.message["ts"])))
    if target is None:
        return Say(text="There is no draft here to approve, or a newer revision came just now. Please look again.")
    answer = await updates.approve(
        call.desk, call.command, target.incident, draft=target.draft, revision=target.revision
    )
    return word_approval(answer)


def _current_before(reads: Reads, number: IncidentNumber, ts: str) -> Target | None:
    draft = find_waiting_draft(load_incident(reads, number))
    if draft is None:
        return None
    cards = [
        post
        for post in reads.list_posts(number)
        if post.kind == "draft" and post.first_seq == draft.current.seq and post.ts
    ]
    if not cards and any(post.ts is None for post in reads.list_posts(number)):
        raise TooEarly
    if not cards or float(cards[0].ts or "inf") >= float(ts):
        return None
    return Target(incident=number, draft=draft.number, revision=draft.current.number)


async def hear_app_mention(call: Call) -> Answer:
    """`@chatops update` in a thread, where slash commands cannot run."""
    words = MENTION.sub("", call.words).strip()
    return await slash.run(replace(call, words=await _with_incident(call, words)))


async def _with_incident(call: Call, words: str) -> str:
    """In an incident's thread that incident is meant."""
    if not call.thread_ts or not call.channel or "inc-" in words.lower():
        return words
    channel, thread_ts = call.channel, call.thread_ts
    number = await call.desk.store.read(lambda reads: reads.find_incident_by_thread(channel, thread_ts))
    name = words.split(" ", maxsplit=1)[0].lower() if words else ""
    return f"{words} INC-{number}" if number and name in slash.TAKING_INCIDENT else words


async def hear_home_opened(call: Call) -> Answer:
    if call.message.get("tab", "home") != "home":
        return QUIET
    snapshot = await call.desk.store.read(lambda reads: read_home(reads, call.command, call.desk.public_url))
    boards = await call.desk.store.read(lambda reads: list_boards(reads, call.desk, call.command))
    return PublishHome(view=home.build(snapshot, call.desk.clock.now(), boards, call.desk.specs))


async def hear_person(call: Call) -> Answer:
    """Somebody joined or changed: keep the members table true."""
    user = call.message.get("user")
    if isinstance(user, dict):
        workspace = call.command.workspace
        known = await call.desk.store.read(lambda reads: reads.find_member(workspace, user["id"]))
        groups = {user["id"]: known.groups} if known else {}
        await save_members(call.desk, workspace, [parse_member(user, workspace, groups)])
    return QUIET


EVENTS: dict[str, Hear] = {
    "reaction_added": hear_reaction_added,
    "reaction_removed": hear_reaction_removed,
    "message": hear_message,
    "app_mention": hear_app_mention,
    "app_home_opened": hear_home_opened,
    "team_join": hear_person,
    "user_change": hear_person,
}
