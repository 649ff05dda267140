"""A brand's colour is taken only when white words on it can be read."""

import pytest

from badgepin.domain.colour import contrast_with_white
from badgepin.settings import SettingsRefused, read_settings


@pytest.mark.parametrize(
    ("colour", "contrast"), [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#1a5fb4", 6.29), ("red", None)]
)
def test_contrast_is_what_the_standard_computes(colour: str, contrast: float | None) -> None:
    found = contrast_with_white(colour)
    assert found == contrast if contrast is None or found is None else abs(found - contrast) < 0.02


@pytest.mark.parametrize("colour", ["#ffff00", "#fff", "red;}", "#12345g", ""])
def test_a_colour_that_hides_words_is_refused_at_start(colour: str) -> None:
    with pytest.raises(SettingsRefused, match="brand_colour"):
        read_settings(None, environment={}, brand_colour=colour)
