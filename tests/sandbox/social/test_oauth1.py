"""Signatures: the published example, another library's, and what a wrong one gets."""

import pytest

from chatops.sandbox.social.oauth1 import BadSignature, Keys, parse_header, sign
from tests.sandbox.social.conftest import Town

UNAUTHORIZED = {"detail": "Unauthorized", "type": "about:blank", "title": "Unauthorized", "status": 401}


def test_the_published_example() -> None:
    """https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/creating-a-signature"""
    keys = Keys(
        consumer_key="xvz1evFS4wEEPTGEFPHBog",
        consumer_secret="kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        access_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        access_secret="LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    header = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1318622958",
        "oauth_token": keys.access_token,
        "oauth_version": "1.0",
    }
    form = {"status": "Hello Ladies + Gentlemen, a signed OAuth request!", "include_entities": "true"}
    url = "https://api.twitter.com/1.1/statuses/update.json"
    assert sign(keys, "POST", url, header, form) == "hCtSmYh+iHYCEqBWrE7C7hYmtUk="


async def test_oauthlib_signs_alike(town: Town) -> None:
    oauthlib = pytest.importorskip("oauthlib.oauth1")
    settings = town.social.settings
    client = oauthlib.Client(
        settings.x_consumer_key, settings.x_consumer_secret, settings.x_access_token, settings.x_access_secret
    )
    url = town.at("x", f"/2/users/{town.social.x.feed.ours.id}/tweets?tweet.fields=created_at%2Centities&max_results=5")
    signed_url, headers, _ = client.sign(url)
    from yarl import URL  # noqa: PLC0415 - as sent, byte by byte

    got = await town.call("GET", URL(signed_url, encoded=True), headers=headers)  # type: ignore[arg-type]
    assert got.status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "1318622958"},
        {"timestamp": "soon"},
        {"nonce": ""},
        {"consumer_key": "another"},
        {"token": "another"},
        {"signature_method": "PLAINTEXT"},
        {"version": "2.0"},
    ],
)
async def test_what_is_not_taken(town: Town, changes: dict[str, str]) -> None:
    url = town.at("x", "/2/users/me")
    got = await town.call("GET", url, headers=town.sign_x("GET", url, **changes))
    assert (got.status, got.body) == (401, UNAUTHORIZED)


async def test_query_is_signed_and_a_nonce_is_good_once(town: Town) -> None:
    url = town.at("x", "/2/users/me")
    header = town.sign_x("GET", url)
    assert (await town.call("GET", url + "?user.fields=name", headers=header)).status == 401
    assert (await town.call("POST", url, headers=header)).status == 405
    assert (await town.call("GET", url, headers=header)).status == 200
    assert (await town.call("GET", url, headers=header)).status == 401


async def test_five_minutes_of_difference_are_allowed(town: Town) -> None:
    url = town.at("x", "/2/users/me")
    now = int(town.clock())
    for seconds, status in ((-290, 200), (290, 200), (-310, 401), (310, 401)):
        got = await town.call("GET", url, headers=town.sign_x("GET", url, timestamp=str(now + seconds)))
        assert got.status == status, seconds


@pytest.mark.parametrize("header", ["", "Bearer x", 'OAuth a="1", a="1"', "OAuth a=1", 'OAuth a="'])
def test_headers_that_cannot_be_read(header: str) -> None:
    with pytest.raises(BadSignature):
        parse_header(header)
