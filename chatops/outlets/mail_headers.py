"""Headers of a mail as they must be written: the library's own folding loses spaces and breaks long ids."""

from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import EmailPolicy, Policy


class _Verbatim(UnstructuredHeader, BaseHeader):
    """Ids on a line each: the library writes those over 78 characters as encoded words, which no reader takes."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self.replace(' ', f'{policy.linesep} ')}{policy.linesep}"


class _Subject(UnstructuredHeader, BaseHeader):
    """All of it in one run of encoded words: the library's own folding loses spaces, and they were approved."""

    def fold(self, *, policy: Policy) -> str:
        text = str(self)
        if text.isascii():
            return super().fold(policy=policy)
        encoded = Header(text, "utf-8", header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {encoded}{policy.linesep}"


def _build_policy() -> "EmailPolicy[EmailMessage]":
    registry = HeaderRegistry()
    for name in ("in-reply-to", "references", "list-id"):
        registry.map_to_type(name, _Verbatim)
    registry.map_to_type("subject", _Subject)
    return SMTP_POLICY.clone(header_factory=registry)


MAIL_POLICY = _build_policy()
