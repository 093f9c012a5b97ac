"""The page: whole by itself, safe whatever the posts say, and readable by a screen reader."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.charts import precision_recall_curves, reliability_diagram
from pipeline.evaluation.evaluation import evaluate
from pipeline.evaluation.html import html_of
from pipeline.evaluation.marking import parts
from pipeline.evaluation.posts import LabelledPost
from schemas.labels import LABELS
from schemas.verdict import Reason
from tests.unit.evaluation.posts import judge, labelled, post

EVIL = "<script>alert(1)</script> <b>help</b> \x1b[2J \u202e \" ' &amp; {{ 7 * 7 }} help"


class Page(HTMLParser):
    """Collects elements, marks and what would be loaded."""

    void = frozenset({"meta", "br", "link", "img", "input"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.marked: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "mark":
            self.marked.append(data)


def page(*posts: LabelledPost, columns: tuple[str, ...] = ("text", "label", "grade", "also")) -> str:
    return html_of(evaluate(labelled(*posts, columns=columns), judge(*posts), 20))


def test_nothing_is_loaded_and_nothing_runs() -> None:
    found = Page(page(post(EVIL, "chatter", source=EVIL), post("a", "intel", source="b")))

    names = {tag for tag, _ in found.elements}
    assert not names & {"script", "img", "link", "iframe", "object", "form"}
    assert all(not name.startswith("on") for _, attributes in found.elements for name in attributes)
    links = [attributes.get("href") or "" for tag, attributes in found.elements if tag == "a"]
    assert all(link.startswith("#") for link in links)
    policies = [attributes for tag, attributes in found.elements if attributes.get("http-equiv")]
    assert "default-src 'none'" in str(policies[0]["content"])


def test_a_post_is_shown_as_it_is_and_never_obeyed() -> None:
    found = page(post(EVIL, "chatter"))

    assert "<script>" not in found
    assert "\x1b" not in found
    assert "\u202e" not in found
    assert "{{ 7 * 7 }}" in found


def test_reasons_are_marked_where_they_stand() -> None:
    assert Page(page(post("so please help me", "chatter"))).marked == ["help"]


def test_every_element_is_closed_and_every_table_says_what_it_is() -> None:
    found = Page(
        page(post("help", "chatter", line=1), post("lovely", "chatter", line=2), post("dealing", "intel", line=3))
    )

    assert found.open == []
    names = [tag for tag, _ in found.elements]
    assert names.count("caption") == names.count("table") > 5
    assert all("scope" in attributes for tag, attributes in found.elements if tag == "th")
    assert dict(found.elements[0][1]) == {"lang": "en"}


def test_ids_are_there_once() -> None:
    ids = re.findall(r'\bid="([^"]+)"', page(post("help", "chatter"), post("dealing", "intel")))

    assert sorted(ids) == sorted(set(ids))


def test_the_diagrams_are_xml_and_say_what_they_are() -> None:
    found = evaluate(labelled(), judged := judge(post("help", "help_request"), post("lovely", "chatter")), 0)
    assert judged

    for svg in (reliability_diagram(found.reliability), precision_recall_curves(found.curves)):
        root = ElementTree.fromstring(svg)  # our own drawing
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"]
        assert "<image" not in svg


def test_the_same_figures_give_the_same_page() -> None:
    one = evaluate(labelled(), judge(post("help", "help_request"), post("lovely", "intel")), 5)

    assert html_of(one) == html_of(one)


def test_a_page_of_one_class_and_without_grades_is_whole() -> None:
    assert "No post" not in page(post("lovely", "chatter"), columns=("text", "label"))
    assert Page(page(post("lovely", "chatter"), columns=("text", "label"))).open == []


def test_every_label_is_named_as_people_write_it() -> None:
    assert all(label.replace("_", " ") in page(post("a", "chatter")) for label in LABELS)


reasons = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda span: Reason("", min(span), max(span), 1.0)),
    max_size=5,
)


@given(st.text(max_size=25), reasons)
def test_parts_are_the_whole_text_in_order(text: str, reasons: list[Reason]) -> None:
    found = list(parts(text, reasons))

    assert "".join(piece for piece, _ in found) == text
    assert all(piece for piece, _ in found)
    inside = {place for reason in reasons for place in range(reason.start, min(reason.end, len(text)))}
    marked = [is_reason for piece, is_reason in found for _ in piece]
    assert [place in inside for place in range(len(text))] == marked


def test_the_report_can_be_made_from_its_json() -> None:
    one = evaluate(labelled(), judge(post("help", "chatter")), 5)

    assert html_of(msgspec.json.decode(msgspec.json.encode(one), type=type(one))) == html_of(one)
