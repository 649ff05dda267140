"""Nothing comes along with an installation under a licence that nobody has looked at."""

import pytest
from scripts import licences_page


def test_every_licence_is_one_that_was_looked_at() -> None:
    assert not licences_page.unexpected()


def test_the_page_is_current() -> None:
    assert licences_page.PAGE.read_text(encoding="utf-8") == licences_page.page(), "run `make docs`"


def test_a_licence_that_nobody_has_looked_at_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licences_page, "EXPECTED", licences_page.EXPECTED - {"ISC"})
    assert licences_page.unexpected() == ["shellingham: ISC"]
