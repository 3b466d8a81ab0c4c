"""Java's regular expressions as RE2's: the same language without look-around, back references and possessive
quantifiers, which are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from streamsql.functions.similar import BadPattern, check_regex

_CLASSES = {
    "Lower": "lower",
    "Upper": "upper",
    "ASCII": "ascii",
    "Alpha": "alpha",
    "Digit": "digit",
    "Alnum": "alnum",
    "Punct": "punct",
    "Graph": "graph",
    "Print": "print",
    "Blank": "blank",
    "Cntrl": "cntrl",
    "XDigit": "xdigit",
    "Space": "space",
}
_TOKEN = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\[pP]\{\w+\}|\\.|\(\?P?<[A-Za-z]\w*>|\(\?|\(|\[\^?\]?|\]|[^\\(\[\]]+", re.S
)


def java_regex(pattern: str) -> str:
    """The RE2 form of a Java pattern. Raises BadPattern for one that is wrong or that RE2 cannot express."""
    regex, inside = [], False
    for token in _tokens(pattern):
        if token.startswith(("\\p{", "\\P{")) and token[3:-1] in _CLASSES:
            named = f"[:{'^' if token[1] == 'P' else ''}{_CLASSES[token[3:-1]]}:]"
            regex.append(named if inside else f"[{named}]")
            continue
        if inside and (token.startswith("[") or "&&" in token):
            raise BadPattern(f"'{pattern}' combines character classes, which is not supported")
        inside = token.startswith("[") or (inside and token != "]")
        regex.append(token)
    text = "".join(regex)
    check_regex(text, pattern)
    return text


def groups(regex: str) -> int:
    """The number of capturing groups."""
    return sum(_captures(token, inside) for token, inside in _placed(regex))


def name_groups(regex: str) -> str:
    """The same with every unnamed capturing group named g1, g2 … (Arrow wants names)."""
    result, count = [], 0
    for token, inside in _placed(regex):
        if _captures(token, inside):
            count += 1
            token = f"(?P<g{count}>"
        result.append(token)
    return "".join(result)


def without_groups(regex: str) -> str:
    """The same with no group capturing: RE2's time grows with the number of groups that it has to note."""
    return "".join("(?:" if _captures(token, inside) else token for token, inside in _placed(regex))


def java_replacement(text: str, regex: str) -> str:
    """The RE2 form of a Java replacement: `$1` is a group, `\\` hides the next character."""
    result, place, known = [], 0, groups(regex)
    while place < len(text):
        char = text[place]
        place += 1
        if char == "\\" and place < len(text):
            result.append(_literal(text[place]))
            place += 1
        elif char == "$":
            digits = re.match(r"\d+", text[place:])
            if not digits:
                raise BadPattern(f"'{text}' has a $ without a group number")
            number = digits[0]
            while len(number) > 1 and int(number) > known:
                number = number[:-1]
            if int(number) > min(known, 9):
                raise BadPattern(f"'{text}' uses group {number}, the pattern has {known}")
            result.append(f"\\{int(number)}")
            place += len(number)
        else:
            result.append(_literal(char))
    return "".join(result)


def _literal(char: str) -> str:
    return "\\\\" if char == "\\" else char


def _tokens(pattern: str) -> Iterator[str]:
    place = 0
    while place < len(pattern):
        found = _TOKEN.match(pattern, place)
        if not found:
            raise BadPattern(f"'{pattern}' ends in a backslash")
        yield found[0]
        place = found.end()


def _placed(regex: str) -> Iterator[tuple[str, bool]]:
    """Every token, and whether it stands in brackets."""
    inside = False
    for token in _tokens(regex):
        yield token, inside
        inside = (token.startswith("[") and not inside) or (inside and token != "]")


def _captures(token: str, inside: bool) -> bool:
    return not inside and (token == "(" or token.startswith(("(?<", "(?P<")))
