"""The page speaks every language with the same sentences, and never shows one that is missing."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from badgepin.domain.pin import Weakness
from badgepin.domain.sign_in import Denial
from badgepin.portal.words import LANGUAGES, choose_language, words

PORTAL = Path(__file__).parents[2] / "src" / "badgepin" / "portal"
GAP = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_sentences_with_the_same_gaps(language: str) -> None:
    english, other = words("en"), words(language)
    assert list(other) == list(english)
    for key, text in english.items():
        assert other[key].strip()
        assert sorted(GAP.findall(other[key])) == sorted(GAP.findall(text)), key


def test_every_denial_and_weakness_has_a_sentence() -> None:
    assert {denial.value for denial in Denial} <= set(words("en"))
    assert {f"weak_{weakness.value}" for weakness in Weakness} <= set(words("en"))


def test_every_word_that_page_and_scripts_name_exists_and_none_is_left_over() -> None:
    files = [*PORTAL.rglob("*.html"), *PORTAL.rglob("*.js"), *PORTAL.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files if "vendor" not in path.parts)
    named = set(re.findall(r"words\.(\w+)", text)) | set(re.findall(r'data-word(?:-label)?="(\w+)"', text))
    named -= {"say", "change", "time", "language", "js", "table", "replace"}
    assert named <= set(words("en")) | {"languageName"}
    unused = [key for key in words("en") if not re.search(rf"\b{key}\b|weak_|Until", text)]
    assert not unused


@pytest.mark.parametrize(
    ("header", "locales", "chosen"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "", "de"),
        ("nl;q=0.9, ar;q=0.3, pl;q=0.5", "", "pl"),
        ("", "", "en"),
        ("xx", "", "en"),
        ("en", "fr-CA fr", "fr"),
        (";;;q=,,q=x", "", "en"),
    ],
)
def test_the_language_is_the_first_that_application_or_browser_wants(header: str, locales: str, chosen: str) -> None:
    assert choose_language(header, locales) == chosen


def test_vendored_files_are_the_ones_that_were_written_down() -> None:
    folder = PORTAL / "static" / "vendor"
    table = json.loads((folder / "VENDORED.json").read_text(encoding="utf-8"))
    for name, entry in table.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
        assert (folder / entry["licenceFile"]).read_text(encoding="utf-8").strip()
        assert entry["version"]
    assert {path.name for path in folder.iterdir()} == {
        *table,
        "VENDORED.json",
        *(entry["licenceFile"] for entry in table.values()),
    }
