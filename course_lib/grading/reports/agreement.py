"""Students whose answers agree more than the class's answers do: a reason to look, not a proof.

Answers are compared after comments, docstrings, annotations, spacing and the names that a student
chose are taken away. Two students' same answer to an exercise counts

    −log2((k − 2 + ½) / (n − 2 + 1))   bits

where n students answered the exercise and k of them gave this very answer: the rarer among the
*others*, the more it counts (the ½ is the usual estimate for what was never seen). Wrong answers
count double, since there is one way to be right and there are many to be wrong. A pair is
suspicious from log2(n (n − 1) / 2) + log2(10) bits on, n the students of the class: if answers
were independent, nine honest classes in ten would show no pair. One exercise is never enough.

What proves nothing is left out: answers as handed out, short ones, right ones that are values
alone, and the text of the course's own solution, which is reported as such.
"""

from __future__ import annotations

import ast
import itertools
import math
import re
import textwrap
import warnings
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from course_lib.grading.reports.counts import Outcome, outcome
from course_lib.grading.reports.pages import count, listed, one_line
from course_lib.grading.results import StudentResult

LONG = 15  # words and signs of a student's own, the fewest to be compared
MOST_SOURCE = 20_000  # characters; a longer answer is compared as text
CHANCE = 0.1  # of an honest class in which any pair is suspicious


# -- answers made comparable ----------------------------------------------------------------------


@dataclass(frozen=True)
class Comparable:
    """An answer as it is compared. `values_only`: it computes nothing and defines nothing."""

    text: str
    values_only: bool = False

    @property
    def parts(self) -> Counter[str]:
        """Its words and signs."""
        return Counter(re.findall(r"\w+|[^\w\s]", self.text))


def comparable(source: str) -> Comparable:
    """An answer without what a copier would change: comments, spacing, chosen names.

    Source that is no Python, or too long, is compared as text without regard to spacing.
    """
    tree = _parsed(source)
    if tree is None:
        return Comparable(" ".join(source[:MOST_SOURCE].split()))
    try:
        chosen = _ChosenNames()
        chosen.visit(tree)
        tree = _Plain(chosen.variables, chosen.attributes).visit(tree)
        values_only = not any(isinstance(node, _WORK) for node in ast.walk(tree))
        return Comparable(ast.unparse(tree), values_only)
    except RecursionError:
        return Comparable(" ".join(source.split()))


_WORK = (
    *(ast.Call, ast.BinOp, ast.Compare, ast.BoolOp, ast.Subscript),
    *(ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.comprehension),
)


def _parsed(source: str) -> ast.Module | None:
    if len(source) > MOST_SOURCE:
        return None
    plain = re.sub(r"(?m)^\s*[%!].*$", "", textwrap.dedent(source))  # IPython's own commands
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a string is nobody's business here
            return ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _ChosenNames(ast.NodeVisitor):
    """The names that an answer itself brings in, of variables and of attributes."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.attributes: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.variables.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Store):
            self.attributes.add(node.attr)
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self.variables.add(node.arg)

    def _defined(self, node: ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) -> None:
        self.variables.add(node.name)
        self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = _defined

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        methods = (m.name for m in node.body if isinstance(m, ast.FunctionDef))
        self.attributes.update(m for m in methods if not m.startswith("__"))
        self._defined(node)


class _Plain(ast.NodeTransformer):
    """Chosen names numbered by first appearance; no annotations, no docstrings, no dots."""

    def __init__(self, variables: set[str], attributes: set[str]):
        self.variables = dict.fromkeys(variables, "")
        self.attributes = dict.fromkeys(attributes, "")
        self.numbers = itertools.count(1)

    def _name(self, name: str, chosen: dict[str, str], letter: str) -> str:
        if name not in chosen:
            return name
        chosen[name] = chosen[name] or f"{letter}{next(self.numbers)}"
        return chosen[name]

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._name(node.id, self.variables, "v")
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        node.attr = self._name(node.attr, self.attributes, "a")
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = self._name(node.arg, self.variables, "v"), None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return self.visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        if isinstance(node.value, ast.Constant):  # a docstring, or dots
            return None
        self.generic_visit(node)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.name = self._name(node.name, self.variables, "v")
            if not isinstance(node, ast.ClassDef):
                node.returns = None
        super().generic_visit(node)
        if getattr(node, "body", None) == []:
            node.body = [ast.Pass()]
        return node


# -- agreement ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alike:
    """An exercise to which students gave the same answer; `students` of the `of` who answered."""

    exercise: str
    title: str
    right: bool
    students: int
    of: int

    def __str__(self) -> str:
        others = self.students - 2
        who = "nobody else" if not others else f"{count(others, 'other')} of {self.of - 2}"
        return f"“{self.title}” ({'right' if self.right else 'not right'}; {who} gave it)"


@dataclass(frozen=True)
class Pair:
    """Two students whose answers agree more than the class's do. `bits` says by how much."""

    students: tuple[str, str]
    alike: tuple[Alike, ...]
    bits: float

    @property
    def sentence(self) -> str:
        """What agrees, in plain words."""
        return f"{listed(map(one_line, self.students))} {_what(self.alike)}"


@dataclass(frozen=True)
class Group:
    """Students who hang together by suspicious pairs; two of them are just a pair."""

    students: tuple[str, ...]
    alike: tuple[Alike, ...]
    bits: float

    @property
    def what(self) -> str:
        """What agrees, without the names."""
        if len(self.students) == 2:
            return _what(self.alike)
        titles = listed(f"“{a.title}”" for a in self.alike)
        return (
            "agree in the same way, each with at least one of the others. The answers, names and "
            f"comments aside, are to {titles}."
        )


@dataclass(frozen=True)
class Shared:
    """An answer that proves nothing about two students: the course's own solution, or one that
    half of the class or more has given."""

    exercise: str
    title: str
    students: tuple[str, ...]
    of: int
    solution: bool

    @property
    def sentence(self) -> str:
        """Who gave what, in plain words."""
        what = "the text of the course's own solution" if self.solution else "one and the same text"
        return f"{len(self.students)} of the {self.of} answers to “{self.title}” are {what}."


@dataclass(frozen=True)
class Agreement:
    """What a comparison of all answers found. `compared`: exercises that could be compared."""

    pairs: tuple[Pair, ...] = ()
    shared: tuple[Shared, ...] = ()
    students: int = 0
    compared: int = 0

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The pairs, put together where they have students in common; the strongest first."""
        group_of: dict[str, set[str]] = {}
        for pair in self.pairs:
            joined = set().union(*(group_of.get(s, {s}) for s in pair.students))
            group_of |= dict.fromkeys(joined, joined)
        found = []
        for members in {id(g): g for g in group_of.values()}.values():
            pairs = [p for p in self.pairs if p.students[0] in members]
            alike = {a.exercise: a for p in pairs for a in p.alike}
            found.append(
                Group(tuple(sorted(members)), tuple(alike.values()), max(p.bits for p in pairs))
            )
        return tuple(sorted(found, key=lambda g: (-g.bits, g.students)))

    @property
    def mostly_solution(self) -> tuple[Shared, ...]:
        """The exercises in which at least half of the answers are the course's own solution."""
        return tuple(s for s in self.shared if s.solution and 2 * len(s.students) >= s.of > 2)


def suspicious_pairs(
    results: Sequence[StudentResult],
    sources: Mapping[str, Mapping[str, str]],
    blanks: Mapping[str, str],
    solutions: Mapping[str, str] | None = None,
) -> Agreement:
    """Compare the answers of a class.

    sources : student → exercise → the answer's source, as handed in.
    blanks, solutions : exercise → the source as it was handed out, and the course's solution.
    """
    bits: Counter[tuple[str, str]] = Counter()
    alike: defaultdict[tuple[str, str], list[Alike]] = defaultdict(list)
    shared: list[Shared] = []
    compared = 0
    for exercise, title, right_of in _asked(results):
        given = {s: sources[s][exercise] for s in right_of if exercise in sources.get(s, {})}
        same = _same_answers(given, right_of, blanks.get(exercise, ""))
        answered = sum(same.of_all.values())
        solution = comparable(solutions[exercise]).text if exercise in (solutions or {}) else None
        compared += bool(same.long)
        for text, students in same.long.items():
            if text == solution or (len(students) > 2 and 2 * len(students) >= answered):
                known = text == solution
                shared.append(Shared(exercise, title, tuple(sorted(students)), answered, known))
                continue
            if len(students) < 2:
                continue
            right = all(right_of[s] for s in students)
            found = Alike(exercise, title, right, len(students), answered)
            surprise = -math.log2((len(students) - 1.5) / (answered - 1)) * (1 if right else 2)
            for pair in itertools.combinations(sorted(students), 2):
                bits[pair] += surprise
                alike[pair].append(found)
    n = len(results)
    enough = math.log2(max(1, n * (n - 1) / 2) / CHANCE)
    pairs = [
        Pair(p, tuple(alike[p]), b) for p, b in bits.items() if b >= enough and len(alike[p]) > 1
    ]
    pairs.sort(key=lambda p: (-p.bits, p.students))
    return Agreement(tuple(pairs), tuple(shared), n, compared)


@dataclass(frozen=True)
class _Same:
    """The answers to one exercise by their text: how many each, and who gave the long ones."""

    of_all: Counter[str]
    long: dict[str, list[str]]


def _same_answers(given: dict[str, str], right_of: Mapping[str, bool], blank: str) -> _Same:
    handed_out = comparable(blank)
    of_all: Counter[str] = Counter()
    long: defaultdict[str, list[str]] = defaultdict(list)
    kept: dict[str, Comparable] = {}
    for student, source in given.items():
        kept.setdefault(source, comparable(source))
        answer = kept[source]
        if answer.text == handed_out.text:
            continue
        of_all[answer.text] += 1
        own = (answer.parts - handed_out.parts).total()
        if own >= LONG and not (answer.values_only and right_of[student]):
            long[answer.text].append(student)
    return _Same(of_all, dict(long))


def _asked(results: Sequence[StudentResult]) -> list[tuple[str, str, dict[str, bool]]]:
    """Every exercise with its title and, of each student who tried it, whether it was right."""
    titles: dict[str, str] = {}
    right: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for result in results:
        for e in result.exercises:
            if outcome(e) is not Outcome.BLANK:
                titles.setdefault(e.exercise, e.title)
                right[e.exercise][result.student] = outcome(e) is Outcome.CORRECT
    return [(name, title, right[name]) for name, title in titles.items()]


def _what(alike: tuple[Alike, ...]) -> str:
    return f"gave the same answers, names and comments aside, to {listed(map(str, alike))}."
