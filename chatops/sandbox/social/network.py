"""What all networks share: routes, fault switches, and the way a request goes through them."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from aiohttp import web

from chatops.sandbox.social.call import Answer, BadBody, Call, Refusal, read_call
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.switches import Switches
from chatops.sandbox.wire import Json

LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Route:
    """`has_effect`: something is posted, changed or removed. `is_public`: no token is needed."""

    method: str
    pattern: str
    answer: Callable[[Call], Answer]
    has_effect: bool = False
    is_public: bool = False
    regex: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        pieces = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.pattern)
        object.__setattr__(self, "regex", re.compile(pieces))


class Network(ABC):
    """One network: its posts, its rules. A subclass names its routes and says no in its own words."""

    name: ClassVar[str]
    label: ClassVar[str]
    base_path: ClassVar[str] = ""
    """What follows /social/NETWORK in the base URL of a client."""
    takes_customers: ClassVar[bool] = True
    text_chars: ClassVar[int] = 500
    mention_sign: ClassVar[str] = "@"
    handle_pattern: ClassVar[str] = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}"
    hears_all: ClassVar[bool] = False
    """Whether we are told of all that people write there, or only where it names, answers or quotes us."""
    reply_names_author: ClassVar[bool] = False
    """Whether a person's reply begins with the handle of whom it answers, put there by the network's own app."""

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        self.settings = settings
        self.feed = feed
        self.switches = Switches()
        self.site_url = ""
        self.routes: list[Route] = []

    async def handle(self, request: web.Request, path: str) -> web.StreamResponse:
        method = request.method
        found, allowed = self._find_route(method, path)
        name, has_effect = f"{method} {path}", bool(found and found[0].has_effect)

        def strikes(fault: str) -> bool:
            return self.switches.take(fault, name, has_effect=has_effect) is not None

        if strikes("down"):
            return hang_up(request)
        if strikes("timeout"):
            return await never_answer(request)
        try:
            answer = self._run(await read_call(request, path), found, allowed, has_effect=has_effect)
        except BadBody:
            answer = self.refuse_body().answer
        except Refusal as refusal:
            answer = refusal.answer
        if answer.status < 400 and strikes("drop"):
            return hang_up(request)
        if answer.status < 400 and strikes("late"):
            return await never_answer(request)
        return answer.to_response(self.common_headers())

    def _run(
        self, call: Call, found: tuple[Route, dict[str, str]] | None, allowed: list[str], *, has_effect: bool
    ) -> Answer:
        name = f"{call.method} {call.path}"
        over = self.switches.take("429", name, has_effect=has_effect)
        if over is not None:
            raise self.refuse_pace(call, over.retry_after_seconds)
        if self.switches.take("500", name, has_effect=has_effect):
            raise self.refuse_internal()
        if found is None:
            raise self.refuse_path(call, allowed)
        route, names = found
        named = replace(call, names=names)
        if not route.is_public:
            if self.switches.take("revoked", name, has_effect=has_effect):
                raise self.refuse_revoked(named)
            self.require_token(named)
        return self.limit(named, route) or route.answer(named)

    def _find_route(self, method: str, path: str) -> tuple[tuple[Route, dict[str, str]] | None, list[str]]:
        allowed: list[str] = []
        for route in self.routes:
            match = route.regex.fullmatch(path)
            if match is None:
                continue
            if route.method == method:
                return (route, match.groupdict()), []
            allowed.append(route.method)
        return None, allowed

    # What a subclass says in its own way.

    @abstractmethod
    def require_token(self, call: Call) -> None: ...

    def limit(self, call: Call, route: Route) -> Answer | None:
        """Count the call; raise the network's refusal when it is one too many."""
        del call, route
        return None

    def common_headers(self) -> Mapping[str, str]:
        return {}

    @abstractmethod
    def refuse_body(self) -> Refusal: ...

    @abstractmethod
    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal: ...

    @abstractmethod
    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal: ...

    @abstractmethod
    def refuse_internal(self) -> Refusal: ...

    @abstractmethod
    def refuse_revoked(self, call: Call) -> Refusal: ...

    # What people and the page see.

    def count(self, text: str) -> int:
        return len(text)

    def new_account_id(self, handle: str) -> str:
        del handle
        return self.feed.new_id()

    def new_post_id(self, account: Account, parent: Post | None = None) -> str:
        del account, parent
        return self.feed.new_id()

    def remove(self, post: Post) -> None:
        self.feed.delete(post)

    def new_version_id(self) -> str | None:
        """Of an edit, where it has an id of its own."""
        return None

    def permalink(self, post: Post) -> str:
        return f"{self.site_url}/social#{self.name}/{post.id}"

    def new_repost_id(self, account: Account) -> str:
        return self.new_post_id(account)

    def mentions_us(self, post: Post) -> bool:
        """Whether we are told of it: it names us, answers us or quotes us."""
        if post.account.is_ours or post.reposted is not None:
            return False
        names = re.compile(rf"(?<![\w@]){re.escape(self.mention_sign + self.feed.ours.handle)}(?![\w-])", re.IGNORECASE)
        answered = post.parent is not None and post.parent.account.is_ours
        return answered or names.search(post.text) is not None

    def complete_handle(self, handle: str) -> str:
        return handle

    def customer_posted(self, post: Post) -> None:
        """A chance to add what the network's own app would add to a person's post."""
        del post

    def describe(self) -> Json:
        return {
            "name": self.name,
            "label": self.label,
            "takes_customers": self.takes_customers,
            "hears_all": self.hears_all,
            "text_chars": self.text_chars,
            "account": self.feed.ours.wire(),
            "facts": self.list_facts(),
        }

    def list_facts(self) -> list[str]:
        """Lines for the page, such as what it has cost so far."""
        return []


def hang_up(request: web.Request) -> web.Response:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


async def never_answer(request: web.Request) -> web.Response:
    """Until the other side gives up."""
    while request.transport is not None:  # noqa: ASYNC110 - the end of a connection is no event here
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return web.Response()
