"""Advice and blocks on a draft. Only a secret blocks; all the rest is said kindly and can be ignored."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from chatops.domain.records import Impact, Status
from chatops.domain.update import DraftForm

Level = Literal["block", "warn", "hint"]
Fields = tuple[tuple[str, str], ...]
"""What somebody typed: name of the field → text."""
LONG_SENTENCE_WORDS = 25
"""GOV.UK's rule: longer sentences are not understood at first reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`field` is the field of the form to mend."""

    level: Level
    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """A draft as the checks see it; `said` is all of it in one text."""

    form: DraftForm
    impact: Impact
    is_first: bool
    earlier_texts: tuple[str, ...]
    components: tuple[str, ...]
    fields: Fields
    said: str

    @property
    def is_resolved(self) -> bool:
        return self.form.status is Status.RESOLVED

    @property
    def is_grave(self) -> bool:
        return self.impact.rank >= Impact.MAJOR.rank

    def find_field(self, pattern: re.Pattern[str]) -> str | None:
        return _find_field(self.fields, pattern)


def list_advice(
    form: DraftForm,
    *,
    impact: Impact,
    is_first: bool,
    earlier_texts: tuple[str, ...],
    components: tuple[str, ...],
) -> tuple[Advice, ...]:
    """Blocks first, then warnings, then hints. `earlier_texts` are this incident's published words, oldest first."""
    fields = _list_fields(form)
    subject = _Subject(
        form=form,
        impact=impact,
        is_first=is_first,
        earlier_texts=earlier_texts,
        components=components,
        fields=fields,
        said="\n".join(text for name, text in fields if name != "sign_as"),
    )
    found = [advice for check in CHECKS for advice in check(subject)]
    return tuple(sorted(found, key=lambda advice: ("block", "warn", "hint").index(advice.level)))


def list_blocks(form: DraftForm) -> Iterator[Advice]:
    """Only what must not go out, without all the rest of the advice."""
    return _find_secrets(_list_fields(form))


def _list_fields(form: DraftForm) -> Fields:
    sections = [(name, text) for name, text in form.sections.by_name.items() if text]
    return (*sections, ("sign_as", form.sign_as))


def _find_field(fields: Fields, pattern: re.Pattern[str]) -> str | None:
    return next((name for name, text in fields if pattern.search(text)), None)


# Patterns hold no nested repetition, and repetitions have an upper bound: time grows with the text's length only.

SECRETS = {
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}|\bxapp-[0-9A-Za-z-]{10,}"),
    "a Slack webhook address": re.compile(r"hooks\.slack\.com/(?:services|workflows)/\w+/\w+/\w+"),
    "a GitHub token": re.compile(r"\bgh[opusr]_[0-9A-Za-z]{30,}|\bgithub_pat_\w{30,}"),
    "a GitLab token": re.compile(r"\bglpat-[0-9A-Za-z_-]{20}"),
    "an API key": re.compile(r"\b(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{10,}|\bsk-[0-9A-Za-z_-]{32,}"),
    "a Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"),
    "a login token (JWT)": re.compile(r"\beyJ[\w-]{10,500}\.eyJ[\w-]{10,4000}\.[\w-]{5}"),
    "an access token": re.compile(r"\bBearer\s{1,3}[\w.~+/-]{20,}", re.IGNORECASE),
    "a password in an address": re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,80}:[^\s/@]{1,80}@", re.IGNORECASE),
    "a password": re.compile(
        r"\b(?:password|passwd|pwd|passwort|secret|api[_ -]?key|auth[_ -]?token)\s{0,3}[:=]\s{0,3}"
        r"[\"'`]?(?=[^\s]{0,60}[0-9!@#$%^&*_=+])[^\s\"'`<]{6,}",
        re.IGNORECASE,
    ),
}
"""The last one wants a digit or sign in the value: "Password: reset is slow" holds no secret."""


def _check_secrets(subject: _Subject) -> Iterator[Advice]:
    return _find_secrets(subject.fields)


def _find_secrets(fields: Fields) -> Iterator[Advice]:
    for what, pattern in SECRETS.items():
        field = _find_field(fields, pattern)
        if field:
            yield Advice(level="block", field=field, text=f"This looks like {what}. Take it out, and have it replaced.")


_FILLER = re.compile(
    r"(?:we (?:are|have) |we're )?(?:currently |now |still |actively |continuing |continue )*(?:to )?"
    r"(?:investigat\w*|look(?:ing)? into|monitor\w*|work(?:ing)? on)"
    r"(?: (?:to|this|the|a|an|these|issues?|problems?|incident|results?|situation|reports?|of|and|fix|it)\b)*"
)
_TEMPLATES = re.compile(
    r"this incident (?:has been|is) (?:now )?resolved"
    r"|(?:the|this) issue (?:has been|is) (?:now )?(?:identified|resolved|fixed)(?: and a fix is being implemented)?"
    r"|a fix has been (?:implemented|applied|deployed)(?: and we are monitoring(?: the results?)?)?"
    r"|we will (?:provide|post|share) (?:further |more |an )?updates?[a-z ]{0,40}"
    r"|more (?:information|details) (?:soon|to follow)"
)


def _is_template(text: str) -> bool:
    """Every sentence is one that stands under any incident."""
    sentences = [each.strip(" ,–—-") for each in re.split(r"[.!?\n;:]", text.lower())]
    filled = [each for each in sentences if each]
    return bool(filled) and all(_FILLER.fullmatch(each) or _TEMPLATES.fullmatch(each) for each in filled)


def _check_template(subject: _Subject) -> Iterator[Advice]:
    if _is_template(subject.said):
        yield Advice(
            level="warn" if subject.is_first or subject.is_resolved else "hint",
            field="what_happened",
            text="This could stand under any incident. Name what is broken, or what works again.",
        )


_AFFECTED = re.compile(
    r"\b(?:customers?|users?|people|everyone|everybody|anyone|subscribers?|visitors?|accounts?|teams?|members?"
    r"|organi[sz]ations?|tenants?|requests?|regions?|you|your|nobody|no one)\b|\d\s?%",
    re.IGNORECASE,
)


def _check_affected(subject: _Subject) -> Iterator[Advice]:
    said = subject.said.casefold()
    names_component = any(component.casefold() in said for component in subject.components)
    says_it = subject.form.sections.who_is_affected or names_component or _AFFECTED.search(said)
    if subject.is_first and not says_it:
        yield Advice(
            level="warn",
            field="who_is_affected",
            text="Say who is affected, and who is not: it is the first thing readers look for.",
        )


_ACTION = re.compile(
    r"\b(?:please|you (?:can|should|may|need|must|do not|don't)|no action|nothing (?:for you )?to do|workaround"
    r"|try again|retry|refresh|reload|log (?:in|out)|sign (?:in|out)|reset|contact us|reconnect|in the meantime)\b",
    re.IGNORECASE,
)


def _check_action(subject: _Subject) -> Iterator[Advice]:
    if subject.is_first and not subject.form.sections.what_you_should_do and not _ACTION.search(subject.said):
        yield Advice(
            level="warn",
            field="what_you_should_do",
            text="Say what customers should do now, even if it is “nothing: your data is kept”.",
        )


_APOLOGY = re.compile(r"\b(?:sorry|apolog\w+|regret|forgive|our fault)\b", re.IGNORECASE)


def _check_apology(subject: _Subject) -> Iterator[Advice]:
    if subject.is_grave and (subject.is_first or subject.is_resolved) and not _APOLOGY.search(subject.said):
        yield Advice(level="warn", field="what_happened", text="Add a plain “we are sorry”: this one hurts people.")


_NEXT_UPDATE = re.compile(
    r"\bupdates?\b[^.\n]{0,60}\b"
    r"(?:\d{1,2}:\d\d|\d{1,3}\s?(?:min|minutes?|h|hours?)|(?:an|the next) hour|half an hour)\b"
    r"|\b(?:within|in|by|at)\b[^.\n]{0,30}\b(?:\d{1,2}:\d\d|\d{1,3}\s?(?:minutes?|hours?))\b[^.\n]{0,40}\bupdate\b",
    re.IGNORECASE,
)


def _check_promise(subject: _Subject) -> Iterator[Advice]:
    if subject.is_resolved or not subject.is_grave or subject.form.promise_minutes is not None:
        return
    if not _NEXT_UPDATE.search(subject.said):
        yield Advice(
            level="warn",
            field="promise_minutes",
            text="Say when you will write again, even if you will know no more. It is a promise you can keep.",
        )


_FIX_TIME = re.compile(
    r"\b(?:eta|shortly|any (?:minute|moment) now|in no time|estimated (?:time|resolution|fix)"
    r"|(?:fixed|resolved|restored|back(?: up)?|solved|recover\w*|complet\w+)\b[^.\n]{0,25}\b"
    r"(?:within|in|by)\s(?:about\s|around\s|the next\s)?(?:\d{1,3}|an|a few)\s?(?:minutes?|hours?|hrs?|h|min)?)\b",
    re.IGNORECASE,
)
_NOT_A_FIX_TIME = re.compile(
    r"\b(?:(?:no|not an?|do not have an?|don't have an?|without an?) eta|updates?\b[^.\n]{0,40}\bshortly"
    r"|shortly (?:after|before)|(?:began|started|was|were)\b[^.\n]{0,30}\bshortly)\b",
    re.IGNORECASE,
)


def _check_fix_time(subject: _Subject) -> Iterator[Advice]:
    if subject.is_resolved:
        return
    for name, text in subject.fields:
        if _FIX_TIME.search(_NOT_A_FIX_TIME.sub(" ", text)):
            yield Advice(
                level="warn",
                field=name,
                text="Of stated fix times about four in ten were missed. Promise the next update instead.",
            )
            return


_SAFETY = re.compile(
    r"\b(?:data|passwords?|accounts?|customers?|users?|payments?|credit cards?|information)\b[^.\n]{0,40}"
    r"\b(?:(?:is|are|was|were|has|have) (?:not|never)(?: been)?|(?:isn't|aren't|wasn't|weren't)|no longer|remains?)\b"
    r"[^.\n]{0,20}\b(?:affected|impacted|accessed|at risk|lost|stolen|compromised|exposed|leaked|safe|secure)\b"
    r"|\bno (?:customer |user |personal )?(?:data|passwords?|accounts?|information)\b[^.\n]{0,40}"
    r"\b(?:affected|impacted|accessed|lost|stolen|compromised|exposed|leaked)\b"
    r"|\b(?:data|passwords?|accounts?) (?:is|are) (?:safe|secure)\b",
    re.IGNORECASE,
)
_GROUNDS = re.compile(
    r"\b(?:because|since|so far|we (?:have )?(?:checked|verified|confirmed)|logs? show|no evidence|as of)\b",
    re.IGNORECASE,
)


def _check_safety(subject: _Subject) -> Iterator[Advice]:
    field = subject.find_field(_SAFETY)
    if field and not subject.is_resolved and not _GROUNDS.search(subject.said):
        yield Advice(
            level="warn",
            field=field,
            text="Say how you know it is safe, or “as far as we know”. Early all-clears are the ones taken back.",
        )


_PERCENT = re.compile(r"\b\d{1,3}(?:\.\d{1,3})?\s?%")
_REPLACES = re.compile(
    r"\b(?:replaces|corrects?|correction|revised|instead of|earlier we|previously|up from|down from|now)\b",
    re.IGNORECASE,
)


def _check_numbers(subject: _Subject) -> Iterator[Advice]:
    now, before = (_list_percentages(text) for text in (subject.said, "\n".join(subject.earlier_texts)))
    if before and now - before and not _REPLACES.search(subject.said):
        text = f"Earlier posts said {_name_some(before)}. If that changed, say “this replaces …”."
        yield Advice(level="warn", field=subject.find_field(_PERCENT) or "what_happened", text=text)


def _list_percentages(text: str) -> set[str]:
    return {match.replace(" ", "") for match in _PERCENT.findall(text)}


def _name_some(words: set[str]) -> str:
    return ", ".join(sorted(words)[:3])


def _check_sentences(subject: _Subject) -> Iterator[Advice]:
    for name, text in subject.fields:
        longest = max((len(each.split()) for each in re.split(r"[.!?:;](?=\s)|\n", text)), default=0)
        if longest > LONG_SENTENCE_WORDS:
            advice = f"One sentence has {longest} words. Cut it in two: tired readers lose long ones."
            yield Advice(level="hint", field=name, text=advice)
            return


_SHOUTING = re.compile(r"\b[^\W\d_a-z]{3,20}(?:[ ,!]{1,2}[^\W\d_a-z]{2,20}\b){2}")
"""Three in a row: fewer are names (AWS, HTTP API)."""


def _check_shouting(subject: _Subject) -> Iterator[Advice]:
    for name, text in subject.fields:
        if any(match[0].isupper() for match in _SHOUTING.finditer(text)):
            yield Advice(
                level="hint", field=name, text="Capital letters read as shouting. Small letters calm people down."
            )
            return


_BLAME = re.compile(
    r"\b(?:human error|(?:an? |our )?(?:employee|engineer|colleague|contractor|intern|developer|administrator)"
    r" (?:mistakenly|accidentally|wrongly|forgot|failed|caused|broke|deleted|made)"
    r"|(?:fault of|mistake of|caused by|because of|due to|blame) (?:our |the |an? )?(?:\w{1,30} )?"
    r"(?:third[- ]party|vendor|supplier|provider|partner|employee|engineer|contractor|intern)s?)\b",
    re.IGNORECASE,
)


def _check_blame(subject: _Subject) -> Iterator[Advice]:
    field = subject.find_field(_BLAME)
    if field and not _APOLOGY.search(subject.said):
        yield Advice(
            level="warn",
            field=field,
            text="Name the cause, not the culprit; to customers it is ours. Say what we do about it.",
        )


_INTERNAL = re.compile(
    r"\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.(?:internal|local|lan|corp|svc)\b|\bip-10-\d{1,3}-\d{1,3}-\d{1,3}\b"
    r"|\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\b([\w.+-]{1,64})@[\w-]{1,63}(?:\.[\w-]{2,63}){1,3}\b")
_SHARED_MAILBOXES = re.compile(
    r"support|help|info|contact|status|security|privacy|hello|press|sales|team|abuse|no-?reply|billing|service|account",
    re.IGNORECASE,
)


def _check_inside(subject: _Subject) -> Iterator[Advice]:
    if field := subject.find_field(_INTERNAL):
        text = "An internal name or address means nothing to customers, and helps attackers. Take it out."
        yield Advice(level="warn", field=field, text=text)
    for name, said in subject.fields:
        if any(not _SHARED_MAILBOXES.search(mailbox) for mailbox in _MAIL.findall(said)):
            yield Advice(
                level="warn",
                field=name,
                text="Is this somebody's own e-mail address? Give a shared one, or take it out.",
            )
            return


_ZONE_LABEL = re.compile(r"\d\s?(?:[ap]\.?m\.?)?\s?\(?\b(?:[PMCE][SD]T|[PMCE]T|BST|CES?T|IST)\b")
_OFFSET = re.compile(r"(?:UTC|GMT|Z)\b|[+−-]\d{1,2}:?\d{2}\b")


def _check_zone(subject: _Subject) -> Iterator[Advice]:
    field = subject.find_field(_ZONE_LABEL)
    if field and not _OFFSET.search(subject.said):
        text = "Add the time in UTC: letters like PST are read wrongly abroad, and in summer by everybody."
        yield Advice(level="hint", field=field, text=text)


CHECKS: tuple[Callable[[_Subject], Iterator[Advice]], ...] = (
    _check_secrets,
    _check_template,
    _check_affected,
    _check_action,
    _check_apology,
    _check_promise,
    _check_fix_time,
    _check_safety,
    _check_numbers,
    _check_sentences,
    _check_shouting,
    _check_blame,
    _check_inside,
    _check_zone,
)
