"""The modal “Open an incident”: what it asks, and what comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.errors import BadInput
from chatops.domain.records import Impact
from chatops.slack.views import open_modal
from chatops.slack.views.open_modal import OpenPrefill
from chatops.usecases.incidents import Opening
from tests.slack.views.checking import Json, check_screen, field, field_labels, option_texts, read, submit
from tests.slack.views.texts import LAW, long_text

COMPONENTS = ("API", "Web app")
LABELS = ["Title", "Impact", "Components", "What do we know?", "Commander", "Comms lead", "Private"]


def build(prefill: OpenPrefill | None = None, components: tuple[str, ...] = COMPONENTS) -> Json:
    return check_screen(open_modal.build(prefill or OpenPrefill(person_slack_id="UANA"), components))


def test_its_words_are_those_of_the_surface() -> None:
    screen = build()
    assert [screen[name]["text"] for name in ("title", "submit", "close")] == ["Open an incident", "Open", "Cancel"]
    assert field_labels(screen) == LABELS
    assert option_texts(screen, "Impact") == ["None", "Minor", "Major", "Critical"]
    assert option_texts(screen, "Components") == list(COMPONENTS)
    assert screen["callback_id"] == open_modal.CALLBACK


def test_only_title_impact_and_people_are_asked_for() -> None:
    screen = build()
    needed = [label for label in LABELS if not field(screen, label).get("optional")]
    assert needed == ["Title", "Impact", "Commander", "Comms lead"]


def test_without_components_the_field_is_left_out() -> None:
    screen = build(components=())
    assert "Components" not in field_labels(screen)
    assert open_modal.parse(submit(screen, {"Title": "x"})).components == ()


def test_a_form_filled_in_comes_back_whole() -> None:
    screen = build(OpenPrefill(person_slack_id="UANA", slack_channel="C1"))
    answers = {
        "Title": "Logins fail",
        "Impact": "Critical",
        "Components": ["Web app"],
        "What do we know?": "Since 9.",
        "Commander": "UBEN",
        "Comms lead": "UCLEO",
        "Private": ["Only the people named here can see it (breach, legal)"],
    }
    assert open_modal.parse(submit(screen, answers)) == Opening(
        title="Logins fail",
        impact=Impact.CRITICAL,
        components=("Web app",),
        first_words="Since 9.",
        commander="UBEN",
        comms_lead="UCLEO",
        private=True,
        slack_channel="C1",
        view_id="V1",
    )


def test_an_untouched_form_comes_back_as_prefilled() -> None:
    opening = open_modal.parse(submit(build(OpenPrefill(title="Logins fail", person_slack_id="UANA"))))
    assert opening == Opening(
        title="Logins fail",
        impact=Impact.MINOR,
        components=(),
        first_words="",
        commander="UANA",
        comms_lead="UANA",
        private=False,
        slack_channel=None,
        view_id="V1",
    )


def test_a_problem_stands_on_top() -> None:
    screen = build(OpenPrefill(person_slack_id="UANA", problem="Choose another <title>."))
    assert screen["blocks"][0]["text"]["text"] == "⚠️ Choose another &lt;title&gt;."


def test_a_title_that_is_too_long_is_cut_at_a_word_and_kept_whole_below() -> None:
    long = "Customers in Europe cannot log in " * 5
    opening = open_modal.parse(submit(build(OpenPrefill(title=long, first_words="Since 9.", person_slack_id="UANA"))))
    assert len(opening.title) <= 120
    assert opening.title.endswith(("Europe…", "in…", "log…", "cannot…", "Customers…"))
    assert opening.first_words == f"{long.strip()}\n\nSince 9."


def test_a_missing_impact_is_asked_for_at_its_field() -> None:
    with pytest.raises(BadInput) as error:
        open_modal.parse(submit(build(), {"Impact": None}))
    assert open_modal.field_block_id(error.value.field) == "impact"


def test_a_form_that_is_not_ours_is_refused() -> None:
    with pytest.raises(BadInput):
        open_modal.parse({**submit(build()), "private_metadata": "["})


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("title", "title"),
        ("components", "components"),
        ("what_happened", "first_words"),
        (None, "title"),
        ("?", "title"),
    ],
)
def test_every_error_finds_a_block(name: str | None, block: str) -> None:
    assert open_modal.field_block_id(name) == block
    assert block in [each.get("block_id") for each in build()["blocks"]]


@LAW
@given(
    title=long_text(),
    words=long_text(),
    problem=st.one_of(st.none(), long_text()),
    components=st.lists(long_text(300), max_size=120).map(tuple),
)
def test_any_prefill_makes_a_form_that_slack_takes(
    title: str, words: str, problem: str | None, components: tuple[str, ...]
) -> None:
    prefill = OpenPrefill(title=title, first_words=words, slack_channel="C1", person_slack_id="UANA", problem=problem)
    screen = build(prefill, components)
    opening = open_modal.parse(submit(screen))
    one_line = " ".join(title.split())
    if len(one_line) <= 120:
        assert opening.title == one_line
        assert opening.first_words == words[:3000]
    else:
        assert opening.first_words.startswith(title.strip()[:3000])
    assert read(screen["blocks"])
