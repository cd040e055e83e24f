"""What stands on a network: accounts and their posts, with every version ever shown."""

from dataclasses import dataclass, field

from chatops.sandbox.wire import Json


@dataclass(slots=True, kw_only=True)
class Account:
    id: str
    handle: str
    name: str
    followers: int = 0
    is_ours: bool = False
    created_at: float = 0.0

    def wire(self) -> Json:
        return {
            "id": self.id,
            "handle": self.handle,
            "name": self.name,
            "followers": self.followers,
            "is_ours": self.is_ours,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """`id` differs from the post's only where a network gives every edit an id of its own, as X does."""

    id: str
    text: str
    at: float


@dataclass(slots=True, kw_only=True)
class Post:
    """`facts` holds what only its own network knows of it."""

    id: str
    account: Account
    versions: list[Wording]
    created_at: float
    parent: "Post | None" = None
    quoted: "Post | None" = None
    reposted: "Post | None" = None
    deleted_at: float | None = None
    facts: Json = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.versions[-1].text

    @property
    def is_live(self) -> bool:
        return self.deleted_at is None

    @property
    def edited_at(self) -> float | None:
        return self.versions[-1].at if len(self.versions) > 1 else None

    @property
    def root(self) -> "Post":
        post = self
        while post.parent is not None:
            post = post.parent
        return post

    def wire(self, url: str) -> Json:
        return {
            "id": self.id,
            "account": self.account.wire(),
            "text": self.text,
            "created_at": self.created_at,
            "edited_at": self.edited_at,
            "deleted_at": self.deleted_at,
            "versions": [{"id": version.id, "text": version.text, "at": version.at} for version in self.versions],
            "parent_id": self.parent.id if self.parent else None,
            "root_id": self.root.id,
            "quoted_id": self.quoted.id if self.quoted else None,
            "reposted_id": self.reposted.id if self.reposted else None,
            "url": url,
        }
