"""The tree of errors: caught by family, drawn in the docstring."""

import inspect
from datetime import timedelta

from chatops.domain import errors
from chatops.domain.errors import BadInput, BrokenChain, ChatopsError, NotSent, Refused, Uncertain


def test_every_error_is_in_the_family_and_drawn_in_the_docstring() -> None:
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__]
    assert all(issubclass(each, ChatopsError) for each in classes)
    drawn = errors.__doc__ or ""
    assert [each.__name__ for each in classes if each.__name__ not in drawn] == ["DeliveryError"]


def test_the_three_outcomes_are_told_apart() -> None:
    assert not issubclass(NotSent, Refused | Uncertain)
    assert NotSent("Later.", retry_after=timedelta(seconds=3)).retry_after == timedelta(seconds=3)


def test_errors_say_where() -> None:
    assert BadInput("Empty.", field="title").field == "title"
    broken = BrokenChain("Broken.", stream="incident:1", seq=4)
    assert (broken.stream, broken.seq, str(broken)) == ("incident:1", 4, "Broken.")
