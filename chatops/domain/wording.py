"""The words of an update as a reader sees them, and what the rules know of the outlets that carry them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chatops.domain.errors import BadInput
from chatops.domain.ids import OutletKey
from chatops.domain.records import Impact, Sections, Status
from chatops.domain.update import DraftForm

PROMISES = {15: "15 minutes", 30: "30 minutes", 60: "1 hour", 120: "2 hours", 240: "4 hours"}
"""Minutes → the words of a promise. Relative to the post, so that they stay true whenever it goes out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """`max_chars` as the network counts; `count` is how it counts."""

    max_chars: int
    count: Callable[[str], int] = len

    def fit(self, text: str) -> bool:
        return self.count(text) <= self.max_chars


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a network can do, and how an uncertain send is settled there."""

    edit: bool = False
    retract: bool = False
    thread: bool = False
    may_refuse_thread: bool = False
    """True: a declared stand-alone wording goes out where the network refuses to continue our thread."""
    signs: bool = True
    settled_by: Literal["own_key", "read_back", "person"] = "person"
    mentions: bool = False
    """What customers write to us there can be read."""
    reply: bool = False
    replies_settled_by: Literal["own_key", "read_back", "person"] = "person"
    reply_names_author: bool = False
    """True: an answer begins with the author's `@handle`, which is what tells them of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletSpec:
    """What the rules need to know of a configured outlet. `form` chooses full sections or the short version.

    `titled` is the page's text with the incident's title as subject, for readers that show it where they like.
    `cost` words the price of one post, where it costs; `split` allows numbered parts where the network threads.
    """

    key: OutletKey
    label: str
    account: str
    limits: TextLimits
    abilities: Abilities = field(default_factory=Abilities)
    form: Literal["page", "letter", "titled", "short"] = "letter"
    cost: Callable[[str], str] | None = None
    link: Literal["always", "first", "never"] = "always"
    split: bool = False
    impacts: frozenset[Impact] = frozenset(Impact)
    """Chosen by default for incidents of these impacts."""
    listen_every_seconds: int = 30
    """How often customers' posts are read there, politely within the network's limits."""
    daily_reads: int | None = None
    """At most so many posts are read a day where reading costs money; None: no limit."""
    reply_limits: TextLimits | None = None
    """Where an answer may be longer or shorter than a post."""
    reply_cost: Callable[[str], str] | None = None
    """Words the price of one answer, where it costs."""

    @property
    def answers_in_public(self) -> bool:
        """Only a letter is between us and one person; a comment on a page is for everybody."""
        return self.form != "letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What stands on one outlet of the update that a correction or retraction is about."""

    posts: int = 0
    before: int = 0
    """How many posts of ours stand there before it."""
    is_known: bool = True
    """False: a person has seen it arrive, so that the network cannot be told which post to change."""
    is_on_its_way: bool = False
    """True: it is still to go out there. A correction that is quicker takes its place, one that is not follows it."""
    is_followed: bool = False
    """True: an earlier correction stands there as a post of its own; the newest words are to come last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What words need besides the form: the incident's title, its page, how the team calls itself.

    `standing` says for each outlet how many posts of earlier updates stand there. `targets` and `target_at` (when it
    went out) are there for a correction or retraction.
    """

    title: str
    team: str
    page_url: str | None
    standing: Mapping[OutletKey, int] = field(default_factory=dict)
    targets: Mapping[OutletKey, Target] = field(default_factory=dict)
    target_at: datetime | None = None


def require_fit(text: str, spec: OutletSpec, *, field: str) -> None:
    if not spec.limits.fit(text):
        length = spec.limits.count(text)
        raise BadInput(
            f"Too long for {spec.label}: {length:,} characters, at most {spec.limits.max_chars:,}.", field=field
        )


def compose_body(form: DraftForm, *, signs: bool) -> str:
    """The update as a reader sees it, the same on the page and in the mail."""
    paragraphs = [*list_paragraphs(form.sections)]
    promise = word_promise(form.promise_minutes, status=form.status)
    if promise:
        paragraphs.append(promise)
    if signs and form.sign_as:
        paragraphs.append(f"— {form.sign_as}")
    return "\n\n".join(paragraphs)


def list_paragraphs(sections: Sections) -> list[str]:
    """What happened, who it touches, what we do, what you should do: in this order, empty ones left out."""
    texts = (
        sections.what_happened,
        sections.who_is_affected,
        sections.what_we_are_doing,
        sections.what_you_should_do,
    )
    return [text for text in texts if text]


def word_promise(minutes: int | None, *, status: Status) -> str | None:
    if minutes is None or status is Status.RESOLVED:
        return None
    words = PROMISES.get(minutes, f"{minutes} minutes")
    return f"We will post the next update within {words} of this post."
