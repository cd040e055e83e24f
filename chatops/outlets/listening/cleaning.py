"""Words from outside as they can be kept and shown: no control characters, no half characters, not endless."""

TEXT_CHARS = 10_000
NAME_CHARS = 100


def clean_text(text: str) -> str:
    whole = text[: 2 * TEXT_CHARS].replace("\r\n", "\n").encode("utf-8", "replace").decode()
    # The joiner holds emoji together.
    return "".join(each for each in whole if each in "\n\t\u200d" or each.isprintable())[:TEXT_CHARS].strip()


def clean_name(text: object) -> str:
    """One line; empty for what is no text."""
    return " ".join(clean_text(text[: 4 * NAME_CHARS]).split())[:NAME_CHARS] if isinstance(text, str) else ""
