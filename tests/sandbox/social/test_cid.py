"""Content ids: values that other implementations make."""

import pytest

from chatops.sandbox.social.cid import NotEncodable, encode, make_cid
from chatops.sandbox.wire import Json

# Made with libipld 3 and atproto 0.0.73.
KNOWN: list[tuple[Json, str]] = [
    ({}, "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"),
    (
        {
            "$type": "app.bsky.feed.post",
            "text": "Hello 👨‍👩‍👧‍👦",
            "createdAt": "2026-11-01T12:00:00.000Z",
            "langs": ["en"],
            "facets": [
                {
                    "index": {"byteStart": 0, "byteEnd": 5},
                    "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://acme.example"}],
                }
            ],
        },
        "bafyreif2uig74eus7wfpl7jhfgfvhzntiwjrx5n7b5ismi74v2xaxbf5tq",
    ),
]


@pytest.mark.parametrize(("record", "cid"), KNOWN)
def test_known_ids(record: Json, cid: str) -> None:
    assert make_cid(record) == cid


@pytest.mark.parametrize(
    ("value", "hexes"),
    [
        (0, "00"), (23, "17"), (24, "1818"), (255, "18ff"), (256, "190100"), (65536, "1a00010000"), (-1, "20"),
        (-100, "3863"), (2**32, "1b0000000100000000"), ("ü", "62c3bc"), (b"\x01", "4101"), (None, "f6"), (True, "f5"),
        (False, "f4"), ([1, [2]], "82018102"), ({"b": 1, "aa": 2, "a": 3}, "a361610361620162616102"),
        ({"$bytes": "AQ"}, "4101"),
    ],
)  # fmt: skip
def test_encoding(value: object, hexes: str) -> None:
    """https://www.rfc-editor.org/rfc/rfc8949#appendix-A, with the map order of DAG-CBOR."""
    assert encode(value).hex() == hexes


def test_links_have_their_tag() -> None:
    assert encode({"$link": make_cid({})}).hex().startswith("d82a582500017112")


@pytest.mark.parametrize("value", [1.5, 2**64, {"$link": "zQm"}, {"$link": "b1"}, object()])
def test_what_is_not_in_the_data_model(value: object) -> None:
    with pytest.raises(NotEncodable):
        encode(value)
