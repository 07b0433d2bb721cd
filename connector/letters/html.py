"""A stranger's HTML into BBCode with marks: nothing runs, nothing is fetched, nothing hidden is shown.

nh3 (html5ever) makes it a balanced tree of few tags; then containers of quotes and signatures are told by what each
mail program calls them (facts/providers.md §4.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from html.parser import HTMLParser
from types import MappingProxyType

import nh3

from connector.domain.markup import from_html
from connector.letters import marks

_DEEPEST = 200  # nh3 takes quadratic time over nesting
_TAGGED = 20_000  # tags: what comes after so many is text, for no person writes more
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*)[^<>]*>")
# Elements that HTML closes by itself: their number without an end tells nothing about depth.
_FLAT = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
        "wbr", "p", "li", "dd", "dt", "tr", "td", "th", "tbody", "thead", "tfoot", "option",
    }
)  # fmt: skip
_TAGS = frozenset(
    {
        "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
        "img", "ins", "li", "ol", "p", "pre", "s", "span", "strike", "strong", "table", "tbody", "td", "th",
        "thead", "tr", "u", "ul", "center", "font",
    }
)  # fmt: skip
_SILENT = frozenset(
    {
        "script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "embed", "iframe",
        "form", "select", "textarea",
    }
)  # fmt: skip
_KNOWN = frozenset({"class", "id", "style", "type", "data-signature-widget", "data-smartmail", "name", "hidden"})
# No size of nothing by itself: newsletters give it to what is around visible words.
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|(?:^|;)opacity:0(?:\.0*)?(?:%|!|;|$)"
    r"|(?:^|;)(?:left|top|text-indent|margin-left|margin-top):-\d{3,}"
)
_FLATTENED = re.compile(r"(?:^|;)(?:max-)?(?:height|width):0(?:px|pt|em|%)?(?:!|;|$)")
_SCHEMES = frozenset({"http", "https", "tel", "cid"})

Attributes = Mapping[str, str]
Sign = Callable[[str, Attributes], bool]


def readable(source: str) -> str:
    """BBCode of a letter's HTML with the marks of :mod:`connector.letters.marks` on lines of their own."""
    clean = nh3.clean(
        _shallow(marks.without(source)),
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes={"*": set(_KNOWN), "a": {"href"}, "img": {"src"}},
        url_schemes=set(_SCHEMES),
        link_rel=None,
    )
    reader = _Marker()
    reader.feed(clean)
    reader.close()
    return marks.spaced(from_html("".join(reader.out)))


def _shallow(source: str) -> str:
    depth = seen = 0

    def keep(found: re.Match[str]) -> str:
        nonlocal depth, seen
        seen += 1
        if seen > _TAGGED:
            return ""
        if found[2].lower() in _FLAT or found[0].endswith("/>"):
            return found[0]
        depth = max(0, depth - 1) if found[1] else depth + 1
        return found[0] if depth < _DEEPEST else ""

    return _TAG.sub(keep, source)


class _Marker(HTMLParser):
    """Rewrites balanced HTML: marks around containers, no attributes but links, no images, nothing hidden."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.ends: list[tuple[str, str]] = []  # (tag, what is written at its end)
        self.hidden = self.literal = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag in ("br", "hr", "img"):
            self.put(_alone(tag, told))
            return
        if self.hidden or _is_hidden(told):
            self.hidden += 1
            self.ends.append((tag, ""))
            return
        before, end = _around(tag, told)
        self.literal += tag == "pre"
        self.put(before)
        self.ends.append((tag, end))

    def handle_endtag(self, tag: str) -> None:
        if not self.ends or self.ends[-1][0] != tag:
            return
        _, end = self.ends.pop()
        self.literal -= tag == "pre"
        if self.hidden:
            self.hidden -= 1
        else:
            self.put(end)

    def handle_data(self, data: str) -> None:
        text = escape(data, quote=False)
        self.put(text.replace("\n", "<br>") if self.literal else text)

    def put(self, text: str) -> None:
        if not self.hidden:
            self.out.append(text)


def _alone(tag: str, told: Attributes) -> str:
    if tag == "img":
        source = told.get("src", "")
        return f"{marks.IMAGE}{escape(source[4:])}{marks.IMAGE}" if source.lower().startswith("cid:") else ""
    ruled = tag == "hr" and (told.get("id") == "stopSpelling" or "width:98%" in _squeezed(told))
    return f"<div>{marks.RULED}</div>" if ruled else "<br>"


def _around(tag: str, told: Attributes) -> tuple[str, str]:
    before, end = _PLAIN.get(tag, (f"<{tag}>", f"</{tag}>"))
    if tag == "a":
        href = told.get("href", "")
        before, end = (f'<a href="{escape(href)}">', "</a>") if href.startswith(("http://", "https://")) else ("", "")
    mark = next((mark for mark, sign in _SIGNS if sign(tag, told)), "")
    if not mark:
        return before, end
    closing = {marks.SIGNED: marks.UNSIGNED, marks.REST: "", marks.RULED: ""}.get(mark, marks.CLOSE)
    return f"<div>{mark}</div>{before}", f"{end}<div>{closing}</div>" if closing else end


def _squeezed(told: Attributes) -> str:
    return re.sub(r"\s+", "", told.get("style", "").lower())


def _is_hidden(told: Attributes) -> bool:
    style = _squeezed(told)
    if "hidden" in told or _HIDDEN.search(style):
        return True
    return "overflow:hidden" in style and bool(_FLATTENED.search(style))


def _classes(told: Attributes) -> frozenset[str]:
    return frozenset(told.get("class", "").split())


def _is_quote(tag: str, told: Attributes) -> bool:
    name = told.get("id", "")
    return (
        (tag == "blockquote" and (told.get("type", "").lower() == "cite" or "border-left" in _squeezed(told)))
        or bool(_classes(told) & _QUOTES)
        or name in ("mail-app-auto-quote", "isReplyContent", "reply-intro")
        or name.endswith("yahoo_quoted")
    )


def _is_rest(tag: str, told: Attributes) -> bool:
    """Outlook wraps nothing: an empty element, and the earlier letter follows."""
    return told.get("id", "").endswith(("divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container"))


def _is_ruled(tag: str, told: Attributes) -> bool:
    style = _squeezed(told)
    return tag == "div" and "border-top:solid" in style and "border:none" in style


def _is_signature(tag: str, told: Attributes) -> bool:
    return (
        bool(_classes(told) & _SIGNATURES)
        or told.get("id", "").lower() in ("signature", "ms-outlook-mobile-signature", "applemailsignature")
        or told.get("data-signature-widget") == "container"
        or told.get("data-smartmail") == "gmail_signature"
    )


_QUOTES = frozenset(
    {
        "gmail_quote", "gmail_quote_container", "yahoo_quoted", "moz-cite-prefix", "gmail_attr", "js-readmsg-msg",
        "protonmail_quote", "zmail_extra", "quote-container", "mail_quote",
    }
)  # fmt: skip
_SIGNATURES = frozenset(["gmail_signature", "moz-signature", "mail_signature", "protonmail_signature_block"])
_PLAIN = MappingProxyType(
    {
        "pre": ("<div>", "</div>"),
        "td": ("", marks.CELL),
        "th": ("", marks.CELL),
        "span": ("", ""),
        "font": ("", ""),
        "center": ("<div>", "</div>"),
        "tbody": ("", ""),
        "thead": ("", ""),
    }
)
_SIGNS: tuple[tuple[str, Sign], ...] = (
    (marks.REST, _is_rest),
    (marks.RULED, _is_ruled),
    (marks.SIGNED, _is_signature),
    (marks.QUOTE, _is_quote),
    (marks.PERHAPS, lambda tag, _: tag == "blockquote"),
)
