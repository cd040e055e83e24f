"""Customers on four networks, whom nobody stops: they ask, ask again, answer, edit, delete, quote and repost."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chatops.sandbox.social.network import Network
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.world import Social
from chatops.sandbox.wire import Refused

NETWORKS = ("x", "facebook", "mastodon", "bluesky")
EDITABLE = ("x", "facebook", "mastodon")
SPREADING = ("x", "mastodon", "bluesky")
RECENT = 200
"""People read what is new."""
SOON_SECONDS = 40.0
"""What is edited so soon is read again by the next look, whatever its network."""
QUESTIONS = (
    "Is the checkout down for you too?",
    "is the checkout down? for anyone else too??",
    "I cannot pay, the card form does not load",
    "cannot pay: the card form is not loading!",
    "When will the checkout be back?",
    "My order of yesterday has not arrived yet, where is it",
    "You have charged me twice, please give me my money back",
    "Great service as always, not.",
    "the app logs me out each time I open the basket",
    "Are my saved addresses safe?",
)
NAMES = ("Lena", "Omar", "Priya", "Jules", "Mika", "Tess", "Ravi", "Nora", "Beni", "Zoe")
DEEDS = {"ask": 62, "follow_up": 10, "answer_update": 9, "edit": 7, "delete": 5, "repost": 4, "quote": 3}


@dataclass(kw_only=True)
class Crowd:
    """Everything follows from the seed; what a network refuses is not done."""

    social: Social
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    _posts: dict[str, list[Post]] = field(default_factory=dict)
    _number: int = 0
    _people: int = 0

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._posts = {name: [] for name in NETWORKS}

    @property
    def written(self) -> int:
        """Posts with words of their own."""
        return sum(map(len, self._posts.values()))

    def act(self) -> None:
        """One deed on one network."""
        name = self._dice.choice(NETWORKS)
        deed = self._dice.choices(list(DEEDS), list(DEEDS.values()))[0]
        try:
            getattr(self, f"_{deed}")(name)
        except Refused:
            self.done[f"{deed} refused"] += 1
        else:
            self.done[deed] += 1

    def list_written(self) -> Iterator[tuple[Network, Post]]:
        """Oldest first on each network, deleted ones too."""
        for name, posts in self._posts.items():
            yield from ((self.social.networks[name], post) for post in posts)

    def list_heard(self) -> Iterator[tuple[Network, Post]]:
        """Those that still stand and are for us, by the network's own rules."""
        for network, post in self.list_written():
            # Facebook brings what stands on our page, whether or not it names us.
            if post.is_live and (network.name == "facebook" or network.mentions_us(post)):
                yield network, post

    def _say(self, name: str) -> str:
        """To us by name, where a network tells us of nothing else; a number tells each post from all others."""
        self._number += 1
        words = f"{self._dice.choice(QUESTIONS)} ({self._number})"
        network = self.social.networks[name]
        handle = f"{network.mention_sign}{network.feed.ours.handle}"
        return words if name == "facebook" else f"{handle} {words}"

    def _ask(self, name: str) -> None:
        self._write(name, self._person())

    def _person(self) -> dict[str, str]:
        self._people += 1
        return {"name": f"{self._dice.choice(NAMES)} Fox {self._people}", "handle": f"c{self._people}"}

    def _write(self, name: str, person: dict[str, str], reply_to: str | None = None, quote: str | None = None) -> None:
        customers = self.social.customers
        post = customers.post(name, self._say(name), reply_to=reply_to, quote=quote, **person)
        self._posts[name].append(post)

    def _answer_update(self, name: str) -> None:
        updates = [each for each in self.social.networks[name].feed.list_ours() if each.parent is None]
        self._write(name, self._person(), reply_to=self._dice.choice(updates).id if updates else None)

    def _follow_up(self, name: str) -> None:
        """The same person once more, below their own post or below our answer to it."""
        post = self._require(name)
        if post.parent is not None:
            raise Refused("Facebook has no more than two levels.")
        person = {"name": post.account.name, "handle": post.account.handle}
        answers = [each for each in self.social.networks[name].feed.list_replies(post) if each.account.is_ours]
        below = answers[-1] if answers and name != "facebook" else post
        self._write(name, person, reply_to=below.id)

    def _quote(self, name: str) -> None:
        self._write(name, self._person(), quote=self._require(name, SPREADING).id)

    def _repost(self, name: str) -> None:
        post, person = self._require(name, SPREADING), self._person()
        self.social.customers.repost(name, post.id, name=person["name"], handle=person["handle"])

    def _edit(self, name: str) -> None:
        post = self._require(name, EDITABLE, within_seconds=SOON_SECONDS)
        self.social.customers.edit(name, post.id, self._say(name))

    def _delete(self, name: str) -> None:
        self.social.customers.delete(name, self._require(name).id)

    def _require(self, name: str, networks: Sequence[str] = NETWORKS, *, within_seconds: float | None = None) -> Post:
        """Somebody's post that still stands; raises Refused where there is none, or the network has no such thing."""
        since = time.time() - within_seconds if within_seconds is not None else 0.0
        live = [post for post in self._posts[name][-RECENT:] if post.is_live and post.created_at >= since]
        if not live or name not in networks:
            raise Refused("There is no such post.")
        return self._dice.choice(live)
