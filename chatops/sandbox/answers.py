"""Answers to where a person acted: the body of a command's acknowledgement, or what came to a response URL."""

from chatops.sandbox.blockkit.normal import normalise_blocks
from chatops.sandbox.blockkit.surfaces import check_message_blocks
from chatops.sandbox.channels import Channel
from chatops.sandbox.messages import Message
from chatops.sandbox.parts import Parts
from chatops.sandbox.response_urls import ResponseUrl
from chatops.sandbox.wire import Json

# https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
KNOWN_FIELDS = {
    "text",
    "blocks",
    "attachments",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "mrkdwn",
    "unfurl_links",
    "unfurl_media",
    "metadata",
    "link_names",
    "parse",
}


def problem_with(parts: Parts, answer: Json, where: str) -> str | None:
    """Slack's error code for an answer it would not post; noted as a violation."""
    unknown = sorted(set(answer) - KNOWN_FIELDS)
    if unknown:
        parts.violations.add("invalid_arguments", where, f"unknown fields: {', '.join(unknown)}")
        return "invalid_payload"
    if answer.get("delete_original"):
        return None
    objections = check_message_blocks(answer.get("blocks") or [])
    if objections:
        parts.violations.add("invalid_blocks", where, "; ".join(objections))
        return "invalid_blocks"
    if not answer.get("text") and not answer.get("blocks") and not answer.get("attachments"):
        parts.violations.add("invalid_arguments", where, "no text")
        return "no_text"
    return None


def give(parts: Parts, answer: Json, *, channel: Channel, member_id: str, original_ts: str | None) -> None:
    """Post, replace or delete, for everyone in the Slack channel or for the person alone."""
    original = channel.find(original_ts, seen_by=member_id) if original_ts is not None else None
    if answer.get("delete_original"):
        if original is not None:
            parts.workspace.delete(channel, original)
        return
    blocks = normalise_blocks(answer.get("blocks") or [])
    if answer.get("replace_original") and original is not None:
        parts.workspace.edit(channel, original, lambda message: _rewrite(message, answer, blocks))
        return
    parts.workspace.post(
        channel,
        Message(
            ts="",
            member_id=parts.workspace.bot.id,
            text=answer.get("text", ""),
            blocks=blocks,
            thread_ts=answer.get("thread_ts") or (original.thread_ts if original else None),
            by_app=True,
            metadata=answer.get("metadata"),
            seen_only_by=None if answer.get("response_type") == "in_channel" else member_id,
        ),
    )


def _rewrite(message: Message, answer: Json, blocks: list[Json]) -> None:
    message.text = answer.get("text", "")
    message.blocks = blocks
    message.inputs.clear()


def give_by_url(parts: Parts, url: ResponseUrl, answer: Json) -> str | None:
    """Use a response URL once; gives Slack's error code when the answer is not taken."""
    problem = problem_with(parts, answer, "response_url")
    if problem is not None:
        return problem
    url.uses += 1
    channel = parts.workspace.channels[url.channel_id]
    give(parts, answer, channel=channel, member_id=url.member_id, original_ts=url.message_ts)
    return None


def tell_privately(parts: Parts, channel: Channel, member_id: str, text: str) -> None:
    """What Slackbot tells one person, such as a command that failed."""
    slackbot = Message(ts="", member_id="USLACKBOT", text=text, seen_only_by=member_id)
    parts.workspace.post(channel, slackbot)
