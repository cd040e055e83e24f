"""Build the Bolt app: authorize from the database, acknowledge after one use case, call Slack only afterwards."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from chatops.slack import buttons, events, shortcuts, slash, submissions
from chatops.slack.answering import answer_call, answer_event, find_follow_up
from chatops.slack.answers import QUIET, Answer, CloseAll, FieldErrors, OpenModal, Replace, Say
from chatops.slack.call import Call, parse_click, parse_event, parse_shortcut, parse_slash, parse_submission
from chatops.slack.followups import AFTER, FollowUps
from chatops.slack.keeping import keep_typed
from chatops.slack.late import TooEarly, keep_for_later
from chatops.slack.views import picker
from chatops.usecases.ports import Desk, Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackEdge:
    """What the listeners are built from. `identities`: workspace → who the bot is there, kept by `directory`."""

    desk: Desk
    client: AsyncWebClient
    bot_token: str
    signing_secret: str | None
    identities: Mapping[str, Identity]
    follow_ups: FollowUps


def build_app(edge: SlackEdge) -> AsyncApp:
    """An AsyncApp whose every listener is: parse → one use case → acknowledge.

    One listener a kind of request: Bolt asks them one after the other, and each question costs as much as a statement.
    """
    app = AsyncApp(
        name="chatops",
        process_before_response=True,
        authorize=_authorize_from(edge),
        client=edge.client,
        signing_secret=edge.signing_secret or "",
        request_verification_enabled=edge.signing_secret is not None,
    )
    # Bolt asks one after the other whether it is meant, which takes its time: the longest ways come first.
    app.action(_any_of(*buttons.BUTTONS, rf"{picker.PREFIX}:.*"))(_click_listener(edge))
    app.view(_any_of(*submissions.SUBMISSIONS))(_submission_listener(edge))
    app.command("/incident")(_slash_listener(edge))
    app.event(_any_of(*events.EVENTS))(_event_listener(edge))
    app.shortcut(_any_of(*shortcuts.SHORTCUTS))(_shortcut_listener(edge))
    return app


def _any_of(*patterns: str) -> re.Pattern[str]:
    """Matches what is one of them from its first to its last character; Bolt answers anything else with 404."""
    return re.compile(rf"\A(?:{'|'.join(patterns)})\Z")


def _authorize_from(edge: SlackEdge) -> Callable[..., Awaitable[AuthorizeResult]]:
    async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult | None:
        # Bolt's own way calls auth.test first, which fails every request while Slack's API is down.
        identity = edge.identities.get(team_id or "")
        if identity is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=edge.bot_token,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_slack_id,
        )

    # Bolt answers None with 401, though its annotation does not say so.
    return cast(Callable[..., Awaitable[AuthorizeResult]], authorize)


def _follow(context: AsyncBoltContext, call: Call, answer: Answer) -> None:
    follow_up = find_follow_up(call, answer)
    if follow_up:
        context[AFTER].append(follow_up)


def _slash_listener(edge: SlackEdge) -> Callable[..., Awaitable[None]]:
    async def listener(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        call = parse_slash(edge.desk, body)
        answer = await answer_call(edge.desk, slash.run, call)
        if isinstance(answer, Say):
            await ack(text=answer.text, blocks=list(answer.blocks) or None, response_type="ephemeral")
            return
        kept = keep_typed(answer) if isinstance(answer, OpenModal) else None
        if kept:
            await ack(text=kept.text, blocks=list(kept.blocks), response_type="ephemeral")
        else:
            await ack()
        _follow(context, call, answer)

    return listener


def _click_listener(edge: SlackEdge) -> Callable[..., Awaitable[None]]:
    async def listener(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        call = parse_click(edge.desk, body)
        press = buttons.find_press(body["actions"][0]["action_id"])
        answer = await answer_call(edge.desk, press, call)
        await ack()
        _follow(context, call, answer)

    return listener


def _submission_listener(edge: SlackEdge) -> Callable[..., Awaitable[None]]:
    async def listener(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        call = parse_submission(edge.desk, body)
        submit = submissions.SUBMISSIONS[call.view["callback_id"]]
        answer = await answer_call(edge.desk, submit, call)
        match answer:
            case FieldErrors():
                await ack(response_action="errors", errors=answer.errors)
            case Replace():
                await ack(response_action="update", view=answer.view)
            case CloseAll():
                await ack(response_action="clear")
            case Say():
                # A refusal that is not about a field: the form stays, so that nothing typed is lost.
                await ack(
                    response_action="errors",
                    errors={submissions.find_error_block(call.view, None): answer.text},
                )
            case _:
                await ack()

    return listener


def _shortcut_listener(edge: SlackEdge) -> Callable[..., Awaitable[None]]:
    async def listener(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        call = parse_shortcut(edge.desk, body)
        answer = await answer_call(edge.desk, shortcuts.SHORTCUTS[body["callback_id"]], call)
        await ack()
        _follow(context, call, answer)

    return listener


def _event_listener(edge: SlackEdge) -> Callable[..., Awaitable[None]]:
    async def listener(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        call = parse_event(edge.desk, body)
        try:
            answer = await answer_event(edge.desk, events.EVENTS[call.message["type"]], call)
        except TooEarly:
            await keep_for_later(edge.desk, body)
            answer = QUIET
        await ack()
        _follow(context, call, answer)

    return listener
