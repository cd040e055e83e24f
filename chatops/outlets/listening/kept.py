"""A mention as it was kept, for networks that cannot be asked how it stands now."""

from chatops.domain.mention import Author, KeptMention, Mention


def recall(mention: KeptMention) -> Mention | None:
    """None: it was deleted. The ledger of mentions does not hold the author."""
    if not mention.is_live:
        return None
    return Mention(
        id=mention.remote_id,
        author=Author(id="", handle=""),
        text=mention.text,
        posted_at=mention.posted_at,
        kind=mention.kind,
        url=mention.url,
        parent=mention.parent,
    )
