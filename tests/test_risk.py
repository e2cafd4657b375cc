"""What is never guessed: security, money, law. Rules on a small policy, phrases on the example's own content."""

from __future__ import annotations

import pytest

from bot import policy
from bot.actions import Answer, Ask, Clarify, Decision, Escalate, TellStatus
from bot.conversation import Content
from bot.decision import decide, decide_at_once
from bot.dialogue import Dialogue
from bot.policy import RANK, Category, Fact, IntentPolicy, Policy
from bot.replies import Voice
from bot.settings import Decisions, Settings
from bot.situation import Situation
from bot.store import ticketing
from bot.understood import Entity, Guess, Understood
from channels.words import Owner

BOTH = {"en": "x", "zh": "y"}

POLICY = Policy(
    categories={
        "general": Category(title=BOTH),
        "money": Category(title=BOTH, priority="low", facts=("address",)),
        "security": Category(title=BOTH, priority="urgent"),
    },
    intents={
        "withdrawal_how": IntentPolicy(category="money"),
        "wrong_address": IntentPolicy(category="money"),
        "hacked": IntentPolicy(category="security"),
    },
    facts={"address": Fact(title=BOTH, ask=BOTH, entity="address")},
    phrases={
        "human": {"en": ("agent",), "zh": ("人工",)},
        "hacked": {"en": ("I was hacked",), "zh": ("账户被盗了",)},
    },
    risks={"hacked": "security", "wrong_address": "money"},
    tones={"angry": {"en": ("fed up",), "zh": ("受够了",)}},
)

LIMITS = Decisions(confident=0.4, certain=0.6, plausible=0.12, close=0.1)


def heard(*guesses: tuple[str, float], refused: bool = False, entities: tuple[Entity, ...] = ()) -> Understood:
    return Understood(tuple(Guess(*guess) for guess in guesses), entities, refused)


def said(text: str, understood: Understood | None, dialogue: Dialogue | None = None) -> tuple[Decision, Dialogue]:
    situation = Situation(
        owner=Owner.BOT,
        texts=tuple(text.splitlines()),
        dialogue=dialogue or Dialogue(),
        understood=understood,
        answerable=frozenset(POLICY.intents),
    )
    return decide_at_once(situation, POLICY, LIMITS) or decide(situation, POLICY, LIMITS)


def steps(topic: str = "hacked", **facts: str) -> Escalate:
    """The approved answer and a human."""
    return Escalate("policy", topic, facts, (topic,), topic)


def test_a_certain_risk_is_answered_and_ticketed() -> None:
    """The approved steps come first, the ticket in the same turn."""
    assert said("x", heard(("hacked", 0.6), ("withdrawal_how", 0.2)))[0] == steps()


def test_an_uncertain_risk_goes_to_a_human_unanswered() -> None:
    """What would do for another intent does not for a risk: neither the answer nor a question back."""
    assert said("x", heard(("withdrawal_how", 0.59)))[0] == Answer("withdrawal_how", 0.59)
    assert said("x", heard(("hacked", 0.59)))[0] == Escalate("risk", "hacked")
    assert said("x", heard(("hacked", 0.12)))[0] == Escalate("risk", "hacked")
    assert said("x", heard(("hacked", 0.11)))[0] == Escalate("unsure", None)


@pytest.mark.parametrize("confidence", [0.12, 0.9])
def test_a_refused_risk_goes_to_a_human(confidence: float) -> None:
    """Where the model would rather say nothing, a risk that it came near is still told."""
    assert said("x", heard(("hacked", confidence), refused=True))[0] == Escalate("risk", "hacked")


def test_a_risk_among_close_rivals_is_not_asked_back() -> None:
    """Nor does the rival's answer go out; a risk farther away may stand among the choices."""
    close = heard(("withdrawal_how", 0.45), ("wrong_address", 0.4))
    assert said("x", close)[0] == Escalate("risk", "wrong_address")
    far = heard(("withdrawal_how", 0.35), ("wrong_address", 0.2))
    assert said("x", far)[0] == Clarify(("withdrawal_how", "wrong_address"))


def test_a_risk_is_no_second_best() -> None:
    """That an answer did not help makes a risk no likelier: a human sees to it, after the facts."""
    _, memory = said("x", heard(("withdrawal_how", 0.7), ("wrong_address", 0.2)))
    decision, _ = said("no that did not help", heard(("didnt_help", 0.9)), memory)
    assert decision == Ask("address", first=True)


def test_a_risk_told_while_a_fact_is_asked_for_is_no_fact() -> None:
    """Also where the fact asked for stands in the same message, which goes along."""
    asking = Dialogue(topic="withdrawal_how", asking="address", asked=("address",), reason="unhelpful")
    told = heard(("wrong_address", 0.8), entities=(Entity("address", "T1", 0, 2),))
    assert said("T1 and that was wrong", told, asking)[0] == steps("wrong_address", address="T1")


@pytest.mark.parametrize(
    "text", ["i was hacked", "I was\n hacked!!", "Help!I was hacked, what now?", "我的账户被盗了，怎么办"]
)
def test_a_phrase_of_alarm_is_enough(text: str) -> None:
    """Within a message, in any burst, whatever Rasa says of it and without Rasa."""
    assert said(text.replace("\n", " "), None)[0] == steps()
    assert said(f"hello\n{text}".replace("\n ", " "), heard(("withdrawal_how", 0.9)))[0] == steps()


def test_a_phrase_of_alarm_comes_before_all_else() -> None:
    """A call for a human, a ticket's number, a fact asked for: the steps come with the human."""
    assert said("agent\ni was hacked", None)[0] == steps()
    assert said("FD-1001: i was hacked", None)[0] == steps()
    assert said("where is FD-1001?", None)[0] == TellStatus("FD-1001")
    assert said("i was hacked again", None, Dialogue(asking="address", asked=("address",)))[0] == steps()


@pytest.mark.parametrize(
    "text", ["how do I avoid being hacked", "i was hackedx", "mi was hacked", "账户被盗", "was hacked"]
)
def test_what_only_resembles_a_phrase_is_none(text: str) -> None:
    """A word that goes on, or a question about what has not happened, is left to Rasa."""
    assert said(text, heard(("withdrawal_how", 0.9)))[0] == Answer("withdrawal_how", 0.9)


def test_a_phrase_keeps_what_else_was_said() -> None:
    """Facts in the message reach the ticket with the alarm."""
    told = heard(entities=(Entity("address", "T1", 0, 2),))
    assert said("i was hacked, they sent it to T1", told)[0] == steps(address="T1")


def test_a_risk_has_priority() -> None:
    """At least high, whatever category or intent say; a higher one stays."""
    assert POLICY.priority_of("wrong_address") == "high"
    assert POLICY.priority_of("withdrawal_how") == "low"
    assert POLICY.priority_of("hacked") == "urgent"


@pytest.mark.parametrize(
    ("intent", "text", "raised", "priority"),
    [
        ("withdrawal_how", "how do I withdraw", 0, "low"),
        ("withdrawal_how", "I'm FED UP!", 0, "normal"),
        (None, "我真的受够了。", 0, "high"),
        ("wrong_address", "fed up", 0, "urgent"),
        ("hacked", "fed up", 0, "urgent"),
        ("withdrawal_how", "a fed upstart", 0, "low"),
        ("withdrawal_how", "fed up", 1, "high"),
        (None, "hello", 1, "high"),
        (None, "fed up", 2, "urgent"),
    ],
)
def test_a_tone_raises_by_one(intent: str | None, text: str, raised: int, priority: str) -> None:
    """To high at most, but with a risk; who the person is may raise it further; never past urgent."""
    assert POLICY.priority_for(intent, text, raised) == priority


@pytest.mark.parametrize("rank", range(4))
def test_a_tone_alone_never_makes_urgent(rank: int) -> None:
    """Whatever an intent without a risk starts from, unless it is urgent by itself."""
    own = POLICY.model_copy(update={"intents": {"x": IntentPolicy(category="money", priority=RANK[rank])}})
    assert own.priority_for("x", "fed up") == ("normal", "high", "high", "urgent")[rank]


def test_priorities_are_ranked_alike() -> None:
    """Where they are decided and where they are stored."""
    assert policy.RANK == ticketing.RANK


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("This is UNACCEPTABLE, two days now!", "angry"),
        ("我会去报警的", "threatens"),
        ("这是我的血汗钱啊", "desperate"),
        ("How long does a withdrawal take? That is all I have to ask.", None),
        ("怎么提现？", None),
    ],
)
def test_tone_of_the_example(content: Content, text: str, tone: str | None) -> None:
    """In both languages, and none where somebody only asks; the ticket names it among its facts."""
    voice = Voice(content.answers, content.policy, Settings().tickets, "en", "webchat", heard=text)
    ticket = voice.escalation(Escalate("human", None))
    assert ticket.facts.get("tone") == tone
    assert ticket.priority == ("high" if tone else "normal")
    wait = "1 hour" if tone else "4 hours"
    assert wait in voice.replies(Escalate("human", None))[0].text


@pytest.mark.parametrize(("language", "doubt"), [("en", "checksum does not fit"), ("zh", "校验码不符")])
def test_agents_see_risk_and_doubts(content: Content, language: str, doubt: str) -> None:
    """The ticket's facts tell the class, and which value failed which check, in the ticket's language."""
    voice = Voice(content.answers, content.policy, Settings().tickets, language, "webchat", heard="x")
    facts = {"address": "1A1z", "coin": "BTC"}
    decision = Escalate("risk", "withdrawal_wrong_address", facts, doubts={"1A1z": "checksum"})
    ticket = voice.escalation(decision)
    assert ticket.facts == {"address": f"1A1z ({doubt})", "coin": "BTC", "risk": "money"}
    assert ticket.priority == "urgent"
    assert doubt not in voice.replies(decision)[-1].text


def test_a_doubt_is_of_a_value() -> None:
    """It stays with the value over turns, and goes when the user sends another."""
    asking = Dialogue(topic="withdrawal_how", asking="address", asked=("address",), reason="unhelpful")
    wrong, right = Entity("address", "T1", 0, 2, "checksum"), Entity("address", "T2", 0, 2)
    decision, _ = said("T1", heard(entities=(wrong,)), asking)
    assert decision == Escalate("unhelpful", "withdrawal_how", {"address": "T1"}, doubts={"T1": "checksum"})
    _, memory = said("how, T1", heard(("withdrawal_how", 0.9), entities=(wrong,)))
    assert memory.doubts == {"T1": "checksum"}
    _, memory = said("no, T2", heard(("withdrawal_how", 0.9), entities=(right,)), memory)
    assert (memory.facts, memory.doubts) == ({"address": "T2"}, {})


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("HELP my account was hacked!!", "account_hacked"),
        ("what do I do if my account was hacked", "account_hacked"),
        ("I’ve been hacked and someone stole my coins", "account_hacked"),
        ("我的账户被盗了！", "account_hacked"),
        ("急急急，我的币被转走了，快帮我冻结", "account_hacked"),
        ("我的幣被轉走了", "account_hacked"),
        ("I think I was scammed on Telegram", "scam_victim"),
        ("我被骗了5000U", "scam_victim"),
        ("oh no, I clicked on a phishing link", "phishing_report"),
        ("收到钓鱼邮件，冒充你们", "phishing_report"),
        ("Refund me or I'll sue you.", "legal_threat"),
        ("再不处理我就法院见", "legal_threat"),
    ],
)
def test_the_examples_alarms(content: Content, text: str, intent: str) -> None:
    """Capitals, marks and whatever stands around them do not hide what has happened."""
    assert content.policy.alarm(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "how do I avoid being hacked",
        "how to prevent my account from being hacked?",
        "can my account be hacked?",
        "如何防止账户被盗",
        "怎么避免被骗",
        "what is a phishing site",
        "is it a scam?",
        "do I need a lawyer to open a business account",
        "你们合法吗",
    ],
)
def test_the_examples_harmless_questions(content: Content, text: str) -> None:
    """Somebody who asks beforehand gets an answer, no alarm."""
    assert content.policy.alarm(text) is None


def test_there_are_alarms_enough(content: Content) -> None:
    """Four kinds of risk, each with eight phrases in every language, are known without Rasa."""
    alarms = {intent: said for intent, said in content.policy.phrases.items() if intent in content.policy.risks}
    assert alarms.keys() == {"account_hacked", "scam_victim", "phishing_report", "legal_threat"}
    for said in alarms.values():
        assert all(len(set(said[language])) >= 8 for language in ("en", "zh"))
