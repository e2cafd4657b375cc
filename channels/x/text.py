"""Texts as X counts, links and escapes them."""

from __future__ import annotations

import html
import re
import unicodedata

#: Weighted characters in a post, and those of a link in it whatever its length.
LONGEST_POST = 280
LINK_WEIGHT = 23

#: Code points that count one, as twitter-text's configuration v3 has them; every other counts two. twitter-text-parser
#: has the whole algorithm but cannot be imported: it needs pkg_resources, which setuptools no longer brings.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

#: A name becomes a link without its scheme too, where its end is one of a domain: a country's or one of these.
_ENDINGS = (
    "com|org|net|info|biz|edu|gov|io|co|app|dev|xyz|online|site|shop|store|tech|cloud|link|live|news|blog|page|chat|"
    "help|support|exchange|finance|money|trade|trading|bank|global|network|world|pro|top|vip|club|asia|eu|su|"
    "a[cdefgilmoqrstuwxz]|b[abdefghijmnorstvwyz]|c[acdfghiklmnoruvwxyz]|d[ejkmoz]|e[cegrst]|f[ijkmor]|"
    "g[abdefghilmnpqrstuwy]|h[kmnrtu]|i[delmnoqrst]|j[emop]|k[eghimnprwyz]|l[abcikrstuvy]|m[acdeghklmnopqrstuvwxyz]|"
    "n[acefgilopruz]|om|p[aefghklmnrstwy]|qa|r[eosuw]|s[abcdeghijklmnorstvxyz]|t[cdfghjklmnortvwz]|u[agksyz]|"
    "v[aceginu]|w[fs]|y[et]|z[amw]"
)
_NAME = r"(?<![\w@.])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}"
_REST = r"[\w\-./~!*';:=+,%#$&@|?()\[\]]*[\w=#/+\-]"
_PATH = rf"(?::\d{{1,5}})?(?:[/?]{_REST}|/)?"
_LINK = re.compile(rf"https?://{_REST}|{_NAME}(?:{_ENDINGS})(?![\w-]){_PATH}", re.IGNORECASE | re.ASCII)
#: What X surely takes for one link, and whatever it could.
_SURE = rf"(?<![\w@$#])https?://(?:[a-z0-9][a-z0-9-]{{0,62}}\.){{1,8}}(?:{_ENDINGS})(?![\w-]){_PATH}"
_LIKE_LINK = re.compile(rf"(?P<sure>{_SURE})|https?://|{_NAME}[a-z]{{2,}}{_PATH}", re.IGNORECASE | re.ASCII)
_BRACKETED = re.compile(r"\s*\(\s*\)")
_BULLET = re.compile(r"^([ \t]*)[-*+] ", re.MULTILINE)
_MENTIONS = re.compile(r"^(?:\s*@\w{1,20})+\s*")
#: What X escapes in the texts it hands out.
_ESCAPES = re.compile(r"&(?:amp|lt|gt);")


def weight(text: str) -> int:
    """Never less than X counts for a post, and exactly that but for emoji of several characters and unusual links.

    Markdown is counted as it will be rendered, where that is longer.
    """
    seen = unicodedata.normalize("NFC", _BULLET.sub(r"\1• ", text))
    return _heavy(seen) + sum(_more(link) for link in _LIKE_LINK.finditer(seen))


def _more(link: re.Match[str]) -> int:
    """By how much a link counts more than its characters; of an unusual one nobody knows how much of it is one."""
    if link["sure"]:
        return LINK_WEIGHT - _heavy(link[0])
    return LINK_WEIGHT if "://" in link[0] else max(0, LINK_WEIGHT - _heavy(link[0]))


def has_link(text: str) -> bool:
    """Whether X would show one, and charge for it."""
    return bool(_LINK.search(text))


def without_links(text: str) -> str:
    """The text without its links and the brackets around them."""
    lines = [_BRACKETED.sub("", _LINK.sub("", line)).rstrip() if has_link(line) else line for line in text.split("\n")]
    return "\n".join(lines).strip()


def unescaped(text: str) -> str:
    """The text as it was written."""
    return _ESCAPES.sub(lambda found: html.unescape(found[0]), text)


def without_mentions(text: str) -> str:
    """The text without the names at its head, which X puts there itself in a reply."""
    return _MENTIONS.sub("", text)


def _heavy(text: str) -> int:
    return sum(1 if any(low <= ord(one) <= high for low, high in _LIGHT) else 2 for one in text)
