"""The only source of randomness: the operating system's."""

import secrets
from uuid import uuid4


def new_guid() -> str:
    """A random id: an identifier, never a secret."""
    return str(uuid4())


def random_digits(count: int) -> str:
    """That many decimal digits, each equally likely."""
    return f"{secrets.randbelow(10**count):0{count}d}"


def new_key_id() -> str:
    """A short name for a key."""
    return secrets.token_hex(8)


def new_client_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)
