"""People in the directory."""

import unicodedata


def user_principal_name_key(user_principal_name: str) -> str:
    """The form under which two spellings of a user principal name are the same person."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", user_principal_name).casefold())
