"""Markdown and HTML into Bitrix24's BBCode, which is all that a portal understands (§7.4, last lines).

What has no BBCode of its own becomes plain text; what is literal in the source stays literal.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from connector.domain.bbcode import BREAK, clean, escape

_FENCE = "```"
_RULE = "-" * 54 + "\n"
_SLOT = re.compile(
    r"\\(?P<sign>[\\`*_{}\[\]()<>#+\-.!|~])|`(?P<code>[^`\n]+)`"
    r"|!?\[(?P<title>[^\[\]\n]*)\]\((?P<href>[^()\s]+)\)|<(?P<auto>https?://[^<>\s]+)>"
)
_COMMENT = re.compile(r"<!--(?:(?!<!--).)*?-->", re.DOTALL)
# The standard reader takes quadratic time over tags that never end.
_UNCLOSED = re.compile(r"<(?![^<>]*>)")
_SLOT_MARK = re.compile("\ue000(\\d+)\ue001")
_STYLES = (
    (re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*"), r"[b]\1[/b]"),
    (re.compile(r"(?<!\w)__(?=\S)([^_\n]+?)(?<=\S)__(?!\w)"), r"[b]\1[/b]"),
    (re.compile(r"\*(?=\S)([^*\n]+?)(?<=\S)\*"), r"[i]\1[/i]"),
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)"), r"[i]\1[/i]"),
    (re.compile(r"~~(?=\S)([^~\n]+?)(?<=\S)~~"), r"[s]\1[/s]"),
    (re.compile(r"^#{1,6} +(.+)$", re.MULTILINE), r"[b]\1[/b]"),
    (re.compile(r"^> ?", re.MULTILINE), ">>"),
    (re.compile(r" {2,}$", re.MULTILINE), ""),
)


def from_markdown(text: str) -> str:
    """BBCode for common Markdown: emphasis, code, fences, links, quotes, headings as bold."""
    parts = text.replace("\r\n", "\n").replace("\ue000", "").replace("\ue001", "").split(_FENCE)
    fenced = len(parts) - 1 if len(parts) % 2 == 0 else len(parts)
    return "".join(
        _fence(part) if number % 2 and number < fenced else _inline(part) if number < fenced else _FENCE + _inline(part)
        for number, part in enumerate(parts)
    )


def from_html(text: str) -> str:
    """BBCode for HTML: b, i, u, s, code, a, br, p, blockquote, li; scripts and styles vanish. Never raises."""
    reader = _HtmlReader()
    reader.feed(_UNCLOSED.sub("&lt;", _COMMENT.sub("", text)))
    reader.close()
    return clean("".join(reader.out).strip())


def _fence(part: str) -> str:
    language, newline, body = part.partition("\n")
    return code(body if newline and re.fullmatch(r"[\w+#.-]*", language.strip()) else part)


def code(text: str) -> str:
    """A code block whose end cannot be forged from inside."""
    return "[code]" + re.sub(r"\[(?=/code\])", "[" + BREAK, text.strip("\n"), flags=re.IGNORECASE) + "[/code]"


def _inline(text: str) -> str:
    slots: list[str] = []

    def keep(found: re.Match[str]) -> str:
        slots.append(_slot(found))
        return f"\ue000{len(slots) - 1}\ue001"

    bbcode = escape(_SLOT.sub(keep, text))
    for pattern, replacement in _STYLES:
        bbcode = pattern.sub(replacement, bbcode)
    return _SLOT_MARK.sub(lambda found: slots[int(found[1])], bbcode)


def _slot(found: re.Match[str]) -> str:
    if found["sign"]:
        return "[" + BREAK if found["sign"] == "[" else found["sign"]
    if found["code"]:
        return code(found["code"])
    address = found["href"] or found["auto"]
    return clean(f"[url={address}]{escape(found['title'] or address)}[/url]")


_PAIRS = {
    **dict.fromkeys(("b", "strong"), "b"),
    **dict.fromkeys(("i", "em"), "i"),
    **dict.fromkeys(("u", "ins"), "u"),
    **dict.fromkeys(("s", "del", "strike"), "s"),
}
_BREAKING = frozenset({"p", "div", "tr", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table"})
_SILENT = frozenset({"script", "style", "head", "title", "template"})
_CODE = frozenset({"code", "pre"})


class _HtmlReader(HTMLParser):
    """Writes loose BBCode; :func:`clean` balances it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.code: list[str] | None = None
        self.silent = self.quotes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag in _CODE:
            self.code = [] if self.code is None else self.code
        elif tag in _PAIRS:
            self.put(f"[{_PAIRS[tag]}]")
        elif tag == "a":
            self.put(f"[url={_bare(dict(attrs).get('href'))}]")
        elif tag == "blockquote":
            self.quotes += 1
            self.break_line()
            self.put(_RULE if self.quotes == 1 else "")
        elif tag == "br":
            self.put("\n")
        elif tag == "li":
            self.put("\n• ")
        elif tag in _BREAKING:
            self.break_line()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _CODE and self.code is not None:
            text, self.code = "".join(self.code), None
            self.put(code(text))
        elif tag in _PAIRS:
            self.put(f"[/{_PAIRS[tag]}]")
        elif tag == "a":
            self.put("[/url]")
        elif tag == "blockquote" and self.quotes:
            self.quotes -= 1
            self.break_line()
            self.put(_RULE if self.quotes == 0 else "")
        elif tag in _BREAKING:
            self.break_line()

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if self.code is not None:
            self.code.append(data)
        else:
            self.put(escape(re.sub(r"\s+", " ", data)))

    def close(self) -> None:
        super().close()
        if self.code is not None:
            text, self.code = "".join(self.code), None
            self.put(code(text))

    def put(self, text: str) -> None:
        if self.code is None and not self.silent:
            self.out.append(text)

    def break_line(self) -> None:
        if self.out and not self.out[-1].endswith("\n"):
            self.put("\n")


def _bare(address: str | None) -> str:
    return re.sub(r"[\[\]\s]", "", address or "about:blank")
