"""All networks of a sandbox together: what tests and the demo hold as `RunningSandbox.social`."""

from dataclasses import dataclass

from chatops.sandbox.social import bluesky, discord, facebook, mastodon, statuspage, telegram, x
from chatops.sandbox.social.bluesky import Bluesky
from chatops.sandbox.social.bluesky_records import make_tid
from chatops.sandbox.social.customers import Customers
from chatops.sandbox.social.discord import Discord
from chatops.sandbox.social.facebook import Facebook
from chatops.sandbox.social.feed import Feed, MakeId
from chatops.sandbox.social.mastodon import Mastodon
from chatops.sandbox.social.network import Network
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.statuspage import Statuspage
from chatops.sandbox.social.switches import Switch
from chatops.sandbox.social.teams import Teams
from chatops.sandbox.social.telegram import Telegram
from chatops.sandbox.social.x import X
from chatops.sandbox.wire import Clock, Json, Refused

FOLLOWERS = 48_200


@dataclass(frozen=True, slots=True)
class _Openings:
    """How our account is made on each network."""

    settings: SocialSettings
    clock: Clock

    def feed(self, account_id: str, make_id: MakeId, *, handle: str | None = None) -> Feed:
        ours = Account(
            id=account_id,
            handle=handle or self.settings.handle,
            name=self.settings.name,
            followers=FOLLOWERS,
            is_ours=True,
            created_at=self.clock(),
        )
        return Feed(ours, make_id, self.clock)


class Social:
    """`x`, `mastodon` and the others by name; `customers` acts as anybody else."""

    def __init__(self, settings: SocialSettings, clock: Clock) -> None:
        opening = _Openings(settings, clock)
        self.settings = settings
        self.x = X(settings, opening.feed("1180000000000000001", x.make_id))
        self.facebook = Facebook(settings, opening.feed(settings.facebook_page_id, facebook.make_id))
        self.mastodon = Mastodon(settings, opening.feed("109000000000000001", mastodon.make_id))
        handle = settings.bluesky_handle
        did = bluesky.make_did(handle)
        self.bluesky = Bluesky(settings, opening.feed(did, make_tid, handle=handle))
        bot_id = settings.telegram_bot_token.partition(":")[0]
        self.telegram = Telegram(settings, opening.feed(bot_id, telegram.make_id, handle="acme_status_bot"))
        self.discord = Discord(settings, opening.feed("1180000000000000003", discord.make_id))
        self.teams = Teams(settings, opening.feed("teams", statuspage.make_id))
        page_id = settings.statuspage_page_id
        self.statuspage = Statuspage(settings, opening.feed(page_id, statuspage.make_id))
        listed: list[Network] = [self.x, self.facebook, self.mastodon, self.bluesky, self.telegram, self.discord]
        listed += [self.teams, self.statuspage]
        self.networks: dict[str, Network] = {network.name: network for network in listed}
        self.customers = Customers(self.networks)
        self._site_url = ""

    def set_site_url(self, site_url: str) -> None:
        """Known once the server listens."""
        self._site_url = site_url
        for network in self.networks.values():
            network.site_url = site_url

    async def stop(self) -> None:
        """End what is still under way."""
        await self.facebook.hook.stop()

    def get_network(self, name: str) -> Network:
        network = self.networks.get(name)
        if network is None:
            raise Refused(f"There is no network “{name}”; there are: {', '.join(self.networks)}.")
        return network

    def list_posts(self, name: str) -> list[Post]:
        """Oldest first, deleted ones too."""
        return self.get_network(name).feed.list_all()

    def list_base_urls(self) -> dict[str, str]:
        """What a client takes as `base_url`, by network."""
        return {name: f"{self._site_url}/social/{name}{network.base_path}" for name, network in self.networks.items()}

    @property
    def teams_url(self) -> str:
        return self.list_base_urls()["teams"] + self.teams.workflow_path

    @property
    def discord_webhook_url(self) -> str:
        hook = f"/webhooks/{self.settings.discord_webhook_id}/{self.settings.discord_webhook_token}"
        return self.list_base_urls()["discord"] + hook

    def list_secrets(self) -> dict[str, str]:
        """Environment variables under which an app that publishes here expects its tokens."""
        settings = self.settings
        return {
            "X_CONSUMER_KEY": settings.x_consumer_key,
            "X_CONSUMER_SECRET": settings.x_consumer_secret,
            "X_ACCESS_TOKEN": settings.x_access_token,
            "X_ACCESS_SECRET": settings.x_access_secret,
            "FACEBOOK_PAGE_TOKEN": settings.facebook_page_token,
            "FACEBOOK_APP_SECRET": settings.facebook_app_secret,
            "MASTODON_TOKEN": settings.mastodon_token,
            "BLUESKY_APP_PASSWORD": settings.bluesky_app_password,
            "TELEGRAM_BOT_TOKEN": settings.telegram_bot_token,
            "DISCORD_BOT_TOKEN": settings.discord_bot_token,
            "TEAMS_WORKFLOW_URL": self.teams_url,
            "STATUSPAGE_API_KEY": settings.statuspage_api_key,
        }

    def list_outlet_settings(self) -> dict[str, dict[str, str]]:
        """What is no secret, by network: addresses and the ids of our accounts."""
        settings, urls = self.settings, self.list_base_urls()
        ids = {
            "facebook": {"page_id": settings.facebook_page_id},
            "bluesky": {"handle": settings.bluesky_handle},
            "telegram": {"chat_id": settings.telegram_chat_id},
            "discord": {"channel_id": settings.discord_channel_id},
            "statuspage": {"page_id": settings.statuspage_page_id},
        }
        return {name: {"base_url": url, **ids.get(name, {})} for name, url in urls.items() if name != "teams"}

    def set_fault(self, wish: Json) -> Json:
        """The act `fault` with a `network`: one by name, or `*` for all; `name` is a switch or `clear`."""
        name = str(wish.get("name", ""))
        wanted = str(wish.get("network"))
        for network in self.networks.values() if wanted == "*" else [self.get_network(wanted)]:
            if name in ("clear", "none"):
                network.switches.clear()
            elif wish.get("on", True):
                network.switches.switch_on(name, _read_switch(wish))
            else:
                network.switches.switch_off(name)
        return {"social_faults": self.wire_faults()}

    def wire_faults(self) -> Json:
        return {name: network.switches.wire() for name, network in self.networks.items()}

    def wire(self) -> Json:
        """All networks for the page."""
        return {
            "networks": [network.describe() | {"faults": network.switches.wire()} for network in self.networks.values()]
        }

    def wire_post(self, network: Network, post: Post) -> Json:
        mentions_us = network.mentions_us(post)
        return post.wire(network.permalink(post)) | {"mentions_us": mentions_us, "kind": post.facts.get("status")}


def _read_switch(wish: Json) -> Switch:
    count = wish.get("count")
    return Switch(
        call=str(wish.get("method") or "*"),
        remaining=int(count) if count else None,
        retry_after_seconds=int(wish.get("retry_after") or 1),
    )
