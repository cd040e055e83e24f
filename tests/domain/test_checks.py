"""Checks: each has a text that fires it and a near miss that does not; only secrets block."""

import json
import os
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.domain.checks import CHECKS, Advice, list_advice, list_blocks
from chatops.domain.ids import OutletKey
from chatops.domain.records import Impact, Sections, Status
from chatops.domain.update import DraftForm

SHARED = Path(os.environ.get("CHATOPS_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
HISTORY = SHARED / "practice" / "history.json"


def build_form(status: Status = Status.INVESTIGATING, promise_minutes: int | None = None, **sections: str) -> DraftForm:
    return DraftForm(
        sections=Sections(**sections),
        status=status,
        promise_minutes=promise_minutes,
        outlets=(OutletKey("page"),),
        sign_as="Ada",
    )


def advise(
    what_happened: str,
    *,
    impact: Impact = Impact.MINOR,
    status: Status = Status.INVESTIGATING,
    is_first: bool = False,
    promise_minutes: int | None = None,
    earlier: tuple[str, ...] = (),
    components: tuple[str, ...] = (),
    **sections: str,
) -> tuple[Advice, ...]:
    form = build_form(status, promise_minutes, what_happened=what_happened, **sections)
    return list_advice(form, impact=impact, is_first=is_first, earlier_texts=earlier, components=components)


def words(advice: tuple[Advice, ...]) -> str:
    return " | ".join(each.text for each in advice)


FIRES: list[tuple[str, str, dict[str, Any]]] = [
    ("could stand under any", "We are investigating this issue.", {}),
    ("could stand under any", "This incident has been resolved.", {"status": Status.RESOLVED}),
    ("could stand under any", "A fix has been implemented and we are monitoring the results.", {}),
    ("who is affected", "Logins fail.", {"is_first": True}),
    ("should do now", "Logins fail for some customers.", {"is_first": True}),
    ("we are sorry", "Logins fail.", {"impact": Impact.MAJOR, "is_first": True}),
    ("we are sorry", "Logins work.", {"impact": Impact.CRITICAL, "status": Status.RESOLVED}),
    ("write again", "Logins fail.", {"impact": Impact.MAJOR}),
    ("write again", "Logins fail. We will update you soon.", {"impact": Impact.CRITICAL}),
    ("stated fix times", "ETA 20 minutes.", {}),
    ("stated fix times", "Logins will be back shortly.", {}),
    ("stated fix times", "We expect this to be resolved within 30 minutes.", {}),
    ("how you know", "Your data is not affected.", {}),
    ("how you know", "No customer data was accessed.", {}),
    ("this replaces", "12% of requests fail.", {"earlier": ("3 % of requests fail.",)}),
    ("One sentence has 30 words", "word " * 29 + "end.", {}),
    ("shouting", "PLEASE DO NOT panic.", {}),
    ("not the culprit", "An engineer accidentally deleted a table.", {}),
    ("not the culprit", "This was caused by our payment provider.", {}),
    ("internal name", "The host db-1.eu.internal is down.", {}),
    ("internal name", "10.0.3.17 does not answer.", {}),
    ("own e-mail", "Write to ada.lovelace@acme.example.", {}),
    ("time in UTC", "It began at 1:00 pm PST.", {}),
    ("time in UTC", "It began at 13:00 CEST.", {}),
]

NEAR_MISSES: list[tuple[str, str, dict[str, Any]]] = [
    ("could stand under any", "We are investigating failed logins.", {}),
    ("could stand under any", "This incident has been resolved. Queued mails go out until noon.", {}),
    ("who is affected", "Logins fail for some customers.", {"is_first": True}),
    ("who is affected", "The API answers slowly.", {"is_first": True, "components": ("API",)}),
    ("who is affected", "Logins fail.", {"is_first": True, "who_is_affected": "All in Europe."}),
    ("who is affected", "Logins fail.", {}),
    ("should do now", "Logins fail. Please use the app.", {"is_first": True}),
    ("should do now", "Logins fail.", {"is_first": True, "what_you_should_do": "Nothing."}),
    ("we are sorry", "Logins fail. We are sorry.", {"impact": Impact.MAJOR, "is_first": True}),
    ("we are sorry", "Logins fail.", {"impact": Impact.MINOR, "is_first": True}),
    ("we are sorry", "Logins fail.", {"impact": Impact.MAJOR}),
    ("write again", "Logins fail.", {"impact": Impact.MAJOR, "promise_minutes": 30}),
    ("write again", "Logins fail. Next update in 30 minutes.", {"impact": Impact.MAJOR}),
    ("write again", "Logins fail. By 14:30 UTC we will post an update.", {"impact": Impact.MAJOR}),
    ("write again", "Logins work.", {"impact": Impact.MAJOR, "status": Status.RESOLVED}),
    ("write again", "Logins fail.", {"impact": Impact.MINOR}),
    ("stated fix times", "We have no ETA yet.", {}),
    ("stated fix times", "We will post an update shortly.", {}),
    ("stated fix times", "Next update within 30 minutes.", {}),
    ("stated fix times", "Errors began shortly after 10:00 UTC.", {}),
    ("stated fix times", "The beta metadata of Etana is fine.", {}),
    ("how you know", "Your data is not affected: we have checked the write logs.", {}),
    ("how you know", "As far as we know so far, your data is not affected.", {}),
    ("how you know", "Your data is not affected.", {"status": Status.RESOLVED}),
    ("this replaces", "12% of requests fail; this replaces the 3% of our last post.", {"earlier": ("3% fail.",)}),
    ("this replaces", "3% of requests fail.", {"earlier": ("3 % of requests fail.",)}),
    ("this replaces", "3% of requests fail.", {"earlier": ("Requests fail.",)}),
    ("One sentence", ("word " * 24 + "end. ") * 3, {}),
    ("shouting", "The HTTP API on AWS is slow.", {}),
    ("not the culprit", "Our payment provider is slow; we send payments by another one.", {}),
    ("not the culprit", "This was caused by our payment provider. We are sorry.", {}),
    ("internal name", "Versions 10.0.3 and 5.4.1.1 are fine; so is 8.8.8.8.", {}),
    ("internal name", "See our internal.", {}),
    ("own e-mail", "Write to support@acme.example.", {}),
    ("time in UTC", "It began at 13:00 CEST (11:00 UTC).", {}),
    ("time in UTC", "The EST team is on it.", {}),
]

KEYS = [
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "xoxb-" + "1234567890-abcdef",
    "xapp-" + "1-A123-456-abc",
    "https://hooks.slack.com/" + "services/T000/B000/XXXX",
    "ghp_" + "a" * 36,
    "github_pat_" + "a" * 40,
    "glpat-" + "a" * 20,
    "sk_live_" + "abcdefghij1234",
    "AIza" + "a" * 35,
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".abcdefghij",
    "Authorization: Bearer " + "abcdefghijklmnopqrstuvwxyz",
    "postgres://chatops:" + "hunter2@db/prod",
    "password: hunter2!",
    "API key = 8f3a9c2b1d",
]

HARMLESS = [
    "Password: resetting it is slow today.",
    "The password reset page fails.",
    "Use the bearer token that you got.",
    "See https://status.acme.example:8443/incidents/INC-1 and mail@acme.example.",
    "Our secret: kindness.",
    "sk-learn users see errors; ask-me-anything is off.",
    "INC-12 began at 10:03:22, trace 4bf92f3577b34da6a3ce929d0e0e4736.",
]


@pytest.mark.parametrize(("said", "text", "options"), FIRES)
def test_it_fires(said: str, text: str, options: dict[str, Any]) -> None:
    assert said in words(advise(text, **options))


@pytest.mark.parametrize(("said", "text", "options"), NEAR_MISSES)
def test_a_near_miss_stays_quiet(said: str, text: str, options: dict[str, Any]) -> None:
    assert said not in words(advise(text, **options))


@pytest.mark.parametrize("field", ["what_happened", "short_version"])
@pytest.mark.parametrize("key", KEYS)
def test_a_secret_blocks_in_any_field_and_is_not_repeated(key: str, field: str) -> None:
    sections = {"what_happened": "Logins fail."} | {field: f"Look: {key} there"}
    first = advise(**sections)[0]  # type: ignore[arg-type]
    assert (first.level, first.field) == ("block", field)
    assert key not in first.text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_does_not_block(text: str) -> None:
    assert "block" not in {each.level for each in advise(text)}


def test_an_approval_waits_for_every_block_and_for_nothing_else() -> None:
    texts = [*(text for _, text, _ in FIRES), *(text for _, text, _ in NEAR_MISSES), *KEYS, *HARMLESS]
    for text in texts:
        advice = advise(text, impact=Impact.CRITICAL, is_first=True)
        blocks = list(list_blocks(build_form(what_happened=text)))
        assert blocks == [each for each in advice if each.level == "block"]


def test_a_good_update_gets_no_advice() -> None:
    advice = advise(
        "Since 10:05 UTC logins fail. We are sorry.",
        impact=Impact.CRITICAL,
        is_first=True,
        promise_minutes=30,
        who_is_affected="About a third of our customers in Europe.",
        what_we_are_doing="We are going back to yesterday's version.",
        what_you_should_do="Stay logged in if you are.",
    )
    assert advice == ()


def test_every_text_is_short_and_names_a_field_of_the_form() -> None:
    fields = {*Sections.model_fields, "sign_as", "promise_minutes"}
    everything = [each for _, text, options in FIRES for each in advise(text, **options)]
    everything += [each for key in KEYS for each in advise(key)]
    for advice in everything:
        assert len(advice.text) <= 120
        assert advice.field in fields
        assert advice.text.endswith(".")
    assert {each.level for each in everything} == {"block", "warn", "hint"}
    assert len(CHECKS) <= 14


def test_blocks_come_first() -> None:
    levels = [each.level for each in advise("word " * 40 + " password: hunter2!", impact=Impact.MAJOR, is_first=True)]
    assert levels == sorted(levels, key=["block", "warn", "hint"].index)


@settings(deadline=None)
@given(
    text=st.text(max_size=500),
    earlier=st.lists(st.text(max_size=100), max_size=3),
    impact=st.sampled_from(Impact),
    status=st.sampled_from(Status),
    is_first=st.booleans(),
)
def test_it_never_raises(text: str, earlier: list[str], impact: Impact, status: Status, *, is_first: bool) -> None:
    advise(text, impact=impact, status=status, is_first=is_first, earlier=tuple(earlier), components=("API", ""))


PIECES = ["a", "a.", "a-", "-eyJa", "eyJ", "a@a.", "1:", "10.", "x.x.x.", "AAA ", " ", "\n", "12%", "http://a:"]
PIECES += ["Bearer ", "password:", "password: a", "updates ", "data ", "no data ", "we are ", "now ", "to ", "this "]
PIECES += ["investigating ", "of the ", "due to "]


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    text = (piece * 12_000)[:12_000]
    started = time.thread_time()
    advise(text, impact=Impact.CRITICAL, is_first=True, earlier=(text,))
    assert time.thread_time() - started < 1.0


def _list_history() -> list[dict[str, Any]]:
    if not HISTORY.is_file():
        pytest.skip("the history of real incidents is not here")
    incidents: list[dict[str, Any]] = json.loads(HISTORY.read_text(encoding="utf-8"))["incidents"]
    return incidents


def test_measured_on_real_updates(capsys: pytest.CaptureFixture[str]) -> None:
    """No block on any; no warning so frequent on ordinary updates that people learn to look away."""
    fired: Counter[str] = Counter()
    seen = 0
    for incident in _list_history():
        if incident["impact"] not in set(Impact):
            continue
        bodies: list[str] = []
        for update in incident["updates"]:
            is_known = update["status"] in set(Status)
            status = Status(update["status"]) if is_known else Status.INVESTIGATING
            advice = advise(
                update["body"],
                impact=Impact(incident["impact"]),
                status=status,
                is_first=not bodies,
                earlier=tuple(bodies),
                components=tuple(incident["components"]),
            )
            assert "block" not in {each.level for each in advice}, update["body"]
            fired.update({f"{each.level} {each.field}: {re.sub(r'[0-9, %]+', ' ', each.text)[:30]}" for each in advice})
            bodies.append(update["body"])
            seen += 1
    with capsys.disabled():
        print(f"\n{seen} real updates")  # noqa: T201 - a measurement is there to be read
        for name, count in fired.most_common():
            print(f"  {count / seen:6.1%}  {name}")  # noqa: T201
    assert seen > 500
    often = {name: count / seen for name, count in fired.items() if count / seen > 0.35}
    assert not often
