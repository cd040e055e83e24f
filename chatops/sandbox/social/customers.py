"""People who are not us: they post, answer, quote, repost, edit and delete, as anybody can on a network."""

import re
from collections.abc import Mapping
from typing import Any

from chatops.sandbox.social.network import Network
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.wire import Json, Refused

NAME_CHARS_MOST = 60
DEEDS = ("post", "edit", "delete", "repost")


class Customers:
    def __init__(self, networks: Mapping[str, Network]) -> None:
        self._networks = networks

    def act(self, network_name: str, wish: Json) -> Post:
        """What POST /social/NETWORK/customer asks for; `do` is one of DEEDS, `post` where it is missing."""
        deed = wish.get("do", "post")
        text = str(wish.get("text") or "")
        if deed == "edit":
            return self.edit(network_name, str(wish.get("id")), text)
        if deed == "delete":
            return self.delete(network_name, str(wish.get("id")))
        if deed not in DEEDS:
            raise Refused(f"`do` is one of: {', '.join(DEEDS)}.")
        person: dict[str, Any] = {
            "name": str(wish.get("name") or ""),
            "handle": str(wish.get("handle") or ""),
            "followers": _read_followers(wish.get("followers")),
        }
        if deed == "repost":
            return self.repost(network_name, str(wish.get("id")), **person)
        reply_to, quote = wish.get("reply_to"), wish.get("quote")
        return self.post(
            network_name,
            text,
            reply_to=str(reply_to) if reply_to else None,
            quote=str(quote) if quote else None,
            **person,
        )

    def post(
        self,
        network_name: str,
        text: str,
        *,
        name: str = "",
        handle: str = "",
        followers: int = 0,
        reply_to: str | None = None,
        quote: str | None = None,
    ) -> Post:
        network = self._get_network(network_name)
        parent = self._find(network, reply_to) if reply_to else None
        quoted = self._find(network, quote) if quote else None
        words = _require_text(network, _begin_reply(network, parent, text))
        account = self._get_account(network, name, handle, followers)
        post_id = network.new_post_id(account, parent)
        finish = network.customer_posted
        return network.feed.add(account, words, post_id=post_id, parent=parent, quoted=quoted, prepare=finish)

    def repost(self, network_name: str, post_id: str, *, name: str = "", handle: str = "", followers: int = 0) -> Post:
        network = self._get_network(network_name)
        original = self._find(network, post_id)
        account = self._get_account(network, name, handle, followers)
        new_id = network.new_repost_id(account)
        finish = network.customer_posted
        return network.feed.add(account, original.text, post_id=new_id, reposted=original, prepare=finish)

    def edit(self, network_name: str, post_id: str, text: str) -> Post:
        network = self._get_network(network_name)
        post = self._find_own(network, post_id)
        network.feed.edit(post, _require_text(network, text), version_id=network.new_version_id())
        network.customer_posted(post)
        return post

    def delete(self, network_name: str, post_id: str) -> Post:
        network = self._get_network(network_name)
        post = self._find_own(network, post_id)
        network.remove(post)
        return post

    def _get_network(self, name: str) -> Network:
        network = self._networks.get(name)
        if network is None:
            raise Refused(f"There is no network “{name}”; there are: {', '.join(self._networks)}.")
        if not network.takes_customers:
            raise Refused(f"On {network.label} customers cannot write.")
        return network

    def _find(self, network: Network, post_id: str) -> Post:
        post = network.feed.find(post_id)
        if post is None:
            raise Refused(f"That post is not on {network.label}, or no longer.")
        return post

    def _find_own(self, network: Network, post_id: str) -> Post:
        post = self._find(network, post_id)
        if post.account.is_ours:
            raise Refused("A customer can change only what customers wrote.")
        return post

    def _get_account(self, network: Network, name: str, handle: str, followers: int) -> Account:
        shown = name.strip() or handle.strip().lstrip("@")
        if not shown or len(shown) > NAME_CHARS_MOST:
            raise Refused(f"Say who writes: a name of at most {NAME_CHARS_MOST} characters.")
        known = handle.strip().lstrip("@") or re.sub(r"[^a-z0-9_]", "", shown.lower()) or "customer"
        if not re.fullmatch(network.handle_pattern, known):
            raise Refused("A handle has letters, digits, dots, dashes and underscores only.")
        known = network.complete_handle(known)
        found = network.feed.find_account(known)
        if found is not None and found.is_ours:
            raise Refused(f"@{known} is our own account: a customer needs another handle.")
        return network.feed.get_account(known, shown, followers, account_id=network.new_account_id(known))


def _begin_reply(network: Network, parent: Post | None, text: str) -> str:
    if parent is None or not network.reply_names_author:
        return text
    name = f"{network.mention_sign}{parent.account.handle}"
    return text if name.lower() in text.lower() else f"{name} {text}"


def _require_text(network: Network, text: str) -> str:
    words = text.strip()
    if not words:
        raise Refused("Write something first.")
    if network.count(words) > network.text_chars:
        raise Refused(f"{network.label} takes {network.text_chars} characters; this has {network.count(words)}.")
    return words


def _read_followers(given: object) -> int:
    text = str(given or 0)
    if not text.isdecimal() or len(text) > 12:
        raise Refused("`followers` is a number.")
    return int(text)
