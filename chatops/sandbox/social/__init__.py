"""Social networks as stand-ins: their public wire protocols below /social/NETWORK, and customers who write there.

Each network takes the tokens of `SocialSettings`; `Social.list_base_urls()` says where each one stands. People write
through `POST /social/NETWORK/customer` and the page /social; `GET /social/NETWORK/posts` shows all posts as JSON.
"""
