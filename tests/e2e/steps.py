"""What people do in most stories, a function each."""

from tests.e2e.town import CHANNEL, Json, Town, eventually


async def open_incident(town: Town, title: str = "Checkout is down", words: str = "") -> None:
    """`/incident open`, the form, `Open`; acknowledged."""
    belle = town.belle
    await belle.command(CHANNEL, f"/incident open {title}")
    await belle.wait_for_view("Open an incident")
    await belle.fill({"Impact": "Major", **({"What do we know?": words} if words else {})})
    assert await belle.submit() == {}


async def propose(town: Town, words: str, **fields: str) -> Json:
    """A draft with these words; its card once it stands in the thread."""
    belle = town.belle
    await belle.command(CHANNEL, "/incident update INC-1")
    await belle.wait_for_view("Draft an update")
    await belle.fill({"What happened": words, **{name.replace("_", " "): value for name, value in fields.items()}})
    assert await belle.submit() == {}
    return await town.andy.wait_for_message(CHANNEL, containing=words[:60])


async def publish(town: Town, words: str, **fields: str) -> None:
    """Proposed by Belle, approved by Andy."""
    await town.andy.click("Approve", message=await propose(town, words, **fields))


async def recorded(town: Town, kind: str, count: int = 1, seconds: float = 15) -> None:
    """Until the log has so many records of this kind."""

    async def look() -> bool | None:
        return True if count_records(town, kind) >= count else None

    await eventually(look, lambda: f"{count_records(town, kind)} of {count} {kind}; {town.tail()}", seconds)


def count_records(town: Town, kind: str = "%") -> int:
    return town.peek("SELECT count(*) FROM records WHERE kind LIKE ?", kind)


async def mailed(town: Town, words: str, seconds: float = 15) -> float:
    """When the mail with these words arrived, by the sandbox's clock."""

    async def look() -> float | None:
        return next((each.received_at for each in town.letters() if words in each.text), None)

    return await eventually(look, lambda: f"no mail with {words!r}; {town.tail()}", seconds)
