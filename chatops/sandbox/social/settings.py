"""The tokens and names under which we have accounts on the stand-ins; they open nothing but a sandbox."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SocialSettings:
    """`allowance_factor` multiplies every rate limit; `bluesky_access_seconds` is the life of an access token."""

    name: str = "Acme"
    handle: str = "acme"
    x_consumer_key: str = "sandbox-x-consumer-key"
    x_consumer_secret: str = "sandbox-x-consumer-secret"  # noqa: S105 - opens nothing but a sandbox
    x_access_token: str = "sandbox-x-access-token"  # noqa: S105
    x_access_secret: str = "sandbox-x-access-secret"  # noqa: S105
    x_is_premium: bool = True
    facebook_page_id: str = "100200300400500"
    facebook_page_token: str = "EAASandboxPageToken"  # noqa: S105
    facebook_app_secret: str = "sandbox-facebook-app-secret"  # noqa: S105
    facebook_webhook_url: str = ""
    """Who is told at once of what people write on the Page."""
    facebook_names_people: bool = True
    mastodon_token: str = "sandbox-mastodon-token"  # noqa: S105
    bluesky_handle: str = "acme.example"
    bluesky_app_password: str = "sand-boxx-bsky-pass"  # noqa: S105
    bluesky_access_seconds: float = 7200.0
    telegram_bot_token: str = "110201543:AAHsandbox-telegram-token"  # noqa: S105
    telegram_chat_id: str = "@acme_status"
    discord_bot_token: str = "sandbox.discord.bot-token"  # noqa: S105
    discord_channel_id: str = "1180000000000000001"
    discord_webhook_id: str = "1180000000000000002"
    discord_webhook_token: str = "sandbox-discord-webhook-token"  # noqa: S105
    teams_workflow_id: str = "0f5a6b7c8d9e4f10"
    teams_signature: str = "sandbox-teams-signature"
    statuspage_api_key: str = "sandbox-statuspage-api-key"
    statuspage_page_id: str = "kctbh9vrtdwd"
    allowance_factor: int = 1
