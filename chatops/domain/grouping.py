"""Near-identical questions: what a text is about, as a set of words, and which group is close enough."""

import re
from collections.abc import Iterable

ALIKE = 0.6
"""Of all words of both, so many must be shared. Found by reading pairs: lower joins questions with other answers."""
MOST_WORDS = 30
LEAST_WORDS = 2
"""One word alone (“help!”) says too little to be the same question."""

_NOISE = re.compile(r"https?://\S+|@[\w.-]+|#(?=\w)|[^\w\s]|_")
_STOP_LINES = (
    "a about all also am an and any anyone are as at be been but by can cant could did do does dont for from get go",
    "got had has have hello help hey hi how i if im in into is it its ive just know let like me my no not now of",
    "off ok on or our out please plz pls really right should so some still team tell than thank thanks that the",
    "their them then there they this to too u up ur us was we were what whats when where which who why will with",
    "would yes you your youre",
)
_STOP = frozenset(word for line in _STOP_LINES for word in line.split())
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
"""Scripts without spaces between words: taken by pairs of characters."""


def find_gist(text: str) -> frozenset[str]:
    """The words that carry the meaning, cut to their stems; empty where there are too few to compare."""
    plain = _NOISE.sub(" ", text.casefold().replace("’", "").replace("'", ""))
    wide = {run[at : at + 2] for run in _WIDE.findall(plain) for at in range(max(1, len(run) - 1))}
    words = [_stem(word) for word in _WIDE.sub(" ", plain).split() if word not in _STOP and not word.isdigit()]
    gist = frozenset([*dict.fromkeys(words), *sorted(wide)][:MOST_WORDS])
    return gist if len(gist) >= LEAST_WORDS else frozenset()


def _stem(word: str) -> str:
    """`changed`, `changes` → `chang`: enough for English plurals and verbs, harmless elsewhere."""
    for ending in ("ing", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    return word.removesuffix("e") if len(word) > 4 else word


def find_group(gist: frozenset[str], groups: Iterable[tuple[int, frozenset[str]]]) -> int | None:
    """The most alike of those alike enough; the older one where two are."""
    best, found = ALIKE, None
    for number, other in groups:
        alike = len(gist & other) / len(gist | other) if gist else 0.0
        if alike > best or (alike == best and found is None):
            best, found = alike, number
    return found
