from __future__ import annotations

import pytest

from bot.errors import Refused
from bot.training.asked import Asked
from bot.training.comparison import OUT_OF_SCOPE, worse
from bot.training.evaluation import Evaluation
from tests.training.answers import asked


def sitting(*said: str | None, expected: str | None = "a") -> list[Asked]:
    """Answers to as many questions of one intent."""
    return [asked(expected, answer, text=f"{expected} {number}") for number, answer in enumerate(said)]


def evaluation(*answers: list[Asked]) -> Evaluation:
    return Evaluation(asked=tuple(one for those in answers for one in those))


def test_the_same_model_is_not_worse() -> None:
    """Nor is a better one."""
    live = evaluation(sitting("a", "b", None))
    assert worse(live, live) == []
    assert worse(evaluation(sitting("a", "a", "a")), live) == []


@pytest.mark.parametrize(("lost", "refused"), [(3, False), (4, True)])
def test_a_model_that_knows_less_is_refused(lost: int, refused: bool) -> None:  # noqa: FBT001 - a parameter
    """Of 1,000 questions three fewer are within the tolerance, four are not; the intent is named either way."""
    live = evaluation(sitting(*["a"] * 1000))
    found = worse(evaluation(sitting(*[None] * lost, *["a"] * (1000 - lost))), live)
    assert any(one.refuses for one in found) is refused
    assert [one.what for one in found] == (["right", "a"] if refused else ["a"])
    assert found[-1].live - found[-1].new == lost
    assert [one.text for one in found[-1].lost] == [f"a {number}" for number in range(lost)]


def test_a_model_that_is_wrong_more_often_is_refused() -> None:
    """Even where it is right as often: what was refused is now answered wrongly."""
    live = evaluation(sitting(*["a"] * 990, *[None] * 10))
    (found,) = worse(evaluation(sitting(*["a"] * 990, *["b"] * 10)), live)
    assert (found.what, found.live, found.new, found.asked, found.refuses) == ("wrong", 0, 10, 1000, True)
    assert [one.guess for one in found.lost] == ["b"] * 10


def test_what_is_out_of_scope_counts() -> None:
    """Answering it is a loss as any other, of a group of its own."""
    live = evaluation(sitting("a"), sitting(None, None, expected=None))
    found = worse(evaluation(sitting("a"), sitting("a", None, expected=None)), live)
    assert [(one.what, one.live, one.new) for one in found] == [("right", 3, 2), ("wrong", 0, 1), (OUT_OF_SCOPE, 2, 1)]


def test_intents_are_named_by_their_net_loss() -> None:
    """The worst first; one that gains as much as it loses is not named, and none of them refuses the model."""
    live = evaluation(sitting("b", "a"), sitting("b", "b", expected="b"), sitting(*"cc", "x", "x", "x", expected="c"))
    new = evaluation(sitting("a", "b"), sitting("a", "a", expected="b"), sitting("c", "x", "x", "x", "x", expected="c"))
    intents = [one for one in worse(new, live) if not one.refuses]
    assert [(one.what, one.live, one.new) for one in intents] == [("b", 2, 0), ("c", 2, 1)]


def test_only_questions_of_both_are_compared() -> None:
    """A question that was written since is no loss."""
    live = evaluation(sitting("a"))
    assert worse(evaluation(sitting("a", "b", "b")), live) == []


def test_models_that_were_asked_nothing_in_common_are_not_compared() -> None:
    """Else every model would pass."""
    with pytest.raises(Refused, match="present exam"):
        worse(evaluation(sitting("a")), evaluation(sitting("b", expected="b")))
