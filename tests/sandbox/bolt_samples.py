"""Small Bolt apps as Slack's tutorials and slack_bolt's examples show them, written anew; they know of no sandbox."""

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, Respond, Say
from slack_sdk import WebClient

from chatops.sandbox.wire import Json

WELCOME_CHANNEL = "C01GENERAL"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def greeting(user: str) -> list[Json]:
    click = {"type": "button", "text": plain("Click Me"), "action_id": "button_click"}
    return [{"type": "section", "text": mrkdwn(f"Hey there <@{user}>!"), "accessory": click}]


def ticket_view() -> Json:
    """With neither block ids nor an optional part that Slack does not ask for."""
    kinds = [{"text": plain(kind), "value": kind.lower()} for kind in ("Question", "Fault")]
    place = {
        "type": "conversations_select",
        "action_id": "place",
        "default_to_current_conversation": True,
        "response_url_enabled": True,
    }
    return {
        "type": "modal",
        "callback_id": "ticket",
        "title": plain("New ticket"),
        "submit": plain("Send"),
        "blocks": [
            {"type": "section", "text": mrkdwn("*Welcome* to the desk")},
            {
                "type": "input",
                "block_id": "words",
                "label": plain("What happened?"),
                "element": {"type": "plain_text_input", "action_id": "value", "multiline": True},
            },
            {
                "type": "section",
                "block_id": "kind",
                "text": mrkdwn("Kind"),
                "accessory": {"type": "static_select", "action_id": "kind", "options": kinds},
            },
            {"type": "input", "block_id": "place", "label": plain("Tell it in"), "element": place},
        ],
    }


def home_view(user: str) -> Json:
    more = {"type": "button", "text": plain("Click me!"), "action_id": "home_button"}
    return {
        "type": "home",
        "callback_id": "home_view",
        "blocks": [
            {"type": "section", "text": mrkdwn(f"*Welcome to your _App's Home_, <@{user}>* :tada:")},
            {"type": "divider"},
            {"type": "section", "text": mrkdwn("This button won't do much for now.")},
            {"type": "actions", "elements": [more]},
        ],
    }


def note_view(words: str) -> Json:
    return {"type": "modal", "title": plain("My App"), "close": plain("Close"), "blocks": [
        {"type": "section", "text": mrkdwn(words)},
        {"type": "context", "elements": [mrkdwn("Psssst this modal was designed using Block Kit")]},
    ]}  # fmt: skip


def add_getting_started(app: App) -> None:
    """https://docs.slack.dev/tools/bolt-python/getting-started"""

    @app.message("hello")
    def message_hello(message: Json, say: Say) -> None:
        say(blocks=greeting(message["user"]), text=f"Hey there <@{message['user']}>!")

    @app.action("button_click")
    def action_button_click(body: Json, ack: Ack, say: Say) -> None:
        ack()
        say(f"<@{body['user']['id']}> clicked the button")


def add_modal(app: App) -> None:
    """https://docs.slack.dev/tools/bolt-python/concepts/view-submissions"""

    @app.command("/ticket")
    def open_modal(ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=ticket_view())

    @app.action("kind")
    def choose_kind(ack: Ack) -> None:
        ack()

    @app.view("ticket")
    def submit(ack: Ack, body: Json, view: Json, say: Say, respond: Respond) -> None:
        words = view["state"]["values"]["words"]["value"]["value"]
        if len(words) < 5:
            ack(response_action="errors", errors={"words": "The value must be longer than 5 characters"})
            return
        ack()
        kind = view["state"]["values"]["kind"]["kind"]["selected_option"]
        say(text=f"Your {kind['value'] if kind else 'ticket'} was taken", channel=body["user"]["id"])
        respond(text=f"A new ticket: {words}", response_type="in_channel")

    @app.command("/echo")
    def repeat_text(ack: Ack, respond: Respond, command: Json) -> None:
        ack()
        respond(f"{command['text']}")


def add_home_and_events(app: App) -> None:
    """https://docs.slack.dev/tools/bolt-python/concepts/app-home and .../concepts/event-listening"""

    @app.event("app_home_opened")
    def update_home_tab(client: WebClient, event: Json, logger: logging.Logger) -> None:
        client.views_publish(user_id=event["user"], view=home_view(event["user"]))

    @app.action("home_button")
    def home_button(ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        view = body["view"]
        client.views_publish(user_id=body["user"]["id"], hash=view["hash"], view=note_home("Clicked"))

    @app.event("app_mention")
    def event_test(event: Json, say: Say) -> None:
        say(text=f"Hi there, <@{event['user']}>!", thread_ts=event["ts"])

    @app.event("team_join")
    def ask_for_introduction(event: Json, say: Say) -> None:
        user_id = event["user"]["id"]
        say(text=f"Welcome to the team, <@{user_id}>! You can introduce yourself here.", channel=WELCOME_CHANNEL)


def note_home(words: str) -> Json:
    return {"type": "home", "blocks": [{"type": "section", "text": mrkdwn(words)}]}


def add_shortcuts(app: App) -> None:
    """https://docs.slack.dev/tools/bolt-python/concepts/shortcuts"""

    @app.shortcut("open_modal")
    def open_modal(ack: Ack, shortcut: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=note_view("About the *simplest* modal"))

    @app.shortcut({"callback_id": "reply_in_thread", "type": "message_action"})
    def reply(ack: Ack, shortcut: Json, client: WebClient, say: Say, context: BoltContext) -> None:
        ack()
        client.reactions_add(channel=context.channel_id, timestamp=shortcut["message_ts"], name="eyes")
        say(text="I am on it", thread_ts=shortcut["message"]["ts"])


def add_lazy(app: App, work: Callable[[], None]) -> None:
    """https://docs.slack.dev/tools/bolt-python/concepts/lazy-listeners"""

    def respond_within_3_seconds(body: Json, ack: Ack) -> None:
        if not body.get("text"):
            ack(":x: Usage: /start-process (description here)")
        else:
            ack(f"Accepted! (task: {body['text']})")

    def run_long_process(respond: Respond, body: Json) -> None:
        work()
        respond(f"Completed! (task: {body['text']})")

    app.command("/start-process")(ack=respond_within_3_seconds, lazy=[run_long_process])


def manifest(**parts: Any) -> Json:
    """What every sample's app.json has; `parts` are its own events, commands, shortcuts and scopes."""
    return {
        "display_information": {"name": "sample"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "sample", "always_online": False},
            "slash_commands": [
                {"command": command, "description": "A sample"} for command in parts.get("commands", ())
            ],
            "shortcuts": parts.get("shortcuts", []),
        },
        "oauth_config": {"scopes": {"bot": ["chat:write", *parts.get("scopes", ())]}},
        "settings": {
            "event_subscriptions": {"bot_events": parts.get("events", [])},
            "interactivity": {"is_enabled": True},
            "socket_mode_enabled": True,
        },
    }


MANIFESTS: dict[str, Json] = {
    "getting_started": manifest(scopes=["channels:history"], events=["message.channels"]),
    "modal": manifest(commands=["/ticket", "/echo"], scopes=["commands"]),
    "home_and_events": manifest(
        scopes=["app_mentions:read", "users:read"], events=["app_home_opened", "app_mention", "team_join"]
    ),
    "shortcuts": manifest(
        scopes=["commands", "reactions:write"],
        shortcuts=[
            {"name": "Open modal", "type": "global", "callback_id": "open_modal", "description": "A modal"},
            {"name": "Reply", "type": "message", "callback_id": "reply_in_thread", "description": "A reply"},
        ],
    ),
    "lazy": manifest(commands=["/start-process"], scopes=["commands"]),
}
