"""Which outlets are paused: the fold of the stream of outlets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.chain import link
from chatops.domain.errors import IllegalMove
from chatops.domain.ids import OUTLETS
from chatops.domain.pauses import fold_pauses, pause, resume
from chatops.domain.records import AnyData, IncidentResolved, OutletPaused, OutletResumed, Record
from tests.builders import ANA, EMAIL, MASTODON, minute


def write(*data: AnyData) -> list[Record]:
    records: list[Record] = []
    for number, each in enumerate(data):
        before = records[-1] if records else None
        records.append(link(before, stream=OUTLETS, at=minute(number), actor=ANA.id, data=each, salt=bytes(16)))
    return records


def test_a_pause_says_who_when_and_why_until_it_is_resumed() -> None:
    records = write(OutletPaused(outlet=EMAIL, reason="Locked out."))
    found = fold_pauses(records)[EMAIL]
    assert (found.outlet, found.reason, found.by, found.at) == (EMAIL, "Locked out.", ANA.id, minute(0))
    assert fold_pauses(write(OutletPaused(outlet=EMAIL, reason="No."), OutletResumed(outlet=EMAIL))) == {}


def test_pausing_twice_or_resuming_what_runs_is_refused() -> None:
    pauses = fold_pauses(write(pause({}, EMAIL, "Locked out.")))
    with pytest.raises(IllegalMove, match="email is paused already: Locked out"):
        pause(pauses, EMAIL, "Again.")
    with pytest.raises(IllegalMove, match="mastodon is not paused"):
        resume(pauses, MASTODON)
    assert resume(pauses, EMAIL).outlet == EMAIL


def test_other_records_and_resumes_of_nothing_are_no_error() -> None:
    assert fold_pauses(write(OutletResumed(outlet=EMAIL), IncidentResolved())) == {}


@given(st.lists(st.tuples(st.sampled_from([EMAIL, MASTODON]), st.booleans()), max_size=20))
def test_the_last_word_about_an_outlet_counts(moves: list[tuple[str, bool]]) -> None:
    data = [
        OutletPaused(outlet=outlet, reason="r") if stops else OutletResumed(outlet=outlet)  # type: ignore[arg-type]
        for outlet, stops in moves
    ]
    last = dict(moves)
    assert set(fold_pauses(write(*data))) == {outlet for outlet, stops in last.items() if stops}
