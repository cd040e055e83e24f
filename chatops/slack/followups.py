"""What is said to Slack once the acknowledgement stands: open a modal, whisper an answer. Tracked, drained at stop."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from chatops.domain.errors import DeliveryError, Refused
from chatops.slack.answers import FollowUp, OpenModal, PublishHome, Reopen, Say
from chatops.slack.calls import call_slack
from chatops.slack.views import form_button

logger = logging.getLogger(__name__)
AFTER = "chatops_after"
"""The key in Bolt's context under which listeners leave their follow-ups."""
USED = "exchanged_trigger_id"
"""Slack delivered the same request twice, and the form is open already."""


class FollowUps:
    """Runs follow-ups as tasks of its own; Bolt keeps no reference to its tasks and never drains them."""

    def __init__(self, client: AsyncWebClient, new_webhook: Callable[[str], AsyncWebhookClient]) -> None:
        self._client = client
        self._new_webhook = new_webhook
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, follow_ups: list[FollowUp]) -> None:
        """Call this after the acknowledgement was written."""
        for follow_up in follow_ups:
            self.spawn(self._follow(follow_up))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def _follow(self, follow_up: FollowUp) -> None:
        try:
            match follow_up.answer:
                case OpenModal():
                    await self._open(follow_up, follow_up.answer)
                case PublishHome(view=view):
                    await call_slack(self._client.views_publish(user_id=follow_up.slack_user, view=view))
                case Say():
                    await self._whisper(follow_up, follow_up.answer)
        except DeliveryError as error:
            logger.warning("An answer did not reach %s: %s", follow_up.slack_user, error)
        except Exception:
            logger.exception("A follow-up failed for %s", follow_up.slack_user)

    async def _open(self, follow_up: FollowUp, modal: OpenModal) -> None:
        """A trigger lives three seconds and serves once: when it is gone, a button brings the form back."""
        if follow_up.trigger_id is None:
            await self._offer(follow_up, modal.reopen, late=False)
            return
        method = self._client.views_push if modal.on_top else self._client.views_open
        try:
            await call_slack(method(trigger_id=follow_up.trigger_id, view=modal.view))
        except DeliveryError as error:
            if isinstance(error, Refused) and str(error) == USED:
                return
            logger.warning("The form did not open for %s: %s", follow_up.slack_user, error)
            await self._offer(follow_up, modal.reopen, late=True)

    async def _offer(self, follow_up: FollowUp, reopen: Reopen, *, late: bool) -> None:
        text, blocks = form_button.build(action_id=reopen.action_id, value=reopen.value, typed=reopen.typed, late=late)
        await self._whisper(follow_up, Say(text=text, blocks=tuple(blocks)))

    async def _whisper(self, follow_up: FollowUp, say: Say) -> None:
        if follow_up.response_url:
            response = await self._new_webhook(follow_up.response_url).send(
                text=say.text, blocks=list(say.blocks) or None, response_type="ephemeral", replace_original=False
            )
            if response.status_code == 200:
                return
            logger.warning("Slack's response_url answered %s", response.status_code)
        if follow_up.channel:
            await call_slack(
                self._client.chat_postEphemeral(
                    channel=follow_up.channel,
                    user=follow_up.slack_user,
                    text=say.text,
                    blocks=list(say.blocks) or None,
                    thread_ts=follow_up.thread_ts,
                )
            )
            return
        await call_slack(
            self._client.chat_postMessage(channel=follow_up.slack_user, text=say.text, blocks=list(say.blocks) or None)
        )
