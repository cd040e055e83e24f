"""All accounts and posts of one network, and who wants to hear of changes."""

from collections.abc import Callable
from itertools import count

from chatops.sandbox.social.posts import Account, Post, Wording
from chatops.sandbox.wire import Clock, Json

MakeId = Callable[[float, int], str]
"""From the time and a running number: ids look different on every network, and rise on all."""


class Feed:
    def __init__(self, ours: Account, make_id: MakeId, clock: Clock) -> None:
        self.ours = ours
        self.clock = clock
        self._make_id = make_id
        self._numbers = count(1)
        self._accounts: dict[str, Account] = {ours.handle.lower(): ours}
        self._posts: dict[str, Post] = {}
        self._by_version: dict[str, Post] = {}
        self._listeners: list[Callable[[Post], None]] = []

    def listen(self, listener: Callable[[Post], None]) -> None:
        self._listeners.append(listener)

    def new_id(self) -> str:
        return self._make_id(self.clock(), next(self._numbers))

    def get_account(self, handle: str, name: str, followers: int, *, account_id: str) -> Account:
        """The account of that handle, made where it is new; a known one takes the new name."""
        account = self._accounts.get(handle.lower())
        if account is None:
            account = Account(id=account_id, handle=handle, name=name, followers=followers, created_at=self.clock())
            self._accounts[handle.lower()] = account
        account.name, account.followers = name, followers
        return account

    def find_account(self, handle_or_id: str) -> Account | None:
        by_handle = self._accounts.get(handle_or_id.lower())
        return by_handle or next((each for each in self._accounts.values() if each.id == handle_or_id), None)

    def add(
        self,
        account: Account,
        text: str,
        *,
        post_id: str | None = None,
        parent: Post | None = None,
        quoted: Post | None = None,
        reposted: Post | None = None,
        facts: Json | None = None,
        prepare: Callable[[Post], None] | None = None,
    ) -> Post:
        """`prepare` completes the post before anybody hears of it."""
        now = self.clock()
        known_id = post_id or self.new_id()
        post = Post(
            id=known_id,
            account=account,
            versions=[Wording(id=known_id, text=text, at=now)],
            created_at=now,
            parent=parent,
            quoted=quoted,
            reposted=reposted,
            facts=facts or {},
        )
        self._posts[known_id] = self._by_version[known_id] = post
        if prepare is not None:
            prepare(post)
        self.tell(post)
        return post

    def edit(self, post: Post, text: str, *, version_id: str | None = None) -> None:
        post.versions.append(Wording(id=version_id or post.id, text=text, at=self.clock()))
        self._by_version[post.versions[-1].id] = post
        self.tell(post)

    def delete(self, post: Post) -> None:
        post.deleted_at = self.clock()
        self.tell(post)

    def tell(self, post: Post) -> None:
        for listener in self._listeners:
            listener(post)

    def find(self, post_id: str) -> Post | None:
        """By the id of any version; deleted ones are gone."""
        post = self._by_version.get(post_id)
        return post if post is not None and post.is_live else None

    def list_all(self) -> list[Post]:
        """Oldest first, deleted ones too."""
        return list(self._posts.values())

    def list_live(self) -> list[Post]:
        return [post for post in self._posts.values() if post.is_live]

    def list_ours(self) -> list[Post]:
        return [post for post in self.list_live() if post.account.is_ours]

    def list_replies(self, post: Post) -> list[Post]:
        return [each for each in self.list_live() if each.parent is post]
