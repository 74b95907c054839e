"""What a person types into a search field, for each database: words, "phrases", prefix* and -without."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MOST_TERMS = 20
LONGEST = 500
"""Characters of a term: a database refuses words of more than 2 kB."""

_TERM = re.compile(r'(-?)"([^"]*)"?|(-?)(\S+)')
_WORD = re.compile(r"\w", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after another; the last one may be the beginning of a word."""

    words: str
    prefix: bool = False
    without: bool = False


def terms_of(typed: str) -> list[Term]:
    """What is looked for: at most `MOST_TERMS`. Empty where there is nothing that could be found."""
    terms: list[Term] = []
    for match in _TERM.finditer(typed.replace("\x00", " ")):
        minus, phrase, minus_word, word = match.groups()
        said = phrase if phrase is not None else word
        prefix = phrase is None and said.endswith("*")
        if _WORD.search(said):
            terms.append(Term(said.rstrip("*")[:LONGEST], prefix, bool(minus or minus_word)))
    terms = terms[:MOST_TERMS]
    # Only what is not to be there would be nearly everything.
    return terms if any(not term.without for term in terms) else []


def _sqlite(terms: list[Term]) -> str:
    def said(term: Term) -> str:
        return '"' + term.words.replace('"', '""') + '"' + ("*" if term.prefix else "")

    wanted = " AND ".join(said(term) for term in terms if not term.without)
    return "".join([f"({wanted})", *(f" NOT {said(term)}" for term in terms if term.without)])


def _postgresql(terms: list[Term]) -> str:
    def said(term: Term) -> str:
        # What is between words is not in the index either.
        words = [f"'{word}'" for word in re.findall(r"\w+", term.words)]
        return "(" + " <-> ".join(words) + (":*" if term.prefix else "") + ")"

    return " & ".join(("!" if term.without else "") + said(term) for term in terms)


QUERY: Mapping[str, Callable[[list[Term]], str]] = {"sqlite": _sqlite, "postgresql": _postgresql}
"""By the dialect's name: the terms in its language."""
