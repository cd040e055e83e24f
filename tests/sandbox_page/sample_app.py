"""A small Slack app that uses what the page has to show: a modal, buttons, threads, whispers and a Home."""

from dataclasses import dataclass, field
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from chatops.sandbox.server import RunningSandbox

Json = dict[str, Any]

MANIFEST: Json = {
    "display_information": {"name": "sample"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "sample", "always_online": True},
        "slash_commands": [
            {
                "command": "/note",
                "description": "Write a note",
                "usage_hint": "[title] | whisper | fail",
                "should_escape": True,
            }
        ],
        "shortcuts": [
            {"name": "New note", "type": "global", "callback_id": "new_note", "description": "From anywhere"},
            {"name": "Note this", "type": "message", "callback_id": "note_this", "description": "From a message"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "channels:history", "channels:join", "channels:read", "chat:write", "commands", "im:write",
                "reactions:read", "reactions:write", "users:read",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "message.channels"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}  # fmt: skip


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str) -> Json:
    return {"text": plain(text), "value": value}


def button(text: str, action_id: str, **more: object) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": action_id, **more}


def field_block(block_id: str, label: str, element: Json, **more: object) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": "v", **element},
        **more,
    }


def note_view(title: str = "", *, extra: list[Json] | None = None) -> Json:
    kinds = [option("Plan", "plan"), option("Idea", "idea")]
    words: Json = {"type": "plain_text_input", "multiline": True, "max_length": 200}
    if title:
        words["initial_value"] = title
    return {
        "type": "modal",
        "callback_id": "note",
        "title": plain("Write a note"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": [
            {"type": "section", "text": mrkdwn("Notes are *public*.")},
            field_block("words", "Words", words),
            field_block("kind", "Kind", {"type": "static_select", "options": kinds, "initial_option": kinds[0]}),
            field_block("who", "Readers", {"type": "multi_users_select"}, optional=True),
            field_block("tags", "Tags", {"type": "checkboxes", "options": [option("Urgent", "urgent")]}, optional=True),
            {"type": "actions", "block_id": "more", "elements": [button("Add a line", "add_line")]},
            *(extra or []),
        ],
    }


def note_card(words: str, state: str) -> list[Json]:
    ask = {
        "title": plain("Really?"),
        "text": mrkdwn("This is *final*."),
        "confirm": plain("Close it"),
        "deny": plain("No"),
    }
    return [
        {"type": "header", "text": plain(f"Note: {state}")},
        {"type": "section", "text": mrkdwn(words)},
        {
            "type": "actions",
            "block_id": "card",
            "elements": [
                button("Agree", "agree", style="primary"),
                button("Close", "close_note", style="danger", confirm=ask),
            ],
        },
    ]


@dataclass
class SampleApp:
    """The app with what it has received, for tests to look at."""

    app: AsyncApp
    client: AsyncWebClient
    handler: AsyncSocketModeHandler
    values: list[Json] = field(default_factory=list)

    async def say(self, text: str, **more: Any) -> str:
        answer = await self.client.chat_postMessage(channel="C01GENERAL", text=text, **more)
        return str(answer["ts"])

    async def stop(self) -> None:
        await self.handler.client.close()  # type: ignore[no-untyped-call]


async def start_sample_app(sandbox: RunningSandbox) -> SampleApp:
    settings = sandbox.settings
    client = AsyncWebClient(token=settings.bot_token, base_url=sandbox.api_url)
    await client.conversations_join(channel="C01GENERAL")

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=sandbox.workspace.team["id"],
            bot_token=settings.bot_token,
            bot_user_id=sandbox.workspace.bot.id,
        )

    app = AsyncApp(
        client=AsyncWebClient(base_url=sandbox.api_url),
        authorize=authorize,
        signing_secret=settings.signing_secret,
        process_before_response=True,
    )
    handler = AsyncSocketModeHandler(app, settings.app_token, web_client=client)
    sample = SampleApp(app=app, client=client, handler=handler)
    _listen(sample)
    await handler.client.connect()  # type: ignore[no-untyped-call]
    return sample


def _listen(sample: SampleApp) -> None:
    app = sample.app

    @app.command("/note")
    async def open_note(ack: Any, command: Json, client: AsyncWebClient) -> None:
        if command.get("text") == "whisper":
            await ack("Only for *you*.")
            return
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=note_view(command.get("text", "")))

    @app.shortcut("new_note")
    async def new_note(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=note_view())

    @app.shortcut("note_this")
    async def note_this(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        view = note_view(shortcut["message"]["text"])
        await client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    @app.action("add_line")
    async def add_line(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        extra = [field_block("line", "Another line", {"type": "plain_text_input"}, optional=True)]
        await client.views_update(view_id=body["view"]["id"], view=note_view(extra=extra))

    @app.view("note")
    async def save(ack: Any, body: Json, view: Json, client: AsyncWebClient) -> None:
        values = view["state"]["values"]
        sample.values.append(values)
        words = values["words"]["v"]["value"]
        if "wrong" in words:
            await ack(response_action="errors", errors={"words": "These words are wrong."})
            return
        await ack()
        await client.chat_postMessage(channel="C01GENERAL", text=words, blocks=note_card(words, "open"))

    _listen_to_cards(sample)


def _listen_to_cards(sample: SampleApp) -> None:
    app = sample.app

    @app.action("agree")
    async def agree(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        ts = body["container"]["message_ts"]
        await client.chat_postMessage(channel="C01GENERAL", thread_ts=ts, text=f"<@{body['user']['id']}> agreed")

    @app.action("close_note")
    async def close_note(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        message = body["message"]
        await client.chat_update(
            channel="C01GENERAL", ts=message["ts"], text="closed", blocks=note_card("All done.", "closed")[:2]
        )

    @app.event("app_home_opened")
    async def show_home(event: Json, client: AsyncWebClient) -> None:
        blocks = [
            {"type": "header", "text": plain("Notes of yours")},
            {"type": "section", "text": mrkdwn("None *yet*.")},
        ]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.event("message")
    async def ignore_message() -> None:
        return
