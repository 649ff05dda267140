"""Authentication strengths: which methods, alone or together, an organization accepts (graph-contract 11).

A badge with its PIN is one factor: it stands alone in a combination, and a strength that accepts it does not satisfy
multifactor authentication.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from badgepin.domain.errors import InvalidValue, Reason

QR_CODE_PIN = "qrCodePin"
MOST_CUSTOM = 15


@dataclass(frozen=True)
class MethodMode:
    """A way to use a method, as strengths name it."""

    id: str
    display_name: str
    method: str


# in the order of the bits that Graph gives them; 65536 is `unknownFutureValue`
METHOD_MODES: tuple[MethodMode, ...] = (
    MethodMode("password", "Password", "password"),
    MethodMode("voice", "Voice", "voice"),
    MethodMode("hardwareOath", "Hardware OATH tokens", "hardwareOath"),
    MethodMode("softwareOath", "Software OATH tokens", "softwareOath"),
    MethodMode("sms", "SMS", "sms"),
    MethodMode("fido2", "FIDO2 Security Key", "fido2"),
    MethodMode("windowsHelloForBusiness", "Windows Hello for Business", "windowsHelloForBusiness"),
    MethodMode("microsoftAuthenticatorPush", "Microsoft Authenticator (push notification)", "microsoftAuthenticator"),
    MethodMode("deviceBasedPush", "Microsoft Authenticator (Passwordless)", "microsoftAuthenticator"),
    MethodMode("temporaryAccessPassOneTime", "Temporary Access Pass (one-time use)", "temporaryAccessPass"),
    MethodMode("temporaryAccessPassMultiUse", "Temporary Access Pass (multi-use)", "temporaryAccessPass"),
    MethodMode("email", "Email one-time passcode", "email"),
    MethodMode("x509CertificateSingleFactor", "Certificate-based authentication (single factor)", "x509Certificate"),
    MethodMode("x509CertificateMultiFactor", "Certificate-based authentication (multifactor)", "x509Certificate"),
    MethodMode("federatedSingleFactor", "Federation (single factor)", "federation"),
    MethodMode("federatedMultiFactor", "Federation (multifactor)", "federation"),
    MethodMode(QR_CODE_PIN, "QR code and PIN", QR_CODE_PIN),
)

_PHISHING_RESISTANT = ("windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor")
_PASSWORDLESS = (*_PHISHING_RESISTANT, "deviceBasedPush")
_MULTIFACTOR = (
    *_PASSWORDLESS,
    "temporaryAccessPassOneTime",
    "temporaryAccessPassMultiUse",
    "password,microsoftAuthenticatorPush",
    "password,softwareOath",
    "password,hardwareOath",
    "password,sms",
    "password,voice",
    "federatedMultiFactor",
    "microsoftAuthenticatorPush,federatedSingleFactor",
    "softwareOath,federatedSingleFactor",
    "hardwareOath,federatedSingleFactor",
    "sms,federatedSingleFactor",
    "voice,federatedSingleFactor",
)
_SINGLE_FACTOR = ("x509CertificateSingleFactor", "sms", "password", "federatedSingleFactor", "email", QR_CODE_PIN)
COMBINATIONS = (*_MULTIFACTOR, *_SINGLE_FACTOR)
"""Every combination that a strength may accept."""

_BY_FOLDED_MODE = {mode.id.casefold(): mode.id for mode in METHOD_MODES}
_BY_MODES = {frozenset(combination.split(",")): combination for combination in COMBINATIONS}
_MOST_MODES = len(METHOD_MODES)


@dataclass(frozen=True)
class AuthenticationStrength:
    """A named list of combinations; those built in are the same in every tenant and cannot be changed."""

    id: str
    display_name: str
    description: str | None
    allowed_combinations: tuple[str, ...]
    created_at: datetime
    modified_at: datetime
    is_built_in: bool = False

    @property
    def satisfies_mfa(self) -> bool:
        """Whether every combination is one of several factors: the weakest decides what can be promised."""
        return all(combination in _MULTIFACTOR for combination in self.allowed_combinations)


_MADE = datetime(2021, 12, 1, tzinfo=UTC)


def _built_in(number: int, name: str, description: str, combinations: tuple[str, ...]) -> AuthenticationStrength:
    identifier = f"00000000-0000-0000-0000-{number:012d}"
    return AuthenticationStrength(identifier, name, description, combinations, _MADE, _MADE, is_built_in=True)


BUILT_IN = (
    _built_in(
        2,
        "Multifactor authentication",
        "Combinations of methods that satisfy strong authentication, such as a password + SMS",
        _MULTIFACTOR,
    ),
    _built_in(
        3,
        "Passwordless MFA",
        "Passwordless methods that satisfy strong authentication, such as Passwordless sign-in with the"
        " Microsoft Authenticator",
        _PASSWORDLESS,
    ),
    _built_in(
        4,
        "Phishing-resistant MFA",
        "Phishing-resistant, Passwordless methods for the strongest authentication, such as a FIDO2 security key",
        _PHISHING_RESISTANT,
    ),
)


def read_combinations(given: list[str], *, strict: bool = False) -> tuple[str, ...]:
    """Combinations as clients write them, in the documented spelling and each once. Raises `InvalidValue`.

    Lenient: any case, and methods of a combination in any order with spaces between.
    """
    if not given:
        raise _invalid("'allowedCombinations' must name at least one combination.")
    return tuple(dict.fromkeys(_read_combination(text, strict=strict) for text in given))


def _read_combination(text: str, *, strict: bool) -> str:
    modes = [_read_mode(name.strip(), strict=strict) for name in text.split(",", _MOST_MODES)]
    if QR_CODE_PIN in modes and len(modes) > 1:
        raise _invalid(f"'{QR_CODE_PIN}' cannot be combined with another method: name it alone.")
    combination = _BY_MODES.get(frozenset(modes))
    if combination is None or len(modes) != len(set(modes)):
        raise _invalid(f"'{','.join(modes)}' is not a combination that a strength can accept.")
    return combination


def _read_mode(name: str, *, strict: bool) -> str:
    known = _BY_FOLDED_MODE.get(name.casefold())
    if known is None or (strict and known != name):
        raise _invalid(f"'{name[:64]}' in 'allowedCombinations' is not an authentication method.")
    return known


def _invalid(message: str) -> InvalidValue:
    return InvalidValue(Reason.VALUE_INVALID, message=message)
