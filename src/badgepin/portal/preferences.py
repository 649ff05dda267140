"""How a person wants the page, on the wire."""

from badgepin.domain.sign_in import Preferences
from badgepin.portal.words import LANGUAGES

_TEXT_SIZES = ("normal", "large", "largest")
_CONTRASTS = ("normal", "more")


def preferences_json(kept: Preferences) -> dict[str, object]:
    """As the page gets it."""
    return {
        "language": kept.language,
        "text_size": kept.text_size,
        "contrast": kept.contrast,
        "sounds": kept.sounds,
    }


def read_preferences(value: object) -> Preferences | None:
    """As the page sends it; None when there is nothing sensible to remember."""
    if not isinstance(value, dict):
        return None
    language, size, contrast = value.get("language"), value.get("text_size"), value.get("contrast")
    if language not in LANGUAGES or size not in _TEXT_SIZES or contrast not in _CONTRASTS:
        return None
    return Preferences(str(language), str(size), str(contrast), value.get("sounds") is not False)
