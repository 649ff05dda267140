"""What a scanner types on different keyboards: it presses the keys of a US keyboard, the computer reads its own."""

from dataclasses import dataclass

_SHIFTED = {
    "!": "Digit1", "@": "Digit2", "#": "Digit3", "$": "Digit4", "%": "Digit5", "^": "Digit6", "&": "Digit7",
    "*": "Digit8", "(": "Digit9", ")": "Digit0", "_": "Minus", "+": "Equal", ":": "Semicolon", '"': "Quote",
    "<": "Comma", ">": "Period", "?": "Slash", "|": "Backslash", "~": "Backquote",
}  # fmt: skip
_PLAIN = {"-": "Minus", "=": "Equal", ";": "Semicolon", ",": "Comma", ".": "Period", "/": "Slash", "\\": "Backslash"}

# what a layout makes of a US key: only what differs in a badge's text
LAYOUTS: dict[str, dict[str, str]] = {
    "US": {},
    "German": {"KeyY": "zZ", "KeyZ": "yY", "Minus": "ß?", "Semicolon": "öÖ", "Backslash": "#'"},
    "French": {
        "KeyQ": "aA", "KeyA": "qQ", "KeyW": "zZ", "KeyZ": "wW", "KeyM": ",?", "Semicolon": "mM", "Minus": ")°",
        "Backslash": "*µ", "Digit1": "&1", "Digit2": "é2", "Digit3": '"3', "Digit4": "'4", "Digit5": "(5",
        "Digit6": "-6", "Digit7": "è7", "Digit8": "_8", "Digit9": "ç9", "Digit0": "à0",
    },
    "Spanish": {"Minus": "'?", "Semicolon": "ñÑ", "Backslash": "çÇ"},
    "Polish": {"KeyY": "zZ", "KeyZ": "yY", "Semicolon": "łŁ", "Minus": "+?", "Backslash": "óź"},
    "Arabic": {
        f"Key{letter}": arabic * 2
        for letter, arabic in zip("QWERTYUIOPASDFGHJKLZXCVBNM", "ضصثقفغعهخحشسيبلاتنمئءؤرﻻىة", strict=True)
    },
}  # fmt: skip


@dataclass(frozen=True)
class Press:
    """A key press as the browser reports it."""

    code: str
    key: str
    shift: bool


def presses(text: str, layout: str) -> list[Press]:
    """The presses of a scanner that types this text."""
    found = []
    for character in text:
        code, shift = _key_of(character)
        reading = LAYOUTS[layout].get(code)
        found.append(Press(code, reading[1 if shift else 0] if reading else character, shift))
    return found


def _key_of(character: str) -> tuple[str, bool]:
    if character.isalpha():
        return f"Key{character.upper()}", character.isupper()
    if character.isdigit():
        return f"Digit{character}", False
    if character in _PLAIN:
        return _PLAIN[character], False
    return _SHIFTED[character], True
