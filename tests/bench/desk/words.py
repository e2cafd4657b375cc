"""What people and agents of an exchange write, put together from parts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

GREETINGS = {
    "en": ("Hello,", "Hi there,", "Good morning,", "Hey,", "Dear support,", ""),
    "zh": ("你好，", "您好，", "请问", "客服在吗？", "麻烦帮我看一下，", ""),
}
PROBLEMS = {
    "en": (
        "my withdrawal of {amount} {coin} has been pending for {hours} hours and nothing happens",
        "I sent {amount} {coin} to my deposit address and the balance still shows zero",
        "the app says my account is locked after I changed the password",
        "the identity check was rejected and the reason only says the photo is unclear",
        "I cannot log in because the code from the authenticator is refused every time",
        "somebody changed the e-mail address of my account and it was not me",
        "the order at {amount} was filled at another price than the one I set",
        "why is the fee for {coin} so much higher than last week",
        "the bank transfer of {amount} EUR arrived but was not credited to my wallet",
        "please tell me how long the review of my documents will take",
    ),
    "zh": (
        "我的提现{amount} {coin}已经{hours}个小时了还没有到账",
        "充值了{amount} {coin}，余额一直显示为零，麻烦查一下",
        "修改密码以后账户被锁定了，怎么解锁",
        "身份认证没有通过，提示照片不清楚，应该怎么重新上传",
        "谷歌验证码一直提示错误，登录不了",
        "有人改了我的邮箱，不是我本人操作，请马上冻结账户",
        "挂单价格是{amount}，成交价格却不一样，请解释一下",
        "为什么{coin}的手续费比上周高这么多",
        "银行转账{amount}欧元已经扣款，但是钱包没有到账",
        "我的资料还要审核多久，能不能快一点",
    ),
}
ENDINGS = {
    "en": ("Please help.", "Can you check this for me?", "The transaction is {hash}.", "Thank you in advance.", ""),
    "zh": ("请尽快处理。", "谢谢。", "交易哈希是{hash}。", "等你们的回复。", ""),
}
ANSWERS = {
    "en": (
        "Thank you for waiting. We are looking at it with the team and will come back to you within {hours} hours.",
        "The network is busy at the moment. Your {coin} is safe and will be credited after the next confirmations.",
        "Could you send us a screenshot of the page and the time when it happened?",
        "Your documents are in the queue. You need not do anything until we write again.",
        "It is done: the amount of {amount} {coin} stands in your wallet now.",
    ),
    "zh": (
        "感谢您的耐心等待，我们正在和技术团队核实，{hours}小时内会给您回复。",
        "目前网络比较拥堵，您的{coin}是安全的，确认之后会自动到账。",
        "麻烦您提供一下页面截图和发生的时间。",
        "您的资料已经在审核队列里，在我们通知之前不需要任何操作。",
        "已经处理好了，{amount} {coin}现在在您的钱包里。",
    ),
}
NOTES = (
    "Checked with the payments team, they see the transfer since this morning.",
    "风控已经确认，可以放行。",
    "User sounds upset, please be quick with this one.",
    "等上游通道恢复后再回复用户。",
)
TITLES = ("Withdrawal pending", "Deposit missing", "Account locked", "Identity check", "Order question", "Fees")
CATEGORIES = ("withdrawal", "deposit", "security", "identity", "trading", "fees")
COINS = ("BTC", "ETH", "USDT", "SOL", "XRP")
FIRST = (
    "Li",
    "Wang",
    "Maria",
    "Tom",
    "Aisha",
    "Chen",
    "Yuki",
    "Anna",
    "Omar",
    "Zoë",
    "Ivan",
    "Lucía",
    "张伟",
    "王芳",
    "刘洋",
)
LAST = ("Wei", "Smith", "García", "Zhao", "Müller", "Khan", "Novak", "Rossi", "Sato", "")


def asked(random: Random, language: str) -> str:
    """What a user writes."""
    parts = (random.choice(each[language]) for each in (GREETINGS, PROBLEMS, ENDINGS))
    return filled(random, " ".join(filter(None, parts)))


def answered(random: Random, language: str) -> str:
    """What an agent or the bot writes."""
    return filled(random, random.choice(ANSWERS[language]))


def name(random: Random) -> str:
    """Somebody."""
    return f"{random.choice(FIRST)} {random.choice(LAST)}".strip()


def filled(random: Random, text: str) -> str:
    """The text with amounts and the like."""
    return text.format(
        amount=f"{random.uniform(0.01, 9_000):.2f}",
        coin=random.choice(COINS),
        hours=random.randrange(2, 72),
        hash=hash_of(random) if "{hash}" in text else "",
    )


def hash_of(random: Random) -> str:
    """A transaction's."""
    return f"0x{random.getrandbits(256):064x}"


def pick(random: Random, words: Sequence[str]) -> str:
    """One of them, the first more often than the last."""
    return words[min(int(random.expovariate(1.0)), len(words) - 1)]
