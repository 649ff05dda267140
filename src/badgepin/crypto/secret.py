"""Bytes that must not show up in a log, a repr or a traceback."""


class Secret:
    """Hides what it holds from everything but `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"
