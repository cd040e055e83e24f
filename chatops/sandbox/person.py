"""A person at the sandbox's page, for tests and the story player: reads labels, clicks, fills forms, waits."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp

from chatops.sandbox.filling import Answer, CannotFill, fill_element, goes_by
from chatops.sandbox.reading import (
    Clickable,
    choices_by_label,
    clickables,
    label_of,
    plain,
    same_label,
    text_of,
)
from chatops.sandbox.wire import Json

WAIT_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.03

Found = TypeVar("Found")


class CannotDo(Exception):
    """What the person wanted is not there; says what is."""


class Person:
    """Acts as one member over HTTP; messages are Slack's message objects with their `channel` added."""

    def __init__(self, base_url: str, name: str, session: aiohttp.ClientSession) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._session = session
        self._id: str | None = None
        self._entered: dict[str, Json] = {}
        """What was filled in but not yet sent, by view id."""

    # Looking -------------------------------------------------------------------------------------------------

    async def _get(self, path: str, **query: str) -> Json:
        async with self._session.get(f"{self._base_url}{path}", params=query) as response:
            answer: Json = await response.json()
        if response.status != 200:
            raise CannotDo(f"{self.name}: {answer.get('error', answer)}")
        return answer

    async def id(self) -> str:
        if self._id is None:
            members = (await self._get("/sandbox/state"))["members"]
            found = next((member for member in members if goes_by(member, self.name)), None)
            if found is None:
                raise CannotDo(f"nobody is called {self.name}; there are: {_names(members)}")
            self._id = str(found["id"])
        return self._id

    async def state(self) -> Json:
        return await self._get("/sandbox/state", **{"as": await self.id()})

    async def channel_id(self, channel: str) -> str:
        """By name with or without `#`, by id, or a person's name for the direct message with them."""
        state = await self.state()
        found = next((entry for entry in state["channels"] if goes_by(entry, channel)), None)
        if found is not None:
            return str(found["id"])
        member = next((entry for entry in state["members"] if goes_by(entry, channel)), None)
        if member is None:
            raise CannotDo(f"{self.name} sees no Slack channel “{channel}”, only: {_names(state['channels'])}")
        return str((await self.act("open_im", member=member["id"]))["channel"])

    async def messages(self, channel: str, thread_ts: str | None = None) -> list[Json]:
        """Oldest first; ephemeral ones for this person included."""
        channel_id = await self.channel_id(channel)
        query = {"as": await self.id(), "channel": channel_id} | ({"thread_ts": thread_ts} if thread_ts else {})
        found: list[Json] = (await self._get("/sandbox/messages", **query))["messages"]
        return [message | {"channel": channel_id} for message in found]

    async def thread(self, channel: str, ts: str) -> list[Json]:
        """The parent and its replies."""
        return await self.messages(channel, thread_ts=ts)

    async def everything(self, channel: str) -> list[Json]:
        """What stands in a Slack channel and in its threads, in the order of posting."""
        found = {message["ts"]: message for message in await self.messages(channel)}
        for parent in [message for message in found.values() if message.get("reply_count")]:
            found |= {message["ts"]: message for message in await self.messages(channel, thread_ts=parent["ts"])}
        return [found[ts] for ts in sorted(found)]

    async def view(self) -> Json | None:
        return (await self._get("/sandbox/view", **{"as": await self.id()}))["view"]  # type: ignore[no-any-return]

    async def home(self, *, open_it: bool = True) -> Json | None:
        query = {"as": await self.id()} | ({"open": "1"} if open_it else {})
        return (await self._get("/sandbox/home", **query))["view"]  # type: ignore[no-any-return]

    text_of = staticmethod(text_of)

    # Waiting -------------------------------------------------------------------------------------------------

    async def _wait(
        self, look: Callable[[], Awaitable[Found | None]], timeout_seconds: float, miss: Callable[[], Awaitable[str]]
    ) -> Found:
        end = time.monotonic() + timeout_seconds
        while (found := await look()) is None:
            if time.monotonic() > end:
                raise CannotDo(f"{self.name} waited {timeout_seconds:g} s: {await miss()}")
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return found

    async def wait_for_view(self, title: str, timeout_seconds: float = WAIT_SECONDS) -> Json:
        """The modal with this title, once it is on top."""

        async def look() -> Json | None:
            view = await self.view()
            return view if view is not None and same_label(label_of(view["title"]), title) else None

        async def miss() -> str:
            view = await self.view()
            there = f"“{label_of(view['title'])}” is open" if view else "no modal is open"
            return f"no modal “{title}”; {there}"

        return await self._wait(look, timeout_seconds, miss)

    async def wait_for_message(
        self,
        channel: str,
        *,
        containing: str = "",
        thread_ts: str | None = None,
        timeout_seconds: float = WAIT_SECONDS,
        after_ts: str = "",
    ) -> Json:
        """The newest message with these words, in the Slack channel or in any of its threads."""

        async def read() -> list[Json]:
            return await (self.everything(channel) if thread_ts is None else self.thread(channel, thread_ts))

        async def look() -> Json | None:
            fitting = [m for m in await read() if containing in text_of(m) and m["ts"] > after_ts]
            return fitting[-1] if fitting else None

        async def miss() -> str:
            return f"no message with “{containing}” in {channel}; there are:\n{_overview(await read())}"

        return await self._wait(look, timeout_seconds, miss)

    async def wait_for_home(self, containing: str, timeout_seconds: float = WAIT_SECONDS) -> Json:
        await self.home()

        async def look() -> Json | None:
            home = await self.home(open_it=False)
            return home if home is not None and containing in text_of(home) else None

        async def miss() -> str:
            home = await self.home(open_it=False)
            return f"no “{containing}” on App Home; there is:\n{text_of(home) if home else 'nothing'}"

        return await self._wait(look, timeout_seconds, miss)

    # Acting --------------------------------------------------------------------------------------------------

    async def act(self, do: str, **wish: object) -> Json:
        """One act of the page's API; raises with the text a person would see."""
        body = {"as": await self.id(), "do": do} | wish
        async with self._session.post(f"{self._base_url}/sandbox/act", json=body) as response:
            answer: Json = await response.json()
        if not answer["ok"]:
            raise CannotDo(f"{self.name} cannot {do}: {answer['error']}")
        return answer

    async def post(self, channel: str, text: str, thread_ts: str | None = None) -> str:
        """The new message's ts."""
        answer = await self.act("post", channel=await self.channel_id(channel), text=text, thread_ts=thread_ts)
        return str(answer["ts"])

    async def reply(self, channel: str, thread_ts: str, text: str) -> str:
        return await self.post(channel, text, thread_ts)

    async def command(self, channel: str, text: str) -> Json:
        """A slash command; returns when the app acknowledged it or Slack gave up waiting."""
        return await self.act("command", channel=await self.channel_id(channel), text=text)

    async def react(self, message: Json, name: str) -> None:
        await self.act("react", channel=message["channel"], ts=message["ts"], name=name)

    async def unreact(self, message: Json, name: str) -> None:
        await self.act("unreact", channel=message["channel"], ts=message["ts"], name=name)

    async def shortcut(self, name: str, message: Json | None = None) -> Json:
        """A shortcut by the name its menu shows, or by its callback id."""
        offered = (await self.state())["shortcuts"]
        kind = "global" if message is None else "message"
        found = next((s for s in offered if s["type"] == kind and name in (s["name"], s["callback_id"])), None)
        if found is None:
            raise CannotDo(f"no {kind} shortcut “{name}”; there are: {_names(offered)}")
        place = {} if message is None else {"channel": message["channel"], "ts": message["ts"]}
        return await self.act("shortcut", callback_id=found["callback_id"], **place)

    async def click(
        self,
        label: str,
        *,
        in_channel: str | None = None,
        containing: str = "",
        message: Json | None = None,
        on_home: bool = False,
        timeout_seconds: float = WAIT_SECONDS,
    ) -> Json:
        """Click this label: in this message, in the newest fitting one of a Slack channel, or in the open view."""

        async def surfaces() -> list[Json]:
            if message is not None:
                return [m for m in await self.everything(message["channel"]) if m["ts"] == message["ts"]]
            if in_channel is not None:
                return (await self.everything(in_channel))[::-1]
            shown = await (self.home(open_it=False) if on_home else self.view())
            return [shown] if shown else []

        async def look() -> tuple[Json, Clickable] | None:
            return _find_clickable([each for each in await surfaces() if containing in text_of(each)], label)

        async def miss() -> str:
            where = f" with “{containing}”" if containing else ""
            return f"nothing{where} to click “{label}” on; there is:\n{_overview(await surfaces())}"

        try:
            return await self._click(*await self._wait(look, timeout_seconds, miss))
        except CannotDo:
            # It was refreshed between the look and the click: a person would just click again.
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            return await self._click(*await self._wait(look, timeout_seconds, miss))

    async def _click(self, shown: Json, clickable: Clickable) -> Json:
        wish: Json = {"block_id": clickable.block_id, "action_id": clickable.element["action_id"]}
        if clickable.option is not None:
            many = clickable.element["type"].startswith("multi_") or clickable.element["type"] == "checkboxes"
            wish |= {"selected_options": [clickable.option]} if many else {"selected_option": clickable.option}
        if "hash" in shown:
            wish |= {"container": {"view_id": shown["id"]}, "values": self._still_there(shown)}
        else:
            wish["container"] = {"channel": shown["channel"], "ts": shown["ts"]}
        return await self.act("click", **wish)

    # Forms ---------------------------------------------------------------------------------------------------

    async def _open_view(self) -> Json:
        view = await self.view()
        if view is None:
            raise CannotDo(f"{self.name} has no modal open")
        return view

    async def fill(self, answers: dict[str, Answer]) -> None:
        """Fill the open modal by label; selects outside inputs tell the app at once, as in Slack."""
        for label, answer in answers.items():
            view = await self._open_view()
            block, element = self._labelled(view, label)
            state = await self.state()
            try:
                value = fill_element(element, answer, members=state["members"], channels=state["channels"])
            except CannotFill as error:
                raise CannotDo(f"{self.name} cannot fill “{label}”: {error}") from error
            block_id, action_id = block["block_id"], element["action_id"]
            entered = self._entered.setdefault(view["id"], {})
            if block["type"] == "input":
                entered.setdefault(block_id, {})[action_id] = value
            if block["type"] != "input" or block.get("dispatch_action"):
                place = {"container": {"view_id": view["id"]}, "block_id": block_id, "action_id": action_id}
                await self.act("click", **place, **value, values=self._still_there(view))

    def _labelled(self, view: Json, label: str) -> tuple[Json, Json]:
        choices = choices_by_label(view["blocks"])
        for known, found in choices.items():
            if same_label(known, label):
                return found
        there = ", ".join(f"“{known}”" for known in choices)
        raise CannotDo(f"the modal “{label_of(view['title'])}” has no “{label}”; it has: {there or 'no inputs'}")

    async def submit(self) -> dict[str, str]:
        """Send the open modal; gives the errors by label, empty when it was taken."""
        view = await self._open_view()
        answer = await self.act("submit", view_id=view["id"], values=self._still_there(view))
        errors: dict[str, str] = answer.get("errors") or {}
        if not errors:
            self._entered.pop(view["id"], None)
        labels = {block["block_id"]: label_of(block.get("label")) for block in view["blocks"]}
        return {labels.get(block_id, block_id): plain(text) for block_id, text in errors.items()}

    def _still_there(self, view: Json) -> Json:
        """What was entered, without inputs that an update of the view took away."""
        there = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
        entered = self._entered.get(view["id"], {})
        return {
            block_id: {
                action_id: value
                for action_id, value in actions.items()
                if there[block_id]["element"]["action_id"] == action_id
            }
            for block_id, actions in entered.items()
            if block_id in there
        }

    async def close(self, *, everything: bool = False) -> None:
        view = await self._open_view()
        await self.act("close_view", view_id=view["id"], is_cleared=everything, values=self._still_there(view))
        self._entered.pop(view["id"], None)


def _find_clickable(surfaces: list[Json], label: str) -> tuple[Json, Clickable] | None:
    for shown in surfaces:
        for clickable in clickables(shown.get("blocks") or []):
            if same_label(clickable.label, label):
                return shown, clickable
    return None


def _names(entries: list[Json]) -> str:
    return ", ".join(str(entry.get("real_name") or entry["name"]) for entry in entries)


def _overview(shown: list[Json]) -> str:
    lines = []
    for surface in shown[-12:]:
        labels = ", ".join(clickable.label for clickable in clickables(surface.get("blocks") or []))
        buttons = f"  [{labels}]" if labels else ""
        lines.append(f"  · {text_of(surface)[:160]!r}{buttons}")
    return "\n".join(lines) or "  nothing"
