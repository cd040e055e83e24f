"""An outlet of another package, as the bot finds it: it posts the words to the bench's own server."""

import json
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ConfigDict

from chatops.domain.errors import Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.usecases.ports import Posting, Sent

NAME = "bench_webhook"
LABEL = "Bench webhook"
LIMITS = TextLimits(max_chars=100_000)
ABILITIES = Abilities(settled_by="own_key")
COST: str | None = None


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    account = urlsplit(settings.url).netloc
    return OutletSpec(key=key, label=label, account=account, limits=LIMITS, abilities=ABILITIES, cost=COST)


def build(settings: Settings, *, key: OutletKey, label: str) -> "BenchWebhook":
    return BenchWebhook(settings.url, build_spec(settings, key=key, label=label))


class BenchWebhook:
    def __init__(self, url: str, spec: OutletSpec) -> None:
        self.spec = spec
        self._url = url

    async def send(self, posting: Posting) -> Sent:
        async with aiohttp.ClientSession() as session:
            body = json.dumps({"id": posting.key, "text": posting.words})
            async with session.post(self._url, data=body) as answer:
                await answer.read()
        return Sent(url=self._url)

    async def find(self, posting: Posting) -> Sent | None:
        raise Uncertain("A webhook cannot be read back.")

    async def check(self) -> str:
        return "it is ours"
