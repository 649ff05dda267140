"""A PIN as it is kept: Argon2id under the pepper, with everything needed to check a guess (security design 3.4)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class HashedPin:
    """`memory_kib`, `iterations`, `parallelism`: Argon2id's cost. `salt` 16 bytes, `nonce` 12 bytes.

    `ciphertext` is the hash under AES-256-GCM with the pepper named by `kid`.
    """

    memory_kib: int
    iterations: int
    parallelism: int
    salt: bytes = field(repr=False)
    kid: str
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)
