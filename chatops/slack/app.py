"""Build the Bolt app: authorize from the database, acknowledge after one use case, call Slack only afterwards."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from slack_bolt.async_app import AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from chatops.slack import buttons, events, shortcuts, slash, submissions
from chatops.slack.answering import Run, answer_call, answer_event, find_follow_up
from chatops.slack.answers import QUIET, Answer, CloseAll, FieldErrors, OpenModal, Replace, Say
from chatops.slack.call import Call, parse_click, parse_event, parse_shortcut, parse_slash, parse_submission
from chatops.slack.followups import AFTER
from chatops.slack.keeping import keep_typed
from chatops.slack.late import TooEarly, keep_for_later
from chatops.usecases.ports import Desk, Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackEdge:
    """What the listeners are built from. `identities`: workspace → who the bot is there, kept by `directory`."""

    desk: Desk
    client: AsyncWebClient
    bot_token: str
    identities: Mapping[str, Identity]


def build_app(edge: SlackEdge) -> AsyncApp:
    """An AsyncApp that answers each request so: parse → one use case → acknowledge.

    What comes in is verified by its transport, before anybody parses it.
    """
    app = AsyncApp(
        name="chatops",
        authorize=_authorize_from(edge),
        client=edge.client,
        request_verification_enabled=False,
        attaching_function_token_enabled=False,
    )
    app.use(Answering(edge))
    return app


class Answering(AsyncMiddleware):
    """Stands in for Bolt's listeners: it asks them one after the other, each with arguments of its own, which takes
    as long as a commit. The kind of a request and its name find ours at once."""

    def __init__(self, edge: SlackEdge) -> None:
        self._edge = edge

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 (Bolt's)
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 (Bolt's)
    ) -> BoltResponse:
        listen = find_listener(req.body)
        if listen is None:
            return await next()  # Bolt says 404: nobody listens.
        return await listen(self._edge, req.body, req.context)


Listener = Callable[[SlackEdge, dict[str, Any], AsyncBoltContext], Awaitable[BoltResponse]]


def find_listener(body: Mapping[str, Any]) -> Listener | None:
    """None: this is none of our commands, buttons, forms, shortcuts or events."""
    match body:
        case {"command": "/incident"}:
            return _answer_slash
        case {"type": "block_actions", "actions": [{"action_id": str(name)}, *_]}:
            press = buttons.find_press(name)
            return partial(_answer_click, press) if press else None
        case {"type": "view_submission", "view": {"callback_id": str(name)}}:
            submit = submissions.SUBMISSIONS.get(name)
            return partial(_answer_submission, submit) if submit else None
        case {"type": "shortcut" | "message_action", "callback_id": str(name)}:
            start = shortcuts.SHORTCUTS.get(name)
            return partial(_answer_shortcut, start) if start else None
        case {"type": "event_callback", "event": {"type": str(name)}}:
            hear = events.EVENTS.get(name)
            return partial(_answer_event, hear) if hear else None
        case _:
            return None


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


async def _answer_slash(edge: SlackEdge, body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
    call = parse_slash(edge.desk, body)
    answer = await answer_call(edge.desk, slash.run, call)
    if isinstance(answer, Say):
        return await context.ack(text=answer.text, blocks=list(answer.blocks) or None, response_type="ephemeral")
    _follow(context, call, answer)
    kept = keep_typed(answer) if isinstance(answer, OpenModal) else None
    if kept:
        return await context.ack(text=kept.text, blocks=list(kept.blocks), response_type="ephemeral")
    return await context.ack()


async def _answer_click(press: Run, edge: SlackEdge, body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
    call = parse_click(edge.desk, body)
    _follow(context, call, await answer_call(edge.desk, press, call))
    return await context.ack()


async def _answer_submission(
    submit: Run, edge: SlackEdge, body: dict[str, Any], context: AsyncBoltContext
) -> BoltResponse:
    call = parse_submission(edge.desk, body)
    match await answer_call(edge.desk, submit, call):
        case FieldErrors(errors=errors):
            return await context.ack(response_action="errors", errors=errors)
        case Replace(view=view):
            return await context.ack(response_action="update", view=view)
        case CloseAll():
            return await context.ack(response_action="clear")
        case Say(text=text):
            # A refusal that is not about a field: the form stays, so that nothing typed is lost.
            block = submissions.find_error_block(call.view, None)
            return await context.ack(response_action="errors", errors={block: text})
        case _:
            return await context.ack()


async def _answer_shortcut(
    start: Run, edge: SlackEdge, body: dict[str, Any], context: AsyncBoltContext
) -> BoltResponse:
    call = parse_shortcut(edge.desk, body)
    _follow(context, call, await answer_call(edge.desk, start, call))
    return await context.ack()


async def _answer_event(hear: Run, edge: SlackEdge, body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
    call = parse_event(edge.desk, body)
    try:
        answer = await answer_event(edge.desk, hear, call)
    except TooEarly:
        await keep_for_later(edge.desk, body)
        answer = QUIET
    _follow(context, call, answer)
    return await context.ack()
