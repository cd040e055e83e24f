"""Short posts: in any script and however a network counts, nothing is cut inside a word and nothing vanishes."""

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatops.domain.errors import BadInput
from chatops.domain.records import Sections
from chatops.domain.short import ELLIPSIS, MOST_PARTS, compose_short, find_longest, split_parts
from chatops.domain.update import DraftForm
from chatops.domain.wording import Abilities, OutletSpec, Setting, TextLimits, list_paragraphs
from tests.builders import build_form, build_spec

URL = "https://status.acme.example/incidents/INC-1"
SETTING = Setting(title="Logins fail", team="Acme", page_url=URL)
LINKS = re.compile(r"(?:https?://|www\.)\S+")
MARK = re.compile(r" \((\d+)/(\d+)\)$")


def count_bytes(text: str) -> int:
    return len(text.encode())


def count_weighted(text: str) -> int:
    """Much as X does: a link is 23, Latin 1, everything else 2, a joined emoji 2 as a whole."""
    shortened = LINKS.sub("x" * 23, unicodedata.normalize("NFC", text))
    joined = re.sub("(?:[\U0001f300-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?\u200d?)+", "xx", shortened)
    return sum(1 if ord(char) < 0x1100 else 2 for char in joined)


COUNTS: tuple[Callable[[str], int], ...] = (len, count_bytes, count_weighted)

WORDS = st.sampled_from(
    [
        "Logins",
        "fail.",
        "We",
        "look",
        "into",
        "it!",
        "(since 03:00).",
        "10\u00a0000",
        "ログインできません。",
        "現在、調査しています。",
        "请稍后再试！",
        "「直りました。」",
        "تعذر",
        "تسجيل",
        "الدخول.",
        "שלום",
        "עולם?",
        "👨‍👩‍👧‍👦",
        "👍🏽",
        "❤️",
        "🇩🇪.",
        "e\u0301te\u0301",
        "นักเรียน",
        "क्षत्रिय।",
        "Ångström",
        "https://acme.example/a?b=1.2&c=%20!#x",
        "https://ja.example/wiki/モーニング娘。最高",
        f"https://acme.example/{'x' * 60}",
        "www.acme.example/。y",
        "2.5",
        "e.g.",
        "“Quoted.”",
    ]
)
GAPS = st.sampled_from([" ", " ", " ", "\n", "\n\n", "  ", "", "\u00a0"])
TEXTS = st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=60).map(
    lambda pairs: "".join(word + gap for word, gap in pairs).strip()
)
ANY = (
    st.text(st.sampled_from("ab .。!?\n\u0301\u200d👍🏽界\u3099、…\u00a0\ufe0f)”"), max_size=120)
    .map(str.strip)
    .filter(bool)
)
"""Letters without any sense: marks, joiners and ends in every order."""


def build(text: str, **changes: str) -> DraftForm:
    return build_form(sections=Sections(what_happened=text, **changes))


def spec_of(
    max_chars: int, count: Callable[[str], int] = len, *, split: bool = False, signs: bool = True
) -> OutletSpec:
    limits = TextLimits(max_chars=max_chars, count=count)
    return build_spec("x", form="short", limits=limits, split=split, abilities=Abilities(thread=True, signs=signs))


def squeeze(text: str) -> str:
    return "".join(text.split())


def check_cut(whole: str, pieces: list[str]) -> None:
    """The pieces stand in `whole` in order with white space only between them, and no seam goes through anything."""
    position = 0
    spans = [match.span() for match in LINKS.finditer(whole)]
    for index, piece in enumerate(pieces):
        start = whole.find(piece, position)
        assert start >= 0, f"{piece!r} does not stand in {whole!r}"
        assert not whole[position:start].strip(), "something was left out"
        if index:
            assert not any(first < start < last for first, last in spans), "a link was cut"
            assert not unicodedata.category(whole[start]).startswith("M"), "a mark lost its letter"
            assert whole[start] not in "\u200d\ufe0f", "an emoji was cut"
            assert not "\U0001f3fb" <= whole[start] <= "\U0001f3ff", "a skin tone lost its hand"
            before, after = whole[position - 1], whole[start]
            is_word = position == start and before.isalnum() and after.isalnum()
            assert not is_word, f"a word was cut between {before!r} and {after!r}"
        position = start + len(piece)


def check_refusal(refusal: BadInput, length: int, limit: int) -> None:
    assert f"{length:,} characters, at most {limit}" in str(refusal)
    assert refusal.field == "short_version"


def unmark(parts: tuple[str, ...], tail: list[str]) -> list[str]:
    """The parts as words only; their numbers are right."""
    ending = "".join(f"\n\n{each}" for each in tail)
    assert parts[-1].endswith(ending)
    bare = [*parts[:-1], parts[-1].removesuffix(ending)]
    pieces = []
    for number, part in enumerate(bare, 1):
        mark = MARK.search(part)
        assert mark
        assert (int(mark[1]), int(mark[2])) == (number, len(parts))
        pieces.append(part[: mark.start()])
    return pieces


@settings(max_examples=300, deadline=None)
@given(text=TEXTS | ANY, count=st.sampled_from(COUNTS), limit=st.integers(30, 400), has_tail=st.booleans())
@example(text="Fine. \u0301x and more words to come", count=len, limit=30, has_tail=False)
@example(
    text="詳細は、https://acme.example/一。二をご覧ください。次に続きます。" * 3, count=len, limit=60, has_tail=False
)
def test_parts_fit_lose_nothing_and_cut_nothing(
    text: str, count: Callable[[str], int], limit: int, has_tail: bool
) -> None:
    spec = spec_of(limit, count, split=True)
    tail = ["— Ana"] if has_tail else []
    try:
        parts = split_parts(text, tail, spec)
    except BadInput as refusal:
        check_refusal(refusal, count("\n\n".join([text, *tail])), limit)
        return
    assert len(parts) <= MOST_PARTS
    assert all(count(part) <= limit for part in parts)
    pieces = unmark(parts, tail)
    assert squeeze("".join(pieces)) == squeeze(text)
    assert all(piece == piece.strip() and piece for piece in pieces)
    check_cut(text, pieces)


@settings(max_examples=300, deadline=None)
@given(
    text=TEXTS | ANY, advice=st.sampled_from(["", "Please wait.", "お待ちください。"]), count=st.sampled_from(COUNTS)
)
@example(text="Fine. \u0301x", advice="", count=len)
def test_a_cut_is_a_beginning_with_an_ellipsis_the_advice_and_the_link(
    text: str, advice: str, count: Callable[[str], int]
) -> None:
    spec = spec_of(150, count)
    form = build(text, what_you_should_do=advice)
    tail = [URL, "— Ana"]
    whole = "\n\n".join([*list_paragraphs(form.sections), *tail])
    try:
        (post,) = compose_short(form, spec, SETTING)
    except BadInput as refusal:
        check_refusal(refusal, count(whole), 150)
        return
    assert count(post) <= 150
    if post == whole:
        return
    ending = "".join(f"\n\n{each}" for each in (*([advice] if advice else []), *tail))
    assert post.endswith(f"{ELLIPSIS}{ending}")
    beginning = post.removesuffix(f"{ELLIPSIS}{ending}")
    assert text.startswith(beginning)
    check_cut(text, [beginning, *filter(None, [text[len(beginning) :].strip()])])


def test_a_whole_update_that_fits_is_posted_whole() -> None:
    sections = Sections(what_happened="Logins fail.", who_is_affected="Everybody.", what_you_should_do="Wait.")
    form = build_form(sections=sections, promise_minutes=30)
    promise = "We will post the next update within 30 minutes of this post."
    expected = f"Logins fail.\n\nEverybody.\n\nWait.\n\n{promise}\n\n{URL}\n\n— Ana"
    assert compose_short(form, spec_of(500), SETTING) == (expected,)


def test_the_short_version_wins_and_is_never_cut() -> None:
    form = build("Long words. " * 50, short_version="Logins fail.")
    assert compose_short(form, spec_of(100, signs=False), SETTING) == (f"Logins fail.\n\n{URL}",)
    with pytest.raises(BadInput, match="57 characters, at most 56") as refused:
        compose_short(form, spec_of(56, signs=False), SETTING)
    assert refused.value.field == "short_version"


def test_a_cut_prefers_whole_sentences_and_shows_that_other_sections_are_left_out() -> None:
    form = build("Logins fail. Payments work.", who_is_affected="Everybody " * 20, what_you_should_do="Wait.")
    (post,) = compose_short(form, spec_of(100, signs=False), SETTING)
    assert post == f"Logins fail. Payments work. …\n\nWait.\n\n{URL}"
    (shorter,) = compose_short(form, spec_of(75, signs=False), SETTING)
    assert shorter == f"Logins fail. …\n\nWait.\n\n{URL}"
    (words,) = compose_short(form, spec_of(61, signs=False), SETTING)
    assert words == f"Logins …\n\nWait.\n\n{URL}"


def test_what_to_do_is_never_left_out_silently() -> None:
    form = build("Logins fail.", what_you_should_do="Wait. " * 40)
    with pytest.raises(BadInput, match=r"Too long for X: \d+ characters, at most 120.*Write a Short version"):
        compose_short(form, spec_of(120), SETTING)


@pytest.mark.parametrize(
    ("link", "standing", "has_link"),
    [("always", 1, True), ("first", 0, True), ("first", 1, False), ("never", 0, False)],
)
def test_the_link_comes_where_the_team_wants_it(link: str, standing: int, has_link: bool) -> None:
    spec = build_spec("x", form="short", link=link)
    setting = Setting(title="T", team="Acme", page_url=URL, standing={spec.key: standing})
    (post,) = compose_short(build_form(), spec, setting)
    assert (URL in post) is has_link


def test_paragraphs_are_kept_together_where_they_can_be() -> None:
    text = "One short paragraph.\n\nAnother one. With two sentences.\n\nThe last."
    parts = split_parts(text, ["— Ana"], spec_of(62))
    assert parts == (
        "One short paragraph.\n\nAnother one. With two sentences. (1/2)",
        "The last. (2/2)\n\n— Ana",
    )


def test_more_than_nine_parts_keep_room_for_their_numbers() -> None:
    parts = split_parts("Twenty letters here. " * 14, [], spec_of(30))
    assert len(parts) == 14
    assert parts[0] == "Twenty letters here. (1/14)"
    assert all(len(part) <= 30 for part in parts)


def test_more_than_twenty_parts_are_refused_with_the_count() -> None:
    with pytest.raises(BadInput, match="629 characters, at most 30, and it cannot be told in 20 parts"):
        split_parts("Twenty letters here. " * 29 + "Twenty letters here.", [], spec_of(30))


def test_a_word_longer_than_a_post_is_refused_not_cut() -> None:
    with pytest.raises(BadInput, match="without cutting a word or a link"):
        split_parts("界" * 100, [], spec_of(50))


@given(ends=st.lists(st.integers(0, 1000), unique=True).map(sorted), limit=st.integers(-1, 1001))
def test_the_longest_beginning_is_found_with_few_questions(ends: list[int], limit: int) -> None:
    asked: list[int] = []

    def fits(end: int) -> bool:
        asked.append(end)
        return end <= limit

    assert find_longest(ends, fits) == max((end for end in ends if end <= limit), default=None)
    assert len(asked) <= 2 * len(ends).bit_length() + 1


def test_a_long_update_is_counted_rarely() -> None:
    """Counting as X does costs half a millisecond for a post: drafting must not take seconds."""
    counted = 0

    def count(text: str) -> int:
        nonlocal counted
        counted += len(text)
        return len(text)

    split_parts("Some words of a sentence. " * 200, [], spec_of(280, count, split=True))
    assert counted < 150_000
