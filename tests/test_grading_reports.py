"""Feedback, tables and the class's page: numbers known by hand, hostile text, valid files."""

import csv
import html.parser
import itertools
import re
import xml.etree.ElementTree as ET
from urllib.parse import unquote

import pytest

from course_lib.errors import WrongArgument
from course_lib.grading.reports import class_page as class_page_module
from course_lib.grading.reports import (
    count_class,
    safe_name,
    suspicious_pairs,
    write_class_page,
    write_csv,
    write_feedback,
    write_junit,
    write_reports,
)
from course_lib.grading.reports.agreement import comparable
from course_lib.grading.reports.counts import Outcome
from course_lib.grading.reports.pages import clean, in_words, one_line, unit_title
from course_lib.grading.reports.words import CAME_ABOUT, EXERCISE, SUBMISSION
from course_lib.grading.results import ExerciseResult, State, StudentResult

UNIT = "01_linear_layers"
HOSTILE = (
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "</style><script>alert(1)</script>",
    "gpj.\u202eexe.\u2066abc",
    "nul\x00bell\x07escape\x1b[31mred\x1b[0m\x85\x9f",
    "half\ud800 a pair, none\ufffe\uffff\U0001ffff",
    "`code` and `half",
    "line\u2028break\r\nand\rmore",
)


def exercise(name="forward", earned=0.0, points=2.0, state=State.GRADED, **more):
    if "status" not in more and state is State.GRADED:
        more["status"] = "correct" if earned == points else "not yet"
    hints = ("first hint", "second hint", "third hint")
    fields = {"title": f"Title of {name}", "hints": hints} | more
    return ExerciseResult(name, points=points, earned=earned, state=state, **fields)


def student(name, *exercises, state=State.GRADED, **more):
    return StudentResult(name, UNIT, state, tuple(exercises), **more)


right = exercise("forward", 2)
slip = {"misconception": "bias_forgotten", "message": "The bias is missing: add `b`."}


class Page(html.parser.HTMLParser):
    """A page read as a browser would: its tags, their attributes, its words."""

    VOID = ("meta", "img", "br", "source")

    def __init__(self, text):
        super().__init__()
        self.source, self.tags, self.open, self.words = text, [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def read(path):
    page = Page(path.read_text(encoding="utf-8"))
    assert_offline_and_accessible(page)
    return page


def assert_offline_and_accessible(page):
    allowed = {"style", "content", "class", "id", "href", "src", "alt", "srcset", "media", "scope"}
    allowed |= {"lang", "charset", "name", "http-equiv", "aria-hidden", "data-head", "start"}
    for tag, attributes in page.tags:
        assert tag not in ("script", "iframe", "link", "object", "form", "base", "svg")
        assert set(attributes) <= allowed, (tag, attributes)
        if "style" in attributes:
            assert re.fullmatch(r"width:\d+\.\d\d%", attributes["style"])
        for value in (attributes.get("src"), attributes.get("srcset")):
            assert value is None or value.startswith("data:image/png;base64,")
        href = attributes.get("href")
        assert href is None or re.fullmatch(r"#\w+|[\w.%/-]+\.html", href, re.ASCII), href
    assert page.all("html")[0]["lang"] == "en-GB"
    assert all(th.get("scope") in ("col", "row") for th in page.all("th"))
    assert all(len(image["alt"].split()) > 10 for image in page.all("img"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    targets = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {a["href"][1:] for a in page.all("a") if a["href"][0] == "#"} <= targets
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none'")
    assert "url(" not in page.source and "@import" not in page.source


# -- feedback -------------------------------------------------------------------------------------


def test_feedback_says_what_went_wrong_and_folds_the_hints(tmp_path):
    found = student(
        "ann",
        right,
        exercise("backward", 0, 3, seen=("shape (2,)", "Your code stopped"), **slip),
        notebook="hw.ipynb",
        repairs=("A check was put back.",),
        remarks=("There was a warning.",),
    )
    path = write_feedback(found, tmp_path)
    page = read(path)
    assert path.name == "ann.html"
    assert "Feedback for ann" in page.text and "2 of 5 points" in page.text
    assert "Of 2 exercises: 1 correct and 1 not right yet." in page.text
    assert "Diagnosis: bias forgotten The bias is missing: add b ." in page.text
    assert "What was seen shape (2,) Your code stopped" in page.text
    assert page.source.count("<details>") == 3, "hints of the answer that is not right, folded"
    assert "<details open" not in page.source
    assert "A check was put back." in page.text and "There was a warning." in page.text


@pytest.mark.parametrize("state", [s for s in State if s is not State.GRADED])
def test_every_state_is_said_in_words_never_as_a_bare_zero(state, tmp_path):
    found = student("bob", right, exercise("backward", state=state), state=state)
    page = read(write_feedback(found, tmp_path))
    assert state in SUBMISSION and state in CAME_ABOUT
    assert SUBMISSION[state].label in page.text
    if state is not State.NOT_ATTEMPTED:
        assert EXERCISE[state].label in page.text and EXERCISE[state].advice
    known = state in (State.NOT_ATTEMPTED, State.TIMEOUT, State.TAMPERED)
    assert ("no verdict" in page.text) is not known
    assert ("0 of 2" in page.text) is known


@pytest.mark.parametrize("state", [State.UNREADABLE, State.MISSING, State.REFUSED])
def test_a_submission_that_was_not_marked_has_no_mark(state, tmp_path):
    page = read(write_feedback(student("cyd", state=state, remarks=("Too large.",)), tmp_path))
    assert "No mark yet" in page.text and "Too large." in page.text
    assert "of 0" not in page.text and "0 point" not in page.text


def test_what_a_grader_draws_is_not_given_away(tmp_path):
    found = student("ann", exercise(), key="secretkey", seed=987654)
    text = write_feedback(found, tmp_path).read_text()
    assert "secretkey" not in text and "987654" not in text


def hostile(bad):
    found = exercise(message=bad, seen=(bad,), misconception=bad, title=bad, hints=(bad,) * 3)
    return student(bad, found, notebook=bad, repairs=(bad,), remarks=(bad,))


@pytest.mark.parametrize("bad", HOSTILE)
def test_what_students_write_is_only_ever_text(bad, tmp_path):
    page = read(write_feedback(hostile(bad), tmp_path))
    assert_no_hidden_characters(page)
    if "<script" in bad:
        assert "<script>alert(1)</script>" in page.text, "it is shown as it was written"


def test_a_class_of_hostile_students_is_only_ever_text(tmp_path):
    links = {bad: f"feedback/{safe_name(bad)}.html" for bad in HOSTILE} | {HOSTILE[1]: 'a "b.html'}
    page = read(write_class_page([hostile(b) for b in HOSTILE], tmp_path / "class.html", links))
    assert_no_hidden_characters(page)
    assert page.text.count("<script>alert(1)</script>") > 2


def assert_no_hidden_characters(page):
    hidden = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe]"
    assert not re.search(hidden, page.source)


def test_long_text_is_cut_and_may_break_anywhere(tmp_path):
    long = exercise(message="x" * 1_000_000, seen=("y" * 1_000_000,) * 500)
    result = student("z" * 10_000, long, remarks=("w" * 9_000,) * 400)
    path = write_feedback(result, tmp_path)
    assert path.stat().st_size < 250_000
    page = read(path)
    assert "997,000 characters more" in page.text and "and 470 more" in page.text
    assert "overflow-wrap: anywhere" in page.source


def test_cleaned_text_by_hand():
    assert clean("a\x00b\x1b[1;31mred\x1b[0m\r\nc\rd\te") == "a␀bred\nc\nd\te"
    assert clean("\u202e\ud800\ufffe\x85") == "\ufffd" * 4
    assert clean("abcdef", 4) == "abcd … (2 characters more)"
    assert one_line("  a\n\t b ") == "a b" and one_line("") == "(no name)"
    assert one_line("x" * 99, 5) == "xxxx…"
    assert unit_title(UNIT) == "Unit 1: linear layers" and unit_title("other") == "other"
    words = [in_words(n) for n in ("bias_forgotten", "NoBias", "a", "rate=0.1")]
    assert words == ["bias forgotten", "no bias", "option a", "rate=0.1"]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_stands_out_in_light_and_dark(tmp_path):
    css = write_feedback(student("a", right), tmp_path).read_text()
    schemes = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--([\w-]+): (#\w{6})", scheme))
        for ground in ("paper", "panel"):
            for name in ("ink", "soft", "link", "good", "bad", "none", "other"):
                pair = sorted((luminance(colours[name]), luminance(colours[ground])))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (name, ground)
        ink, paper = class_page_module.LIGHT if "#ffffff" in scheme else class_page_module.DARK
        assert (ink, paper) == (colours["ink"], colours["paper"]), "the picture fits its page"


# -- the numbers of a class -----------------------------------------------------------------------


def class_of_ten():
    """Exercise a: five have it. Exercise b: 0, 1, …, 9 points, in the same order."""
    return [
        student(f"s{i}", exercise("a", float(i >= 5), 1.0), exercise("b", float(i), 9.0))
        for i in range(10)
    ]


def test_difficulty_and_discrimination_by_hand():
    a, b = count_class(class_of_ten()).exercises
    assert a.share == 0.5 and b.share == pytest.approx(0.5)
    # means 7 and 2 of the rest, whose deviation is √8.25: (7 − 2) √(½ · ½) / √8.25
    assert a.discrimination == pytest.approx(0.870388, abs=1e-6)
    assert a.discrimination_says == "tells strong from weak"
    assert (a.outcomes[Outcome.CORRECT], a.outcomes[Outcome.WRONG]) == (5, 5)


def test_discrimination_leaves_the_exercise_out():
    # a and b contradict each other: alone each would seem to agree with the whole mark
    results = [
        student(f"s{i}", exercise("a", 4.0 * (i % 2), 4.0), exercise("b", float(1 - i % 2), 1.0))
        for i in range(10)
    ]
    a, _ = count_class(results).exercises
    assert a.discrimination == pytest.approx(-1)
    assert a.discrimination_says.startswith("look at this exercise")


def test_discrimination_says_why_there_is_none():
    few = count_class(class_of_ten()[:9]).exercises[0]
    assert few.discrimination is None and few.discrimination_says.startswith("too few students")
    same = [student(f"s{i}", exercise("a", 1, 1), exercise("b", i % 2, 1)) for i in range(10)]
    a, b = count_class(same).exercises
    assert a.discrimination_says == "all have the same points here"
    assert b.discrimination_says == "all are alike in the other exercises"
    unknown = [student(f"s{i}", exercise("a", state=State.CRASHED)) for i in range(12)]
    (c,) = count_class(unknown).exercises
    assert c.share is None and "(0 of" in c.discrimination_says


def test_every_student_is_counted_in_every_exercise():
    counts = count_class(
        [
            student("a", exercise("x", 2)),
            student("b", exercise("x", **slip)),
            student("c", exercise("x")),
            student("d", exercise("x", state=State.NOT_ATTEMPTED)),
            student("e", exercise("x", status="not written yet")),
            student("f", exercise("x", state=State.TIMEOUT)),
            student("g", exercise("x", state=State.CRASHED)),
            student("h", state=State.UNREADABLE),
            student("i", state=State.MISSING),
        ]
    )
    (x,) = counts.exercises
    assert list(x.outcomes.values()) == [1, 2, 2, 4]
    assert x.others == dict.fromkeys(
        (State.TIMEOUT, State.CRASHED, State.UNREADABLE, State.MISSING), 1
    )
    assert x.share == pytest.approx(1 / 6), "six have a mark; nobody knows that of the others"
    assert x.unexplained == ("c",)
    assert counts.marks == (0, 0, 0, 0, 0, 2)


def test_misconceptions_are_counted_and_sorted():
    other = {"misconception": "summed", "message": "You sum."}
    counts = count_class(
        [
            student("a", exercise("x", **slip), exercise("y", **other)),
            student("b", exercise("x", **other), exercise("y", **other)),
            student("c", exercise("x", **slip), exercise("y", **other)),
            student("d", exercise("x", 2), exercise("y", **slip)),
        ]
    )
    found = [(m.exercise, m.name, m.students) for m in counts.misconceptions]
    assert found == [
        ("y", "summed", ("a", "b", "c")),
        ("x", "bias_forgotten", ("a", "c")),
        ("x", "summed", ("b",)),
        ("y", "bias_forgotten", ("d",)),
    ]
    assert [(name, n) for name, n, _ in counts.recurring] == [("bias_forgotten", 3), ("summed", 3)]


def test_rare_misconceptions_are_folded_but_all_there(tmp_path):
    results = [
        student(f"s{i}", exercise("a", misconception=f"slip_{i:02}", message=f"Message {i:02}."))
        for i in range(13)
    ]
    page = read(write_class_page(results, tmp_path / "class.html"))
    assert "3 rarer ones" in page.text and {"class": "slips", "start": "11"} in page.all("ol")
    assert re.findall(r"Message (\d\d)\.", page.text) == [f"{j:02}" for j in range(13)]


def test_the_class_page_tells_what_to_teach_and_whom_to_look_at(tmp_path):
    results = [
        *class_of_ten(),
        student("zoe", exercise("a", 0, 1, **slip), exercise("b", 9, 9), repairs=("Put back.",)),
        student("yan", exercise("a", 0, 1, **slip), exercise("b", 9, 9, state=State.TAMPERED)),
        student("xi", state=State.UNREADABLE),
    ]
    links = {"zoe": "feedback/zoe.html"}
    page = read(write_class_page(results, tmp_path / "class.html", links))
    assert "13 students, 12 with a mark." in page.text
    assert "bias forgotten 2 of 13" in page.text
    assert "The bias is missing: add b ." in page.text
    assert "Title of a: 5" in page.text, "wrong answers that no misconception explains"
    assert "1 student without a mark is left out." in page.text
    assert "The answers were not compared" in page.text
    assert "3 submissions need a person" in page.text
    rows = page.source[page.source.index('id="students"') :]
    order = [rows.index(f"<bdi>{name}</bdi>") for name in ("xi", "yan", "zoe", "s0", "s9")]
    assert order == sorted(order)
    assert "tampered in “Title of b”" in page.text and "Put back." in page.text
    assert {"href": "feedback/zoe.html"} in page.all("a")
    picture = re.search("<picture>.*</picture>", page.source)[0]
    assert len(picture) < 60_000 and len(page.all("source")) == 1


def test_a_class_of_none_of_one_and_of_equals(tmp_path):
    path = tmp_path / "class.html"
    assert "No submission has been graded yet." in read(write_class_page([], path)).text
    one = read(write_class_page([student("ann", right)], path))
    assert "1 student, 1 with a mark. The median mark is 2 of 2" in one.text
    equals = [student(f"s{i}", exercise("a", 1, 1), exercise("b", 0, 1)) for i in range(30)]
    page = read(write_class_page(equals, path))
    assert "the lowest is 1, the highest 1" in page.text
    assert "all have the same points here" in page.text
    unknown = read(write_class_page([student("x", state=State.MISSING)], path))
    assert "1 student, 0 with a mark." in unknown.text and not unknown.all("img")


def test_histogram_counts_each_mark_once(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        class_page_module, "_drawn", lambda edges, heights, *_: drawn.append((edges, heights)) or ""
    )
    class_page_module._picture((0, 0, 2, 3), 3)
    assert drawn[0] == ([-0.5, 0.5, 1.5, 2.5, 3.5], [2, 0, 1, 1])
    class_page_module._picture((0, 0.25, 99.5, 100), 100)
    edges, heights = drawn[2]
    assert len(heights) == 20 and edges[-1] == 100
    assert (heights[0], heights[-1], sum(heights)) == (2, 2, 4)


def test_results_of_two_units_are_not_mixed(tmp_path):
    two = [student("a", right), StudentResult("b", "02_activation_functions", State.MISSING)]
    for write in (write_class_page, write_csv):
        with pytest.raises(WrongArgument, match="several units"):
            write(two, tmp_path / "x")
    assert not list(tmp_path.iterdir())


# -- tables ---------------------------------------------------------------------------------------


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_can_be_read_back(tmp_path):
    results = [
        student("Zoë, O’Neill; x", exercise("a", 2), exercise("b", 0.5, 3)),
        student("bob", exercise("a", state=State.CRASHED), exercise("b", state=State.TIMEOUT)),
        student("cyd", state=State.UNREADABLE),
        student("dan", exercise("a", state=State.NOT_ATTEMPTED), exercise("b", 3, 3)),
    ]
    path = write_csv(results, tmp_path / "marks.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    zoe, bob, cyd, dan = read_csv(path)
    assert zoe == {
        "student": "Zoë, O’Neill; x", "state": "graded", "total": "2.5", "maximum": "5",
        "without verdict": "0", "a": "2", "b": "0.5", "a: state": "correct", "b: state": "not yet",
    }  # fmt: skip
    assert (bob["a"], bob["b"], bob["total"], bob["without verdict"]) == ("", "0", "0", "1")
    assert (bob["a: state"], bob["b: state"]) == ("crashed", "timeout")
    assert (cyd["a"], cyd["total"], cyd["without verdict"]) == ("", "", "2")
    assert cyd["a: state"] == cyd["state"] == "unreadable" and cyd["maximum"] == "5"
    assert (dan["a"], dan["a: state"], dan["total"]) == ("0", "not attempted", "3")
    assert read_csv(write_csv([], path)) == []


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x","y")', "+1", "-1+2", "@SUM(1)", "\t=1+1", "\r\n=1", "＝1+1"]
)
def test_no_name_becomes_a_formula(name, tmp_path):
    (row,) = read_csv(write_csv([student(name, right)], tmp_path / "marks.csv"))
    assert row["student"].startswith("'") and len(row) == 7
    assert row["student"][1:] == name.strip()


def test_junit_tells_wrong_from_broken_from_blank(tmp_path):
    results = [
        student(
            "ann",
            right,
            exercise("b", seen=("shape (2,)",), **slip),
            exercise("c", state=State.TIMEOUT, message="10 s"),
            exercise("d", state=State.NOT_ATTEMPTED),
            seconds=1.5,
        ),
        student("bob", state=State.UNREADABLE, remarks=("Ends early.",)),
    ]
    root = ET.parse(write_junit(results, tmp_path / "junit.xml")).getroot()
    totals = {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")}
    assert totals == {"tests": "5", "failures": "1", "errors": "2", "skipped": "1"}
    ann, bob = root
    assert (ann.get("name"), ann.get("time"), ann.get("errors")) == ("ann", "1.500", "1")
    kinds = [[child.tag for child in case] for case in ann]
    assert kinds == [[], ["failure"], ["error"], ["skipped"]]
    failure = ann[1][0]
    assert failure.get("type") == "bias forgotten" and failure.text == "shape (2,)"
    assert failure.get("message") == slip["message"]
    assert ann[2][0].get("type") == "timeout" and ann[2].get("name") == "c"
    assert bob[0].get("name") == "submission" and bob[0][0].get("message") == "Ends early."
    assert ET.parse(write_junit([], tmp_path / "empty.xml")).getroot().get("tests") == "0"


def test_junit_is_valid_whatever_is_in_the_text(tmp_path):
    every = "".join(map(chr, [*range(0x300), *range(0x2000, 0x2100), *range(0xD7F0, 0xE010)]))
    for bad in (every, *HOSTILE, "]]>", "<!-- -->", "&#0;"):
        found = exercise(bad, message=bad, seen=(bad,), misconception=bad)
        broken = student(bad, state=State.CRASHED, remarks=(bad,))
        path = write_junit([student(bad, found), broken], tmp_path / "junit.xml")
        suite = ET.parse(path).getroot()[0]
        assert suite[0][0].tag == "failure"
    assert suite[0][0].text == "&#0;"


# -- agreement ------------------------------------------------------------------------------------

TITLES = ("x", "y", "z")
BLANK = {name: f"def {name}(a, b):\n    ...\n" for name in TITLES}
LOOP = """def {f}(a, b):
    {t} = 0
    for {i} in range(len(a)):
        {t} = {t} + a[{i}] * b[{i}] - {n}
    return {t} / len(a)
"""


def own(n):
    """Long answers that nobody else writes."""
    return {f: LOOP.format(f=f, t="total", i="i", n=n) for f in TITLES}


def renamed(n):
    """The same answers with other names, comments, annotations, quotes and spacing."""
    return {
        f: '"""Mine."""\n# all my own work\n'
        + LOOP.format(f=f, t="summe", i="k", n=f"  ( {n} )  # so")
        .replace("(a, b):", "(p: list, q: list) -> float:\n    'It sums.'")
        .replace("len(a)", "len( p )")
        .replace("a[", "p[")
        .replace("b[", "q[")
        for f in TITLES
    }


def graded(names, right=True, exercises=TITLES):
    return [student(s, *(exercise(e, 2.0 * right) for e in exercises)) for s in names]


def test_answers_are_compared_without_what_a_copier_changes():
    assert comparable(own(3)["x"]).text == comparable(renamed(3)["x"]).text
    assert comparable(own(3)["x"]).text != comparable(own(4)["x"]).text
    one, two = (
        f"class Net(nn.Module):\n    def __init__(self, d):\n        self.{a} = nn.Linear(d, 2)\n"
        f"    def forward(self, x: Tensor):\n        return self.{h}(self.{a}(x))\n"
        f"    def {h}(self, x):\n        return x.relu()\n"
        for a, h in (("enc", "cut"), ("layer", "helper"))
    )
    assert comparable(one).text == comparable(two).text
    assert comparable(one.replace("relu", "tanh")).text != comparable(two).text
    assert comparable("a = b").text != comparable("a = c").text, "names not its own are kept"
    assert comparable("def (:\n  x   y").text == "def (: x y"
    assert comparable("%time\nx = 1\n!ls").text == comparable("y = 1").text


@pytest.mark.parametrize(
    "source",
    ["(" * 5_000, "-" * 15_000 + "1", "a" + ".b" * 9_000, "x" + "[0" * 190 + "]" * 190, "\0",
     "a = 1\n" * 100_000, "1" * 9_000, '"\\d"', "if 1:\n" + "\tif 1:\n" * 200, "\ud800 = 1"],
)  # fmt: skip
def test_no_source_stops_the_comparison(source):
    assert isinstance(comparable(source).text, str)


def test_a_copy_is_found_and_the_honest_are_not():
    names = [f"s{i}" for i in range(12)]
    sources = {s: own(i) for i, s in enumerate(names)} | {"s7": renamed(3)}
    found = suspicious_pairs(graded(names), sources, BLANK)
    (pair,) = found.pairs
    assert pair.students == ("s3", "s7") and not found.shared
    assert [a.exercise for a in pair.alike] == list(TITLES)
    # nobody else of ten: 3 · log2(11 / ½)
    assert pair.bits == pytest.approx(3 * 4.459432, abs=1e-5)
    assert pair.sentence.startswith(
        "s3 and s7 gave the same answers, names and comments aside, to “Title of x” (right; nobody "
        "else gave it), "
    )


def test_the_same_wrong_answers_count_more():
    names = [f"s{i}" for i in range(12)]
    sources = {s: own(i) for i, s in enumerate(names)}
    sources["s7"] = renamed(3) | {"z": own(7)["z"]}  # two answers alike, not three
    assert not suspicious_pairs(graded(names), sources, BLANK).pairs
    results = graded(names[:3]) + graded(["s3", "s7"], right=False) + graded(names[4:7])
    results += graded(names[8:])
    (pair,) = suspicious_pairs(results, sources, BLANK).pairs
    assert pair.bits == pytest.approx(2 * 2 * 4.459432, abs=1e-5)
    assert "(not right; nobody else gave it)" in pair.sentence


def test_one_exercise_alone_is_never_enough():
    names = [f"s{i}" for i in range(300)]
    sources = {s: {"x": LOOP.format(f="x", t="t", i="i", n=i)} for i, s in enumerate(names)}
    sources["s1"] = sources["s0"]
    assert not suspicious_pairs(graded(names, False, ["x"]), sources, BLANK).pairs


def test_the_one_obvious_answer_proves_nothing():
    names = [f"s{i}" for i in range(12)]
    short = {f: f"def {f}(a, b):\n    return a @ b.T + 1\n" for f in TITLES}
    found = suspicious_pairs(graded(names[:2]), dict.fromkeys(names[:2], short), BLANK)
    assert not found.pairs and not found.shared and not found.compared
    # long, but what most of the class writes
    sources = {s: own(1) if i < 9 else own(i) for i, s in enumerate(names)}
    found = suspicious_pairs(graded(names), sources, BLANK)
    assert not found.pairs
    assert [(s.exercise, len(s.students), s.solution) for s in found.shared] == [
        (f, 9, False) for f in TITLES
    ]


def test_right_values_are_one_and_the_same_for_all_who_know_them():
    names = [f"s{i}" for i in range(12)]
    values = {f: "\n".join(f"v{i} = ({i}, 768)" for i in range(9)) for f in TITLES}
    sources = {s: own(i) for i, s in enumerate(names)} | dict.fromkeys(("s3", "s7"), values)
    assert not suspicious_pairs(graded(names), sources, BLANK).pairs
    assert suspicious_pairs(graded(names, right=False), sources, BLANK).pairs


def test_blanks_are_no_answers():
    names = [f"s{i}" for i in range(12)]
    long = {f: own(1)[f] + "\n    ..." for f in TITLES}  # as it was handed out
    sources = {s: own(i + 5) for i, s in enumerate(names)} | dict.fromkeys(("s3", "s7"), long)
    assert suspicious_pairs(graded(names), sources, BLANK).pairs
    assert not suspicious_pairs(graded(names), sources, long).pairs


def test_a_class_that_copies_the_solution_is_reported_as_such(tmp_path):
    names = [f"s{i:03}" for i in range(300)]
    sources = dict.fromkeys(names, renamed(1))
    found = suspicious_pairs(graded(names), sources, BLANK, own(1))
    assert not found.pairs and len(found.shared) == len(found.mostly_solution) == 3
    assert found.shared[0].sentence == (
        "300 of the 300 answers to “Title of x” are the text of the course's own solution."
    )
    page = read(write_class_page(graded(names), tmp_path / "c.html", agreement=found))
    assert "In 3 of the 3 exercises that could be compared, at least half" in page.text
    assert "No two students agree more" in page.text
    # a few with the solution's text are reported too, and are no pairs either
    few = {s: own(1) if i < 4 else own(i) for i, s in enumerate(names)}
    found = suspicious_pairs(graded(names), few, BLANK, own(1))
    assert not found.pairs and [len(s.students) for s in found.shared] == [4, 4, 4]
    assert not found.mostly_solution


def test_many_who_share_are_one_group(tmp_path):
    names = [f"s{i:02}" for i in range(40)]
    sources = {s: own(100) if i < 5 else own(i) for i, s in enumerate(names)}
    sources |= {"s20": renamed(21)}
    results = graded(names[:5], right=False) + graded(names[5:])
    found = suspicious_pairs(results, sources, BLANK)
    assert len(found.pairs) == 11
    # five who share are less rare than two, but theirs is wrong: 2 log2(39 / 3.5) > log2(39 / ½)
    assert [g.students for g in found.groups] == [tuple(names[:5]), ("s20", "s21")]
    page = read(write_class_page(graded(names), tmp_path / "c.html", agreement=found))
    assert "a reason to look, not a proof" in page.text
    assert "s00 , s01 , s02 , s03 , s04 agree in the same way" in page.text


# -- everything -----------------------------------------------------------------------------------


def test_everything_is_written_and_linked(tmp_path):
    results = [student("ann", right), student("Bob <b>", right), student("نور", right)]
    files = write_reports(results, tmp_path / "new" / "out")
    out = tmp_path / "new" / "out"
    assert [f.name for f in files[:3]] == ["class.html", "marks.csv", "junit.xml"]
    assert sorted(files) == sorted(p for p in out.rglob("*") if p.is_file())
    page = read(out / "class.html")
    linked = {unquote(a["href"]) for a in page.all("a") if not a["href"].startswith("#")}
    assert linked == {f"feedback/{f.name}" for f in files[3:]}
    assert write_reports(results, out) == files, "writing again changes nothing"
    assert len(write_reports([], tmp_path / "none")) == 3


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", "a\\b", "..", ".", "", ".x", "a\nb", "a\0", "x" * 101, "C:x", None, "x."],
)
def test_no_name_leads_out_of_the_folder(name, tmp_path):
    with pytest.raises(WrongArgument, match="file name"):
        write_reports([student("ann", right)], tmp_path / "out", lambda _: name)
    with pytest.raises(WrongArgument, match="file name"):
        write_feedback(student("ann", right), tmp_path, name="" if name is None else name)
    assert not list(tmp_path.iterdir())


def test_names_made_from_students_are_safe_and_their_own():
    students = [
        "ann",
        "Ann",
        "ann ",
        "../ann",
        "a" * 300,
        "a" * 301,
        "",
        ".",
        "نور",
        "ＡＮＮ",
        "\ud800",
    ]
    names = [safe_name(s) for s in students]
    assert names[0] == "ann" and len({n.casefold() for n in names}) == len(students)
    assert all(re.fullmatch(r"\w[\w.@+-]*", n) and len(n.encode()) <= 100 for n in names)


def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(WrongArgument, match="more than one result"):
        write_reports([student("ann", right)] * 2, tmp_path / "out")
    with pytest.raises(WrongArgument, match="share the file"):
        names = {"ann": "x", "bob": "X"}
        write_reports([student("ann", right), student("bob", right)], tmp_path / "out", names.get)
    assert not list(tmp_path.iterdir())
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "feedback").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WrongArgument, match="is a link"):
        write_reports([student("ann", right)], tmp_path)


def test_the_page_of_300_students_stays_small(tmp_path):
    kinds = [
        exercise("{}", 2), exercise("{}", **slip), exercise("{}"),
        exercise("{}", state=State.CRASHED), exercise("{}", state=State.NOT_ATTEMPTED),
    ]  # fmt: skip
    results = [
        student(
            f"Student Number {i} with a Long Name",
            *(
                exercise(f"e{e}", k.earned, state=k.state, status=k.status, message=k.message,
                         misconception=k.misconception and f"slip_{(i + e) % 7}")
                for e in range(12)
                for k in [kinds[(i * e + i + e) % 5]]
            ),
            repairs=("A check had been edited and was put back from the released notebook.",) * 5,
        )
        for i in range(300)
    ]  # fmt: skip
    links = {r.student: f"feedback/{safe_name(r.student)}.html" for r in results}
    path = write_class_page(results, tmp_path / "class.html", links)
    assert path.stat().st_size < 700_000, path.stat().st_size
    assert read(path).text.count("repairs") >= 300
