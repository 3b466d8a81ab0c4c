"""Web server log formats as regular expressions."""

from __future__ import annotations

import re

from streamsql.functions.similar import BadPattern

_COMMON = '%h %l %u %t "%r" %>s %b'
_FORMATS = {
    "COMMON": _COMMON,
    "COMMON WITH VHOST": f"%v {_COMMON}",
    "NCSA EXTENDED": f'{_COMMON} "%[Referer]i" "%[User-agent]i"',
    "REFERER": "%[Referer]i ---> %U",
    "AGENT": "%[User-agent]i",
}
_SPECIFIER = re.compile(r"%[<>]?(?:[\[{][^\]}]*[\]}])?[!,\d]*[A-Za-z]|%%")


def w3c_regex(format_: str) -> tuple[str, int]:
    """The RE2 form of a named format or an Apache log format, and the number of its fields. Raises BadPattern."""
    name = " ".join(format_.upper().split())
    if name == "IIS":
        raise BadPattern("the format IIS is not specified; write its fields as an Apache log format")
    format_ = _FORMATS.get(name, format_)
    regex, place, count = [], 0, 0
    for found in _SPECIFIER.finditer(format_):
        regex.append(re.escape(format_[place : found.start()]))
        place = found.end()
        if found[0] == "%%":
            regex.append("%")
            continue
        count += 1
        quoted = format_[found.start() - 1 : found.start()] == '"'
        regex.append(f"(?P<g{count}>{_field(found[0], quoted, place == len(format_))})")
    if not count:
        raise BadPattern(f"'{format_}' is no log format: it has no specifiers such as %h")
    return f"^{''.join(regex)}{re.escape(format_[place:])}$", count


def _field(specifier: str, quoted: bool, last: bool) -> str:
    if quoted:
        return r'(?:[^"\\]|\\.)*'
    if specifier[-1] == "t":
        return r"\[[^\]]*\]"
    if specifier[-1] in "ir":
        return ".*" if last else ".*?"
    return r"\S*"
