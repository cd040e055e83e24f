"""Statuspage: incidents with updates and metadata, and how they are found again."""

from typing import Any

import pytest

from tests.sandbox.social.conftest import Got, Town


async def open_incident(town: Town, **fields: Any) -> Got:
    incident = {"name": "API errors", "status": "investigating", "body": "We are looking."} | fields
    return await town.statuspage("POST", "/incidents", json={"incident": incident})


async def test_open_update_read(town: Town) -> None:
    metadata = {"chatops": {"key": "k1"}}
    made = await open_incident(town, metadata=metadata, impact_override="major", component_ids=["c1"])
    assert made.status == 201
    incident = made.body
    assert (incident["name"], incident["impact"], incident["metadata"]) == ("API errors", "major", metadata)
    path = f"/incidents/{incident['id']}"
    change = {"status": "resolved", "body": "It is over.", "metadata": {"more": {"key": "k2"}}}
    resolved = (await town.statuspage("PATCH", path, json={"incident": change})).body
    assert [each["status"] for each in resolved["incident_updates"]] == ["resolved", "investigating"]
    assert resolved["incident_updates"][0]["body"] == "It is over."
    assert resolved["resolved_at"]
    assert set(resolved["metadata"]) == {"chatops", "more"}
    renamed = (await town.statuspage("PATCH", path, json={"incident": {"name": "API trouble"}})).body
    assert (renamed["name"], len(renamed["incident_updates"])) == ("API trouble", 2)
    assert (await town.statuspage("GET", path)).body == renamed
    assert (await town.statuspage("DELETE", path)).body["id"] == incident["id"]
    assert (await town.statuspage("GET", path)).status == 404


async def test_lists(town: Town) -> None:
    ids = [(await open_incident(town, name=f"No {number}")).body["id"] for number in range(3)]
    listed = await town.statuspage("GET", "/incidents", params={"limit": "2"})
    assert [each["id"] for each in listed.body] == [ids[2], ids[1]]
    second = await town.statuspage("GET", "/incidents", params={"limit": "2", "page": "2"})
    assert [each["id"] for each in second.body] == [ids[0]]
    found = await town.statuspage("GET", "/incidents", params={"q": "no 1"})
    assert [each["id"] for each in found.body] == [ids[1]]
    await town.statuspage("PATCH", f"/incidents/{ids[0]}", json={"incident": {"status": "resolved"}})
    open_ones = (await town.statuspage("GET", "/incidents/unresolved")).body
    assert [each["id"] for each in open_ones] == [ids[2], ids[1]]
    assert (await town.statuspage("GET", "")).body["id"] == town.social.settings.statuspage_page_id


async def test_a_previous_update_is_changed_in_place_and_never_removed(town: Town) -> None:
    incident = (await open_incident(town)).body
    path = f"/incidents/{incident['id']}/incident_updates/{incident['incident_updates'][0]['id']}"
    changed = await town.statuspage("PATCH", path, json={"incident_update": {"body": "Other words."}})
    assert (changed.status, changed.body["body"]) == (200, "Other words.")
    shown = (await town.statuspage("GET", f"/incidents/{incident['id']}")).body["incident_updates"]
    assert [each["body"] for each in shown] == ["Other words."]
    assert (await town.statuspage("PATCH", path, json={"body": "x"})).status == 400
    assert (await town.statuspage("PATCH", f"{path}x", json={"incident_update": {}})).status == 404
    assert (await town.statuspage("DELETE", path)).status == 404


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, "Name can't be blank"),
        ({"status": "broken"}, "Status is not included in the list"),
        ({"impact_override": "huge"}, "Impact override is not included in the list"),
        ({"metadata": {"key": "k1"}}, "Metadata must be an object of objects"),
        ({"body": "x" * 25_001}, "Body is too long (maximum is 25000 characters)"),
    ],
)
async def test_refusals(town: Town, fields: dict[str, Any], problem: str) -> None:
    got = await open_incident(town, **fields)
    assert (got.status, got.body) == (422, {"error": [problem]})


async def test_keys_shapes_and_limits(town: Town) -> None:
    bad = await town.statuspage("GET", "/incidents", auth="OAuth bad")
    assert (bad.status, bad.body) == (401, {"error": "Could not authenticate"})
    assert (await town.statuspage("POST", "/incidents", json={"name": "x"})).status == 400
    assert (await town.statuspage("GET", "/things")).body == {"error": "Not Found"}
    answers = [(await town.statuspage("GET", "")).status for _ in range(60)]
    assert answers[-2:] == [200, 429]
    town.clock.ahead = 61
    assert (await town.statuspage("GET", "")).status == 200
