"""Telegram's Bot API: our channel, its discussion group, and what people write to the bot.

https://core.telegram.org/bots/api; error texts as in https://github.com/tdlib/telegram-bot-api
"""

import json
import re
from collections.abc import Callable
from html import unescape
from itertools import count
from typing import Any, Final

from chatops.sandbox.social.allowance import Allowance
from chatops.sandbox.social.call import Answer, Call, Refusal, is_true, read_count
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

TEXT_UNITS_MOST = 4096
MESSAGES_PER_MINUTE = 20
CHANNEL_ID: Final = -1001180000001
GROUP_ID: Final = -1001180000002
FULL_CHAT: Final = {
    "accent_color_id": 0,
    "max_reaction_count": 11,
    "accepted_gift_types": {
        "unlimited_gifts": False,
        "limited_gifts": False,
        "unique_gifts": False,
        "premium_subscription": False,
        "gifts_from_channels": False,
    },
}
TOKEN = re.compile(r"\d+:[\w-]+")
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)


def make_id(at: float, number: int) -> str:
    """Messages are simply numbered; here across chats too."""
    del at
    return str(number)


def refuse(code: int, description: str, **more: Any) -> Refusal:
    headers = {"Retry-After": str(more["parameters"]["retry_after"])} if "parameters" in more else {}
    return Refusal(code, {"ok": False, "error_code": code, "description": description} | more, headers)


def bad(description: str) -> Refusal:
    return refuse(400, f"Bad Request: {description}")


class Telegram(Network):
    name = "telegram"
    label = "Telegram"
    text_chars = TEXT_UNITS_MOST
    hears_all = True

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        self._allowances: dict[int, Allowance] = {}
        self._updates: list[tuple[int, str, Post]] = []
        self._numbers = count(700_000_001)
        self.routes = [
            Route(method, "/bot{token}/{name}", self._call, has_effect=method == "POST") for method in ("POST", "GET")
        ]
        self._methods: dict[str, Callable[[Json], Any]] = {
            "getMe": self._get_me,
            "getChat": self._get_chat,
            "getUpdates": self._get_updates,
            "sendMessage": self._send,
            "editMessageText": self._edit,
            "deleteMessage": self._delete,
            "forwardMessage": self._forward,
        }
        self._by_lower = {name.lower(): method for name, method in self._methods.items()}

    def count(self, text: str) -> int:
        """UTF-16 code units."""
        return len(text.encode("utf-16-le")) // 2

    def permalink(self, post: Post) -> str:
        return f"https://t.me/{self.settings.telegram_chat_id.removeprefix('@')}/{post.id}"

    def mentions_us(self, post: Post) -> bool:
        """All that people write reaches the bot: answers in the discussion group, the rest as direct messages."""
        return not post.account.is_ours

    def customer_posted(self, post: Post) -> None:
        post.facts["chat"] = self._choose_chat(post)
        kind = "edited_message" if post.edited_at else "message"
        self._updates.append((next(self._numbers), kind, post))

    def _choose_chat(self, post: Post) -> int:
        """Channels are commented in their group; who names the bot outside of a comment does so there as well."""
        answered = post.parent.facts.get("chat", CHANNEL_ID) if post.parent is not None else None
        if answered is not None:
            return GROUP_ID if answered == CHANNEL_ID else int(answered)
        names_bot = f"@{self.feed.ours.handle}".lower() in post.text.lower()
        return GROUP_ID if names_bot else int(post.account.id)

    # Who calls, and how often

    def require_token(self, call: Call) -> None:
        token = call.names["token"]
        if not TOKEN.fullmatch(token):
            raise refuse(404, "Not Found")
        if token != self.settings.telegram_bot_token:
            raise refuse(401, "Unauthorized")

    def refuse_body(self) -> Refusal:
        return bad("can't parse JSON object")

    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal:
        del call, allowed
        return refuse(404, "Not Found")

    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal:
        del call
        parameters = {"retry_after": retry_after_seconds}
        return refuse(429, f"Too Many Requests: retry after {retry_after_seconds}", parameters=parameters)

    def refuse_internal(self) -> Refusal:
        return refuse(500, "Internal Server Error")

    def refuse_revoked(self, call: Call) -> Refusal:
        del call
        return refuse(401, "Unauthorized")

    def _require_pace(self, chat_id: int) -> None:
        """https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""
        most = MESSAGES_PER_MINUTE * self.settings.allowance_factor
        left = self._allowances.setdefault(chat_id, Allowance(most, 60, self.feed.clock)).take()
        if left.is_over:
            seconds = max(1, round(left.reset_at - self.feed.clock()))
            raise refuse(429, f"Too Many Requests: retry after {seconds}", parameters={"retry_after": seconds})

    # Methods

    def _call(self, call: Call) -> Answer:
        method = self._by_lower.get(call.names["name"].lower())
        if method is None:
            raise refuse(404, "Not Found")
        return Answer(body={"ok": True, "result": method(call.fields)})

    def _get_me(self, given: Json) -> Json:
        del given
        return self._user(self.feed.ours) | {"can_join_groups": True, "can_read_all_group_messages": True}

    def _user(self, account: Account) -> Json:
        return {
            "id": int(account.id),
            "is_bot": account.is_ours,
            "first_name": account.name,
            "username": account.handle,
        }

    def _chat_id(self, given: Json, key: str = "chat_id") -> int:
        chat = str(given.get(key, ""))
        if not chat:
            raise bad("chat_id is empty")
        if chat.lower() == self.settings.telegram_chat_id.lower():
            return CHANNEL_ID
        known = {CHANNEL_ID, GROUP_ID} | {post.facts.get("chat", CHANNEL_ID) for post in self.feed.list_all()}
        if not chat.lstrip("-").isdecimal() or int(chat) not in known:
            raise bad("chat not found")
        return int(chat)

    def _chat(self, chat_id: int) -> Json:
        if chat_id == CHANNEL_ID:
            username = self.settings.telegram_chat_id.removeprefix("@")
            return {"id": CHANNEL_ID, "title": self.settings.name, "username": username, "type": "channel"}
        if chat_id == GROUP_ID:
            return {"id": GROUP_ID, "title": f"{self.settings.name} chat", "type": "supergroup"}
        account = self.feed.find_account(str(chat_id))
        name = {"first_name": account.name, "username": account.handle} if account else {"first_name": "?"}
        return {"id": chat_id, **name, "type": "private"}

    def _get_chat(self, given: Json) -> Json:
        chat_id = self._chat_id(given)
        linked = {CHANNEL_ID: GROUP_ID, GROUP_ID: CHANNEL_ID}.get(chat_id)
        return self._chat(chat_id) | ({"linked_chat_id": linked} if linked else {}) | FULL_CHAT

    def _require_text(self, given: Json) -> str:
        text = str(given.get("text") or "")
        mode = str(given.get("parse_mode") or "").upper()
        if mode == "HTML":
            text = unescape(re.sub(r"<[^>]*>", "", text))
        elif mode:
            raise bad("the sandbox reads no parse_mode but HTML")
        if not text.strip():
            raise bad("message text is empty")
        if self.count(text) > TEXT_UNITS_MOST:
            raise bad("message is too long")
        return text.strip()

    def _send(self, given: Json) -> Json:
        chat_id, text = self._chat_id(given), self._require_text(given)
        parent = self._find_replied(given, chat_id)
        self._require_pace(chat_id)
        return self._message(self.feed.add(self.feed.ours, text, parent=parent, facts={"chat": chat_id}))

    def _find_replied(self, given: Json, chat_id: int) -> Post | None:
        reply = given.get("reply_parameters")
        if isinstance(reply, str):
            try:
                reply = json.loads(reply)
            except ValueError:
                raise bad("can't parse reply parameters JSON object") from None
        if not reply:
            return None
        if not isinstance(reply, dict):
            raise bad("object expected as reply parameters")
        parent = self.feed.find(str(reply.get("message_id")))
        # The group has a copy of each post of the channel, here under the same number.
        places = (chat_id, CHANNEL_ID) if chat_id == GROUP_ID else (chat_id,)
        if parent is not None and parent.facts.get("chat", CHANNEL_ID) not in places:
            parent = None
        if parent is None and not is_true(reply.get("allow_sending_without_reply")):
            raise bad("message to be replied not found")
        return parent

    def _find(self, given: Json, doing: str) -> Post:
        chat_id = self._chat_id(given, "from_chat_id" if doing == "forward" else "chat_id")
        post = self.feed.find(str(given.get("message_id")))
        if post is None or post.facts.get("chat") != chat_id:
            raise bad(f"message to {doing} not found")
        return post

    def _edit(self, given: Json) -> Json:
        post = self._find(given, "edit")
        text = self._require_text(given)
        if not post.account.is_ours:
            raise bad("message can't be edited")
        if text == post.text:
            raise bad(NOT_MODIFIED)
        self.feed.edit(post, text)
        return self._message(post)

    def _delete(self, given: Json) -> bool:
        self.feed.delete(self._find(given, "delete"))
        return True

    def _forward(self, given: Json) -> Json:
        """The one way for a bot to read what stands in a channel."""
        post, chat_id = self._find(given, "forward"), self._chat_id(given)
        copy = self.feed.add(self.feed.ours, post.text, facts={"chat": chat_id, "forward_of": post.id})
        chat = self._chat(post.facts["chat"])
        origin = {"type": "channel", "chat": chat, "message_id": int(post.id), "date": int(post.created_at)}
        return self._message(copy) | {"forward_origin": origin}

    def _message(self, post: Post, *, deep: bool = True) -> Json:
        chat = self._chat(post.facts.get("chat", CHANNEL_ID))
        is_channel = chat["type"] == "channel"
        message: Json = {"message_id": int(post.id), "date": int(post.created_at), "chat": chat, "text": post.text}
        message |= {"sender_chat": chat} if is_channel else {"from": self._user(post.account)}
        if post.edited_at:
            message["edit_date"] = int(post.edited_at)
        if chat["id"] == GROUP_ID and post.parent is not None:
            message["message_thread_id"] = int(post.root.id)
        if deep and post.parent is not None and post.parent.is_live:
            message["reply_to_message"] = self._replied(post.parent, chat)
        return message

    def _replied(self, parent: Post, chat: Json) -> Json:
        """In the group one answers the copy that Telegram makes there of each post of the channel."""
        message = self._message(parent, deep=False)
        if chat["id"] != GROUP_ID or message["chat"]["id"] != CHANNEL_ID:
            return message
        channel = message["chat"]
        origin = {"type": "channel", "chat": channel, "message_id": int(parent.id), "date": int(parent.created_at)}
        copied = {"chat": chat, "sender_chat": channel, "forward_origin": origin, "is_automatic_forward": True}
        return message | copied

    def _get_updates(self, given: Json) -> list[Json]:
        """At once, whatever `timeout` says; an offset forgets what is before it."""
        text = str(given.get("offset") or 0)
        offset = int(text) if text.lstrip("-").isdecimal() else 0
        if offset > 0:
            self._updates = [update for update in self._updates if update[0] >= offset]
        limit = read_count(given.get("limit"), default=100, most=100)
        wanted = given.get("allowed_updates") or []
        kinds = json.loads(wanted) if isinstance(wanted, str) else wanted
        return [
            {"update_id": number, kind: self._message(post)}
            for number, kind, post in self._updates
            if not kinds or kind in kinds
        ][:limit]
