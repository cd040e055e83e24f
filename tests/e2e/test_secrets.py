"""No token or password of any outlet is ever written down or said, whatever the networks answer."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.laws import list_posts
from tests.e2e.networks import AT_MOST_ONCE, ONCE, Networks, build_plan
from tests.e2e.secrets_hunt import Echo, find_leaks, list_town_secrets, read_everything
from tests.e2e.steps import open_incident, propose, publish
from tests.e2e.town import CHANNEL, Ended, Town, eventually, raise_town

SPEED = 120.0
OTHER_SECRET = "whsec_YW5vdGhlci1zYW5kYm94LXdlYmhvb2stc2VjcmV0"
LOGIN = ("acme-mailer", "sandbox-smtp-password")
MOODS = ("401", "500", "302", "drop")
"""Whole answers with our secrets in them; then the connections only break."""
GONE = "B7f9Qx2LmZp0TkRw"
CLOSED = f"""
[outlets.webhook.gone]
url = "http://127.0.0.1:9/{GONE}"
allow_private = true
"""
NETWORKS = (*(each for each in ONCE if not each.startswith("slack_channel")), *AT_MOST_ONCE)


@pytest.mark.timeout(300)
async def test_no_secret_is_read_anywhere(tmp_path: Path) -> None:
    plan = build_plan(SPEED)
    plan = replace(plan, outlets=f"{plan.outlets}{CLOSED}", smtp_login=LOGIN)
    async with raise_town(tmp_path, plan) as town:
        Networks(town, seed=1)
        town.environ["WEBHOOK_SECRET_GONE"] = OTHER_SECRET
        secrets = list_town_secrets(town) | {"url of gone": GONE, "WEBHOOK_SECRET_GONE": OTHER_SECRET[6:]}
        echo = Echo(town, secrets=secrets)
        echo.install()
        await town.start()
        ended = {"check, all is well": await town.run_cli("check")}
        await open_incident(town)
        await publish(town, "All is well with the networks.")
        ended |= await _suffer(town, echo)
        ended |= await _operate(town, tmp_path)
        await _look_around(town)
        assert find_leaks(secrets, await read_everything(town, ended)) == []
        _require_troubled(town)
        await _plant(town, secrets)


async def _suffer(town: Town, echo: Echo) -> dict[str, Ended]:
    """Every kind of trouble, each met by a delivery, and by `chatops check`."""
    ended = {}
    town.mail.handle_DATA = _quote_password  # type: ignore[method-assign, assignment]
    for mood in MOODS:
        echo.mood = mood
        before = _count_attempts(town)
        await publish(town, f"The networks are in trouble: {mood}.")
        await eventually(lambda before=before: _tried(town, before), town.tail)  # type: ignore[misc]
        if mood in ("401", "302"):
            ended[f"check, {mood}"] = await town.run_cli("check")
            assert ended[f"check, {mood}"].code == 1
        if mood == "500":
            await town.kill()
            await town.start()
    for fault in ("500", "drop"):
        town.fault(fault, "chat.postMessage", times=1)
        await town.belle.command(CHANNEL, "/incident remind 30m INC-1")
    echo.mood = "none"
    return ended


async def _quote_password(*_: object) -> str:
    return f"451 4.3.2 later, {LOGIN[0]}:{LOGIN[1]}"


def _count_attempts(town: Town) -> int:
    return town.peek("SELECT count(*) FROM attempts WHERE finished_at IS NOT NULL")


async def _tried(town: Town, before: int) -> bool | None:
    """Most outlets are met again by new words; those that wait for a person are not."""
    return True if _count_attempts(town) >= before + 6 else None


async def _operate(town: Town, folder: Path) -> dict[str, Ended]:
    """What an operator may run, and a secret in the wrong place."""
    ended = {
        f"export {form}": await town.run_cli("export", "INC-1", "--format", form) for form in ("md", "json", "html")
    }
    ended["verify"] = await town.run_cli("verify", "--slack")
    assert [each.code for each in ended.values()] == [0] * len(ended)
    wrong = folder / "wrong.toml"
    token = town.sandbox.settings.social.mastodon_token
    wrong.write_text(f'[outlets.mastodon]\nbase_url = "https://m.example"\ntoken = "{token}"\n', encoding="utf-8")
    ended["check, secret in the file"] = await town.run_cli("check", environ={"CHATOPS_CONFIG": str(wrong)})
    hook = town.sandbox.social.discord_webhook_url.replace("/webhooks/", "/wrong/")
    ended["check, wrong address"] = await town.run_cli("check", environ={"DISCORD_WEBHOOK_URL_HOOK": hook})
    assert ended["check, secret in the file"].code == ended["check, wrong address"].code == 1
    return ended


async def _look_around(town: Town) -> None:
    for words in ("status INC-1", "outlets", "timeline INC-1", "export INC-1"):
        await town.belle.command(CHANNEL, f"/incident {words}")
    assert await town.stop() < 10
    await town.start()


def _require_troubled(town: Town) -> None:
    """The silence means something only where the networks were met and refused."""
    for outlet in NETWORKS:
        met = town.peek("SELECT count(*) FROM attempts WHERE outlet = ? AND outcome != 'sent'", outlet)
        assert met >= 2, f"{outlet} met trouble {met} times"
    told = "\n".join(str(post["blocks"]) for post in list_posts(town) if post.get("blocks"))
    held_up = re.findall(r"to ([\w.]+) is HELD UP: [^·]*?[A-Z]{3,}_[A-Z_]+", told)
    assert sorted(held_up) == sorted(NETWORKS), "each once, with the variable to set"


async def _plant(town: Town, secrets: dict[str, str]) -> None:
    """The search finds a secret where there is one: somebody pastes it into a draft."""
    token = secrets["MASTODON_TOKEN"]
    await propose(town, f"The token is {token}")
    ended = {"export": await town.run_cli("export", "INC-1", "--format", "json")}
    leaks = find_leaks(secrets, await read_everything(town, ended))
    assert {"chatops export: MASTODON_TOKEN", "Slack: MASTODON_TOKEN"} <= set(leaks)
    assert any(leak.startswith(town.database.name) for leak in leaks), "the database and what is not yet in it"
    assert {leak.partition(": ")[2] for leak in leaks} == {"MASTODON_TOKEN"}
