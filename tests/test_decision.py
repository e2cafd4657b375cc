"""The rules, one by one, on a small policy of their own."""

from __future__ import annotations

import re

import pytest

from bot.actions import (
    Answer,
    Ask,
    Clarify,
    Decision,
    Escalate,
    Say,
    Silence,
    SwitchLanguage,
    TellStatus,
)
from bot.decision import decide, decide_at_once
from bot.dialogue import Dialogue
from bot.policy import Category, Fact, IntentPolicy, Policy
from bot.settings import Decisions
from bot.situation import Situation
from bot.understood import Entity, Guess, Understood
from channels.words import Owner

BOTH = {"en": "x", "zh": "y"}

POLICY = Policy(
    categories={
        "general": Category(title=BOTH),
        "deposit": Category(title=BOTH, facts=("coin", "tx_hash")),
        "security": Category(title=BOTH, priority="urgent"),
        "fees": Category(title=BOTH),
    },
    intents={
        "deposit_missing": IntentPolicy(category="deposit"),
        "deposit_time": IntentPolicy(category="deposit"),
        "trading_fee": IntentPolicy(category="fees"),
        "account_hacked": IntentPolicy(category="security", then="escalate"),
    },
    facts={
        "coin": Fact(title=BOTH, ask=BOTH, entity="coin"),
        "tx_hash": Fact(title=BOTH, ask=BOTH, pattern=re.compile(r"0x[0-9a-f]{8,}")),
    },
    phrases={"human": {"en": ("agent", "talk to a human"), "zh": ("人工", "转人工")}},
)

ANSWERABLE = frozenset({*POLICY.intents, "greet"})

LIMITS = Decisions(confident=0.5, plausible=0.2, close=0.1)


def heard(*guesses: tuple[str, float], **entities: str) -> Understood:
    return Understood(
        tuple(Guess(*guess) for guess in guesses),
        tuple(Entity(name, value, 0, 1) for name, value in entities.items()),
    )


def said(
    text: str,
    understood: Understood | None = None,
    dialogue: Dialogue | None = None,
    *,
    owner: Owner = Owner.BOT,
    choice: str | None = None,
    pressed: bool = False,
    files: int = 0,
) -> tuple[Decision, Dialogue]:
    situation = Situation(
        owner=owner,
        texts=tuple(text.splitlines()),
        dialogue=dialogue or Dialogue(),
        understood=understood,
        choice=choice,
        pressed=pressed or choice is not None,
        files=files,
        answerable=ANSWERABLE,
    )
    return decide_at_once(situation, POLICY, LIMITS) or decide(situation, POLICY, LIMITS)


@pytest.mark.parametrize("owner", [Owner.QUEUE, Owner.AGENT])
def test_the_bot_is_silent_where_a_human_answers(owner: Owner) -> None:
    """Neither a sure intent nor a call for a human makes it speak, and it forgets nothing."""
    memory = Dialogue(topic="deposit_time")
    assert said("agent", heard(("human", 0.99)), memory, owner=owner) == (Silence(), memory)


def test_a_sure_intent_is_answered() -> None:
    """The next best guesses are remembered for "that didn't help"."""
    decision, memory = said("how long", heard(("deposit_time", 0.8), ("deposit_missing", 0.15)))
    assert decision == Answer("deposit_time", 0.8)
    assert memory.topic == "deposit_time"
    assert memory.candidates == ("deposit_missing",)


def test_close_intents_are_a_choice_for_the_user() -> None:
    """Two guesses within the margin are offered even where the best one alone would do."""
    decision, memory = said("deposit", heard(("deposit_time", 0.55), ("deposit_missing", 0.5)))
    assert decision == Clarify(("deposit_time", "deposit_missing"))
    assert memory.last == "question"


def test_likely_but_unsure_is_asked_back_at_most_three() -> None:
    """A single likely guess is confirmed; more than three are too many to read."""
    assert said("x", heard(("deposit_time", 0.4), ("trading_fee", 0.1)))[0] == Clarify(("deposit_time",))
    many = heard(("deposit_time", 0.24), ("trading_fee", 0.23), ("deposit_missing", 0.22), ("account_hacked", 0.21))
    assert said("x", many)[0] == Clarify(("deposit_time", "trading_fee", "deposit_missing"))


def test_unclear_twice_goes_to_a_human() -> None:
    """The bot asks back once, never in a loop."""
    unclear = heard(("deposit_time", 0.4))
    _, memory = said("x", unclear)
    assert said("y", unclear, memory)[0] == Escalate("unsure", None)


def test_no_likely_intent_goes_to_a_human() -> None:
    """What the bot does not know it does not guess."""
    assert said("what is the weather", heard(("deposit_time", 0.1)))[0] == Escalate("unsure", None)


def test_rasa_down_goes_to_a_human() -> None:
    """Silence from Rasa is told, not covered up."""
    assert said("how long does it take", None)[0] == Escalate("down", None)


@pytest.mark.parametrize("text", ["agent", "Agent!", "人工", "  转人工。", "TALK to a human"])
def test_a_human_is_one_phrase_away_even_without_rasa(text: str) -> None:
    """Case and punctuation do not matter, and facts being collected do not stand in the way."""
    collecting = Dialogue(topic="deposit_missing", asking="coin", asked=("coin",))
    decision, _ = said(text, None, collecting)
    assert isinstance(decision, Escalate)
    assert decision.reason == "human"


def test_the_intent_for_a_human_needs_to_be_likely_only() -> None:
    """Offering choices to someone who seems to ask for a human would be blocking the way."""
    assert said("someone real pls", heard(("human", 0.3), ("trading_fee", 0.05)))[0] == Escalate("human", None)


def test_a_button_is_what_it_says() -> None:
    """A pressed intent is answered without any parse, a number presses the button shown in that place."""
    assert said("", None, choice="intent:trading_fee")[0] == Answer("trading_fee", 1.0)
    shown = Dialogue(offered=("intent:deposit_time", "human"))
    assert said("1", None, shown)[0] == Answer("deposit_time", 1.0)
    assert said("2", None, shown)[0] == Escalate("human", None)


def test_a_button_for_an_intent_that_is_gone_says_so() -> None:
    """Buttons outlive the content they were made from."""
    assert said("", None, choice="intent:removed")[0] == Say("choice_expired")


def test_that_didnt_help_leads_to_the_next_best_and_then_to_a_human() -> None:
    """The second answer is another one, and after the last the facts are collected."""
    _, memory = said("how long", heard(("deposit_time", 0.7), ("trading_fee", 0.2)))
    decision, memory = said("", None, memory, choice="didnt_help")
    assert decision == Answer("trading_fee", another=True)
    decision, memory = said("agent", None, memory)
    assert decision == Escalate("human", "deposit_time", tried=("deposit_time", "trading_fee"))


def test_what_else_was_tried_does_not_change_whose_business_it_is() -> None:
    """The ticket and the facts asked for belong to what the user came with."""
    _, memory = said("how long", heard(("deposit_time", 0.7), ("trading_fee", 0.2)))
    _, memory = said("", None, memory, choice="didnt_help")
    assert said("no that is wrong", heard(("didnt_help", 0.9)), memory)[0] == Ask("coin", first=True)


def test_facts_are_collected_before_a_human_is_called() -> None:
    """What was said already is not asked again, what is said in passing is taken, and all of it reaches the ticket."""
    _, memory = said("my BTC deposit is missing", heard(("deposit_missing", 0.9), coin="BTC"))
    decision, memory = said("", None, memory, choice="didnt_help")
    assert decision == Ask("tx_hash", first=True)
    decision, _ = said("it is 0xabcdef1234", heard(("trading_fee", 0.3)), memory)
    assert decision == Escalate(
        "unhelpful", "deposit_missing", {"coin": "BTC", "tx_hash": "0xabcdef1234"}, ("deposit_missing",)
    )


def test_a_fact_in_the_users_own_words_is_kept() -> None:
    """Whatever is answered to a question about a fact counts, and can be skipped."""
    asking = Dialogue(topic="deposit_missing", asking="coin", asked=("coin",), reason="unhelpful")
    decision, memory = said("some meme token", heard(("deposit_time", 0.3)), asking)
    assert decision == Ask("tx_hash", first=False)
    assert memory.facts == {"coin": "some meme token"}
    decision, _ = said("", None, memory, choice="skip")
    assert isinstance(decision, Escalate)
    assert decision.facts == {"coin": "some meme token"}


def test_a_number_is_an_answer_where_a_fact_is_asked_for() -> None:
    """It presses no button then, and a long one never does."""
    asking = Dialogue(topic="deposit_missing", asking="coin", asked=("coin",), offered=("skip", "human"))
    decision, memory = said("1", heard(("deposit_time", 0.1)), asking)
    assert (decision, memory.facts) == (Ask("tx_hash", first=False), {"coin": "1"})
    shown = Dialogue(offered=("intent:deposit_time", "human"))
    assert said("0012345678", heard(("trading_fee", 0.9)), shown)[0] == Answer("trading_fee", 0.9)


def test_facts_of_another_topic_are_forgotten() -> None:
    """A coin named in last week's question is not the coin of today's."""
    _, memory = said("how long does BTC take", heard(("deposit_time", 0.9), coin="BTC"))
    _, memory = said("and the fee", heard(("trading_fee", 0.9)), memory)
    assert memory.facts == {}


@pytest.mark.parametrize("intent", ["deny", "didnt_help"])
def test_not_knowing_a_fact_skips_it(intent: str) -> None:
    """No coin is called "I don't have it"."""
    asking = Dialogue(topic="deposit_missing", asking="coin", asked=("coin",), reason="unhelpful")
    decision, memory = said("I don't have it", heard((intent, 0.9)), asking)
    assert (decision, memory.facts) == (Ask("tx_hash", first=False), {})


def test_a_wish_while_a_fact_is_asked_for_is_met() -> None:
    """Another language or a ticket's state is no fact, and thanks is none either; the question stays open."""
    asking = Dialogue(topic="deposit_missing", asking="coin", asked=("coin",), reason="unhelpful")
    decision, memory = said("speak Chinese", heard(("switch_language", 0.9), language="zh"), asking)
    assert (decision, memory.asking) == (SwitchLanguage("zh"), "coin")
    decision, memory = said("hi", heard(("greet", 0.9)), asking)
    assert (decision, memory.asking) == (Answer("greet", 0.9), "coin")


def test_another_question_ends_the_collecting() -> None:
    """A sure question about something else is answered instead of being taken for a fact."""
    asking = Dialogue(topic="deposit_missing", asking="coin", asked=("coin",), reason="unhelpful")
    decision, memory = said("what are your trading fees", heard(("trading_fee", 0.9)), asking)
    assert decision == Answer("trading_fee", 0.9)
    assert memory.asking is None


def test_an_intent_that_escalates_is_answered_and_ticketed() -> None:
    """The approved safety steps come first, the ticket in the same turn."""
    decision, _ = said("hacked!", heard(("account_hacked", 0.9)))
    assert decision == Escalate("policy", "account_hacked", tried=("account_hacked",), answer="account_hacked")


def test_a_ticket_number_is_a_question_for_its_status() -> None:
    """With or without Rasa, in any case, inside a sentence of any language."""
    assert said("where is fd-1042?", None)[0] == TellStatus("FD-1042")
    assert said("我的FD-1042怎么样了", heard(("deposit_time", 0.9)))[0] == TellStatus("FD-1042")
    assert said("any news on my ticket", heard(("ticket_status", 0.8)))[0] == TellStatus(None)


def test_a_language_can_be_asked_for() -> None:
    """The entity names it; without one the bot asks which."""
    assert said("speak chinese", heard(("switch_language", 0.8), language="zh"))[0] == SwitchLanguage("zh")
    assert said("another language", heard(("switch_language", 0.8)))[0] == SwitchLanguage(None)


def test_a_call_for_a_human_is_heard_in_a_burst() -> None:
    """One of several messages that came together is enough."""
    assert said("hello\nagent", None)[0] == Escalate("human", None)


def test_a_button_that_was_never_offered_is_told_so() -> None:
    """A forged payload does nothing."""
    assert said("", None, pressed=True)[0] == Say("choice_expired")


@pytest.mark.parametrize("text", ["😀😀", "???", "..."])
def test_without_words_there_is_nothing_to_understand(text: str) -> None:
    """The model is not asked to guess what a smiley means."""
    assert said(text, heard(("deposit_time", 0.99)))[0] == Say("no_words")


def test_a_file_alone_is_acknowledged() -> None:
    """The bot says that it cannot look inside, or repeats the question it was sent in answer to."""
    assert said("", None, files=1)[0] == Say("file_only")
    asking = Dialogue(topic="deposit_missing", asking="coin", asked=("coin",))
    assert said("", None, asking, files=1)[0] == Ask("coin", first=False)


def test_yes_and_no_after_an_answer() -> None:
    """No means that it did not help, yes that it did; both only right after it."""
    after = Dialogue(topic="trading_fee", tried=("trading_fee",), last="answer")
    assert said("yes", heard(("affirm", 0.9)), after) == (Say("glad"), Dialogue())
    assert said("no", heard(("deny", 0.9)), after)[0] == Escalate("unhelpful", "trading_fee", tried=("trading_fee",))
    _, later = said("hi", heard(("greet", 0.9)), after)
    assert said("no", heard(("deny", 0.9)), later)[0] == Say("how_can_i_help")


def test_yes_and_no_after_a_question_back() -> None:
    """Yes takes the only suggestion and cannot choose between two; no means that none was right."""
    one = Dialogue(candidates=("trading_fee",), last="question")
    assert said("yes", heard(("affirm", 0.9)), one)[0] == Answer("trading_fee", 1.0)
    two = Dialogue(candidates=("trading_fee", "deposit_time"), last="question")
    assert said("yes", heard(("affirm", 0.9)), two)[0] == Clarify(("trading_fee", "deposit_time"))
    assert said("no", heard(("deny", 0.9)), one)[0] == Escalate("unsure", None)


@pytest.mark.parametrize(
    ("text", "number"),
    [("How LONG?", None), ("fd-1042", "FD-1042"), ("还要多久", None), ("status FD-1042?", "FD-1042")],
)
def test_asking_how_long_is_answered_in_the_queue_alone(text: str, number: str | None) -> None:
    """It is told without Rasa while nobody has come, and is the human's business once somebody has."""
    policy = Policy(**{**dict(POLICY), "how_long": {"en": ("how long", "status"), "zh": ("还要多久",)}})

    def decision(owner: Owner, said: str = text) -> Decision | None:
        decided = decide_at_once(Situation(owner, (said,), Dialogue()), policy, Decisions())
        return decided[0] if decided else None

    assert decision(Owner.QUEUE) == TellStatus(number)
    assert decision(Owner.AGENT) == Silence()
    assert decision(Owner.QUEUE, f"{text} until my deposit of 7 BTC") == Silence()
