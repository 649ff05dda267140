"""The page speaks every language with the same sentences, and never shows one that is missing."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from badgepin.domain.desk_person import DeskFilter, PinState
from badgepin.domain.pin import Weakness
from badgepin.domain.sign_in import Denial
from badgepin.portal.words import LANGUAGES, admin_words, choose_language, desk_words, words

PORTAL = Path(__file__).parents[2] / "src" / "badgepin" / "portal"
GAP = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("table", [words, desk_words, admin_words])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_sentences_with_the_same_gaps(
    language: str, table: Callable[[str], Mapping[str, str]]
) -> None:
    english, other = table("en"), table(language)
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
    named -= {*desk_words("en"), "say", "change", "learn", "time", "language", "js", "table", "replace"}
    assert named <= set(words("en")) | {"languageName"}
    unused = [key for key in words("en") if not re.search(rf"\b{key}\b|weak_|Until", text)]
    assert not unused


def test_every_word_that_the_desk_says_exists_and_none_is_left_over() -> None:
    files = [*PORTAL.glob("static/desk*.js"), PORTAL / "templates" / "desk.html"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    said = set(re.findall(r'\bsay\("(\w+)"', text)) | set(re.findall(r"words\.(\w+) }}", text))
    assert said <= set(desk_words("en"))
    made = r"nobody_|pin_|denial_|error_|announced_|result_|status_|event(Temporary|Badge|Pin|Method)"
    unused = [key for key in desk_words("en") if not re.search(rf"\b{key}\b", text) and not re.match(made, key)]
    assert not unused
    assert {f"denial_{denial.value}" for denial in Denial} <= set(desk_words("en"))
    assert {f"pin_{state.value}" for state in PinState} <= set(desk_words("en"))
    assert {f"nobody_{state.value}" for state in DeskFilter} <= set(desk_words("en"))


def test_every_word_that_the_administration_says_exists_and_none_is_left_over() -> None:
    pages = [path.read_text(encoding="utf-8") for path in PORTAL.glob("static/admin_*.js")]
    shell = (PORTAL / "static" / "desk.js").read_text(encoding="utf-8")
    text = "\n".join([*pages, shell])
    assert not set(admin_words("en")) & set(desk_words("en"))
    said = set(re.findall(r'\bsay\("(\w+)"', "\n".join(pages)))
    assert said <= {*admin_words("en"), *desk_words("en")}
    titles = {f"{path.stem.removeprefix('admin_')}Title" for path in PORTAL.glob("static/admin_*.js")}
    made = r"finding_|check_|verdict_|health_"
    unused = [
        key
        for key in admin_words("en")
        if not re.search(rf"\b{key}\b", text) and not re.match(made, key) and key not in titles
    ]
    assert not unused


def test_every_finding_on_the_installation_has_a_sentence_in_every_language() -> None:
    source = (PORTAL.parent / "services" / "system_health.py").read_text(encoding="utf-8")
    made = re.findall(r'_made\(\s*"(\w+)", Verdict\.\w+, "(\w+)"', source)
    looked_at = re.findall(r'^ {8}\("(\w+)", "', source, re.MULTILINE)
    codes = {code for _, code in made} | {f"{check}{end}" for check in looked_at for end in ("", "Wrong")}
    checks = {check for check, _ in made} | set(looked_at)
    assert len(codes) > 15
    assert {f"finding_{code}" for code in codes} == {key for key in admin_words("en") if key.startswith("finding_")}
    assert {f"check_{check}" for check in checks} == {key for key in admin_words("en") if key.startswith("check_")}


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
