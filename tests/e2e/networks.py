"""All outlets of a town against the sandbox's stand-ins: their settings, their bad luck, and what stands there."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.switches import Switch, Switches
from chatops.sandbox.webhooks import Behaviour, Receiver
from tests.e2e.town import EMAIL, Plan, Town

HOOK = "discord.hook"
PARTNERS = "webhook.partners"
SUPPORT = "slack_channel.support"
ONCE = ("x", "facebook", "mastodon", "bluesky", "discord", "statuspage", SUPPORT)
"""A stand-in can be asked, or knows our own key: each update stands there once, whatever happens."""
AT_MOST_ONCE = ("telegram", "teams", HOOK)
"""Nothing can be asked there: what is in doubt, a person looks at."""
CHANCES = {"429": 0.07, "500": 0.08, "down": 0.05, "drop": 0.1}
"""One call in five fails; of those that have an effect one in ten loses its answer."""
TABLES = """
[outlets.x]
base_url = "{sandbox}/social/x"
listen_every_seconds = 2
link = "first"
[outlets.facebook]
base_url = "{sandbox}/social/facebook"
listen_every_seconds = 2
page_id = "100200300400500"
[outlets.mastodon]
base_url = "{sandbox}/social/mastodon"
listen_every_seconds = 2
[outlets.bluesky]
base_url = "{sandbox}/social/bluesky"
listen_every_seconds = 2
handle = "acme.example"
[outlets.telegram]
base_url = "{sandbox}/social/telegram"
listen_every_seconds = 2
chat_id = "@acme_status"
[outlets.discord]
base_url = "{sandbox}/social/discord/api/v10"
listen_every_seconds = 2
channel_id = "1180000000000000001"
[outlets.discord.hook]
[outlets.teams]
[outlets.statuspage]
base_url = "{sandbox}/social/statuspage/v1"
page_id = "kctbh9vrtdwd"
[outlets.slack_channel.support]
channel = "support"
[outlets.webhook.partners]
url = "{sandbox}/webhooks/partners"
allow_private = true
"""
OUTLETS = f"{EMAIL}{TABLES}"


def build_plan(speed: float) -> Plan:
    """Incident time begins now: networks forget keys and search their posts by their own, real time."""
    cadence = "[policy.cadence]\nnone = 1000\nminor = 1000\nmajor = 1000\ncritical = 1000\n"
    return Plan(policy=cadence, outlets=OUTLETS, speed=speed, starts_at=datetime.now(UTC), allowance_factor=1000)


def list_secrets(sandbox: RunningSandbox) -> dict[str, str]:
    """What the environment of a bot with all these outlets holds besides Slack's own."""
    hook = {"DISCORD_WEBHOOK_URL_HOOK": sandbox.social.discord_webhook_url}
    return {**sandbox.social.list_secrets(), **hook}


class Luck(Switches):
    """Each fault strikes by chance; a killer's own switch, set for one call, always does."""

    def __init__(self, seed: int, chances: Mapping[str, float]) -> None:
        super().__init__()
        self.chances = dict(chances)
        self._dice = random.Random(seed)
        self.struck: dict[str, int] = {}

    def take(self, name: str, call: str, *, has_effect: bool) -> Switch | None:
        chosen = super().take(name, call, has_effect=has_effect)
        if chosen is None and (has_effect or name != "drop") and self._dice.random() < self.chances.get(name, 0):
            chosen = Switch()
        if chosen is not None:
            self.struck[name] = self.struck.get(name, 0) + 1
        return chosen


@dataclass(slots=True)
class UnluckyPartner(Receiver):
    """Takes webhooks, fails one in five, and loses one answer in ten."""

    dice: random.Random = field(default_factory=random.Random)
    is_calm: bool = False

    def take_behaviour(self) -> Behaviour:
        kinds = ["take"] * 14 + ["drop", "drop", "429", "500", "500", "503"]
        return Behaviour(kind="take" if self.is_calm else self.dice.choice(kinds))


@dataclass(slots=True)
class Networks:
    """The town's stand-ins, unlucky until `calm_down`."""

    town: Town
    seed: int
    luck: dict[str, Luck] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.town.environ |= list_secrets(self.town.sandbox)

    def spoil(self) -> None:
        for number, (name, network) in enumerate(self.town.sandbox.social.networks.items()):
            network.switches = self.luck[name] = Luck(self.seed * 100 + number, CHANCES)
        receivers = self.town.sandbox.webhooks._receivers
        receivers["partners"] = UnluckyPartner(dice=random.Random(self.seed))

    def calm_down(self) -> None:
        for luck in self.luck.values():
            luck.chances.clear()
            luck.clear()
        partner = self.town.sandbox.webhooks.get_receiver("partners")
        assert isinstance(partner, UnluckyPartner)
        partner.is_calm = True

    def count_struck(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for name, number in chain.from_iterable(luck.struck.items() for luck in self.luck.values()):
            counts[name] = counts.get(name, 0) + number
        return counts

    def list_texts(self, outlet: str) -> list[str]:
        """What stands there by our hand, oldest first."""
        if outlet == SUPPORT:
            return self._list_support()
        if outlet == PARTNERS:
            return self._list_webhooks()
        posts = self.town.sandbox.social.get_network(outlet.partition(".")[0]).feed.list_live()
        return [post.text for post in posts if _is_of(post, outlet)]

    def _list_support(self) -> list[str]:
        workspace = self.town.sandbox.workspace
        channel = next(each for each in workspace.channels.values() if each.name == "support")
        messages = sorted(channel.messages.values(), key=lambda each: each.ts)
        return [each.text for each in messages if each.member_id == workspace.bot.id and not each.is_ephemeral]

    def _list_webhooks(self) -> list[str]:
        """A partner keeps what it took, and what it took again under a known id it drops."""
        bodies: dict[str, str] = {}
        for each in self.town.sandbox.webhooks.arrivals:
            assert each.is_verified, f"{each.webhook_id} is not signed as it should be"
            before = bodies.setdefault(each.webhook_id, each.body)
            assert before == each.body, f"{each.webhook_id} came again with other words"
        return list(bodies.values())


def _is_of(post: Post, outlet: str) -> bool:
    """A bot's and a webhook's messages stand in one Discord channel; on a Statuspage updates are what was posted."""
    if not post.account.is_ours or (outlet == "statuspage" and post.parent is None):
        return False
    return bool(post.facts.get("webhook")) == (outlet == HOOK)
