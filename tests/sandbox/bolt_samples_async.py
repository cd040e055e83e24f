"""The same sample apps for AsyncApp, as slack_bolt's examples/async_app*.py have them."""

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient

from chatops.sandbox.wire import Json
from tests.sandbox.bolt_samples import WELCOME_CHANNEL, greeting, home_view, note_home, note_view, ticket_view


def add_getting_started(app: AsyncApp) -> None:
    @app.message("hello")
    async def message_hello(message: Json, say: AsyncSay) -> None:
        await say(blocks=greeting(message["user"]), text=f"Hey there <@{message['user']}>!")

    @app.action("button_click")
    async def action_button_click(body: Json, ack: AsyncAck, say: AsyncSay) -> None:
        await ack()
        await say(f"<@{body['user']['id']}> clicked the button")


def add_modal(app: AsyncApp) -> None:
    @app.command("/ticket")
    async def open_modal(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=ticket_view())

    @app.action("kind")
    async def choose_kind(ack: AsyncAck) -> None:
        await ack()

    @app.view("ticket")
    async def submit(ack: AsyncAck, body: Json, view: Json, say: AsyncSay, respond: AsyncRespond) -> None:
        words = view["state"]["values"]["words"]["value"]["value"]
        if len(words) < 5:
            await ack(response_action="errors", errors={"words": "The value must be longer than 5 characters"})
            return
        await ack()
        kind = view["state"]["values"]["kind"]["kind"]["selected_option"]
        await say(text=f"Your {kind['value'] if kind else 'ticket'} was taken", channel=body["user"]["id"])
        await respond(text=f"A new ticket: {words}", response_type="in_channel")

    @app.command("/echo")
    async def repeat_text(ack: AsyncAck, respond: AsyncRespond, command: Json) -> None:
        await ack()
        await respond(f"{command['text']}")


def add_home_and_events(app: AsyncApp) -> None:
    @app.event("app_home_opened")
    async def update_home_tab(client: AsyncWebClient, event: Json) -> None:
        await client.views_publish(user_id=event["user"], view=home_view(event["user"]))

    @app.action("home_button")
    async def home_button(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view = body["view"]
        await client.views_publish(user_id=body["user"]["id"], hash=view["hash"], view=note_home("Clicked"))

    @app.event("app_mention")
    async def event_test(event: Json, say: AsyncSay) -> None:
        await say(text=f"Hi there, <@{event['user']}>!", thread_ts=event["ts"])

    @app.event("team_join")
    async def ask_for_introduction(event: Json, say: AsyncSay) -> None:
        user_id = event["user"]["id"]
        await say(text=f"Welcome to the team, <@{user_id}>! You can introduce yourself here.", channel=WELCOME_CHANNEL)


def add_shortcuts(app: AsyncApp) -> None:
    @app.shortcut("open_modal")
    async def open_modal(ack: AsyncAck, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=note_view("About the *simplest* modal"))

    @app.shortcut({"callback_id": "reply_in_thread", "type": "message_action"})
    async def reply(
        ack: AsyncAck, shortcut: Json, client: AsyncWebClient, say: AsyncSay, context: AsyncBoltContext
    ) -> None:
        await ack()
        await client.reactions_add(channel=context.channel_id, timestamp=shortcut["message_ts"], name="eyes")
        await say(text="I am on it", thread_ts=shortcut["message"]["ts"])


def add_lazy(app: AsyncApp, work: Callable[[], Awaitable[object]]) -> None:
    async def respond_within_3_seconds(body: Json, ack: AsyncAck) -> None:
        if not body.get("text"):
            await ack(":x: Usage: /start-process (description here)")
        else:
            await ack(f"Accepted! (task: {body['text']})")

    async def run_long_process(respond: AsyncRespond, body: Json) -> None:
        await work()
        await respond(f"Completed! (task: {body['text']})")

    app.command("/start-process")(ack=respond_within_3_seconds, lazy=[run_long_process])
