"""Slash commands and shortcuts: a person starts something, and the app answers at once or fails visibly."""

from chatops.sandbox.answers import give, problem_with, tell_privately
from chatops.sandbox.applink import Acknowledgement, Delivery
from chatops.sandbox.changes import Noticed
from chatops.sandbox.channels import Channel
from chatops.sandbox.members import Member
from chatops.sandbox.parts import Parts
from chatops.sandbox.typed_text import escape, to_mrkdwn
from chatops.sandbox.wire import Json, Refused

TROUBLE = "We had some trouble connecting. Try again?"


def failure_code(acknowledgement: Acknowledgement) -> str:
    """The error Slack names to the person."""
    if acknowledgement.outcome == "http_timeout":
        return "operation_timeout"
    if acknowledgement.outcome == "connection_failed" or acknowledgement.status is None:
        return "dispatch_failed"
    return "http_client_error" if acknowledgement.status < 500 else "http_service_error"


async def run_command(parts: Parts, me: Member, channel: Channel, typed: str) -> Json:
    """Send `/command words` to the app and show what it answers."""
    name, _, words = typed.strip().partition(" ")
    command = parts.manifest.find_command(name)
    if command is None:
        raise Refused(f"{name} is not a valid command. In Slack, all messages that start with “/” are commands.")
    words = words.strip()
    text = to_mrkdwn(words, parts.workspace.find_mention, with_names=True) if command.should_escape else escape(words)
    payload = parts.payloads.command(
        me,
        channel,
        name,
        text,
        trigger_id=parts.triggers.issue(me.id, channel.id),
        response_url=parts.response_urls.issue(channel.id, me.id),
    )
    acknowledgement = await parts.link.deliver(Delivery(kind="slash_commands", payload=dict(payload)))
    if not acknowledgement.ok:
        code = failure_code(acknowledgement)
        tell_privately(parts, channel, me.id, f'{name} failed with the error "{code}"')
        return {"app": code}
    _show_answer(parts, me, channel, name, acknowledgement)
    return {"app": "ok"}


def _show_answer(parts: Parts, me: Member, channel: Channel, name: str, acknowledgement: Acknowledgement) -> None:
    answer = acknowledgement.body or ({"text": acknowledgement.text} if acknowledgement.text.strip() else {})
    if not set(answer) & {"text", "blocks", "attachments"}:
        return
    problem = problem_with(parts, answer, name)
    if problem is not None:
        tell_privately(parts, channel, me.id, f'{name} failed with the error "{problem}"')
        return
    give(parts, answer, channel=channel, member_id=me.id, original_ts=None)


async def run_shortcut(
    parts: Parts, me: Member, callback_id: str, channel: Channel | None, message_ts: str | None
) -> Json:
    """A global shortcut, or one on a message."""
    shortcut = parts.manifest.find_shortcut(callback_id)
    if shortcut is None or (shortcut.type == "message") != (message_ts is not None):
        raise Refused(f"There is no such shortcut: {callback_id}")
    trigger_id = parts.triggers.issue(me.id, channel.id if channel else None)
    if shortcut.type == "global" or channel is None or message_ts is None:
        payload = parts.payloads.shortcut(me, callback_id, trigger_id=trigger_id)
    else:
        message = channel.find(message_ts)
        if message is None:
            raise Refused("That message is gone.")
        response_url = parts.response_urls.issue(channel.id, me.id, message_ts)
        payload = parts.payloads.message_shortcut(
            me, channel, message, callback_id, trigger_id=trigger_id, response_url=response_url
        )
    return await deliver_interaction(parts, me, payload)


async def deliver_interaction(parts: Parts, me: Member, payload: Json) -> Json:
    """Send an interaction whose acknowledgement says nothing; tell the person when it failed."""
    acknowledgement = await parts.link.deliver(Delivery(kind="interactive", payload=payload))
    if acknowledgement.ok:
        if acknowledgement.body or acknowledgement.text.strip():
            parts.violations.add("bad_ack", str(payload["type"]), "the acknowledgement must be empty here")
        return {"app": "ok"}
    code = failure_code(acknowledgement)
    parts.workspace.tell(Noticed(me.id, f"{TROUBLE} ({code})"))
    return {"app": code}
