"""Every sentence of the page, in every language: one JSON file each, the same keys in all of them."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "es", "pl", "ar")
RIGHT_TO_LEFT = frozenset({"ar"})
_FOLDER = Path(__file__).parent / "words"


@cache
def words(language: str) -> Mapping[str, str]:
    """The sentences of a language."""
    return _read(_FOLDER / f"{language}.json")


@cache
def desk_words(language: str) -> Mapping[str, str]:
    """The sentences that only the desk says, which no worker's page has to carry."""
    return _read(_FOLDER / "desk" / f"{language}.json")


@cache
def admin_words(language: str) -> Mapping[str, str]:
    """The sentences of the administration's pages, which load them when they are opened."""
    return _read(_FOLDER / "admin" / f"{language}.json")


def _read(path: Path) -> Mapping[str, str]:
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def sentence(language: str, key: str, **values: str | int) -> str:
    """One sentence with its gaps filled."""
    text = words(language)[key]
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def choose_language(accept_language: str, ui_locales: str = "") -> str:
    """The first language that the application or the browser asks for and that we speak; English when none."""
    wanted = ui_locales.replace(" ", ",").split(",")
    ranked = sorted(
        (-_weight(part), place, part.partition(";")[0]) for place, part in enumerate(accept_language.split(",")[:20])
    )
    for name in (*wanted, *(name for _, _, name in ranked)):
        short = name.strip().lower().partition("-")[0]
        if short in LANGUAGES:
            return short
    return "en"


def _weight(part: str) -> float:
    try:
        return float(part.partition("q=")[2] or 1)
    except ValueError:
        return 0.0
