"""Authorization requests that must get no code, and what must happen instead.

`page`: the person reads a sentence, nothing is sent anywhere. Anything else is the error the registered address gets.
"""

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from tests.graph.world import CLIENT, guid
from tests.portal.screen import REDIRECT, SPA

PAGE = "page"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
GOOD = {
    "client_id": CLIENT,
    "redirect_uri": SPA,
    "response_type": "code",
    "scope": "openid profile",
    "state": "xyz",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
_HOST = "till.example"

REDIRECTS = [
    "",
    "/",
    "//evil.example",
    "https://evil.example",
    "https://evil.example/page",
    f"https://{_HOST}",
    f"https://{_HOST}/",
    f"{SPA}/",
    f"{SPA}?",
    f"{SPA}?x=1",
    f"{SPA}#",
    f"{SPA}#fragment",
    f"{SPA}/../page",
    f"{SPA}/.",
    f"https://{_HOST}/./page",
    f"https://{_HOST}/x/../page",
    f"https://{_HOST}//page",
    f"https://{_HOST}/page%00",
    f"https://{_HOST}/pag%65",
    f"https://{_HOST}/page\x00",
    f"https://{_HOST}/page\n",
    f"https://{_HOST}/page\r\nLocation: https://evil.example",
    f"https://{_HOST}/page ",
    f" {SPA}",
    f"https://{_HOST}:443/page",
    f"https://{_HOST}:8443/page",
    f"https://{_HOST}:/page",
    f"http://{_HOST}/page",
    f"HTTPS://{_HOST}/page",
    f"https://{_HOST.upper()}/page",
    f"https://{_HOST}/PAGE",
    f"https://{_HOST}./page",
    f"https://{_HOST}.evil.example/page",
    f"https://evil.example/{_HOST}/page",
    f"https://evil.example?{SPA}",
    f"https://evil.example#{SPA}",
    f"https://evil.example@{_HOST}/page",
    f"https://{_HOST}@evil.example/page",
    f"https://{_HOST}%40evil.example/page",
    f"https://{_HOST}\\@evil.example/page",
    f"https://evil.example\\@{_HOST}/page",
    f"https://{_HOST}\\page",
    f"https:/{_HOST}/page",
    f"https:{_HOST}/page",
    f"https:///{_HOST}/page",
    f"https:\\\\{_HOST}\\page",
    f"https://{_HOST};evil.example/page",
    f"https://{_HOST},evil.example/page",
    f"https://{_HOST}\t/page",
    "https://tіll.example/page",  # noqa: RUF001 - a Cyrillic letter is the point
    "https://xn--tll-0ra.example/page",
    "https://till。example/page",
    f"https://{_HOST}/page\u202e",
    f"https://{_HOST}\u2024evil.example/page",
    "https://[::1]/page",
    "https://127.0.0.1/page",
    "https://2130706433/page",
    "javascript:alert(1)",
    f"javascript://{_HOST}/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    f"blob:{SPA}",
    f"view-source:{SPA}",
    "about:blank",
    "urn:ietf:wg:oauth:2.0:oob",
    "http://localhost/other",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://localhost:80@evil.example",
    "http://localhost:99999999",
    "http://localhost:x",
    "https://localhost",
    "http://127.0.0.1",
    "http://" + "127.1",
    "http://0.0.0.0",
    "http://[::1]",
    "http://LOCALHOST",
    "http://localhost#x",
    "http://localhost?x=1",
    f"{REDIRECT} {SPA}",
    f"{REDIRECT},{SPA}",
    "*",
    f"https://*.{_HOST}/page",
    "null",
    "x" * 3000,
]


def _with(**changes: str) -> str:
    return urlencode({**GOOD, **changes})


def _without(*names: str) -> str:
    return urlencode({name: value for name, value in GOOD.items() if name not in names})


def _twice(name: str, value: str) -> str:
    return f"{urlencode(GOOD)}&{name}={quote(value, safe='')}"


CLIENTS = [
    "",
    "x",
    guid("nobody"),
    CLIENT + "x",
    CLIENT[:-1],
    f"{CLIENT} ",
    f"{CLIENT}\x00",
    "' OR 1=1 --",
    "../" + CLIENT,
    "\ud7ff" * 20,
    "x" * 5000,
    guid("principal"),
    guid("application"),
]


def corpus() -> Iterator[tuple[str, str, str]]:
    """Name, encoded request, and what must happen."""
    for number, uri in enumerate(REDIRECTS):
        yield f"redirect {number}", _with(redirect_uri=uri), PAGE
    for number, client in enumerate(CLIENTS):
        yield f"client {number}", _with(client_id=client), PAGE
    yield "no client", _without("client_id"), PAGE
    yield "no redirect", _without("redirect_uri"), PAGE
    yield "two clients", _twice("client_id", CLIENT), PAGE
    yield "two redirects", _twice("redirect_uri", "https://evil.example"), PAGE
    yield "nothing", "", PAGE
    yield "no pairs", "%%%&&&===", PAGE
    yield "bytes", "client_id=%ff%fe", PAGE
    yield "many fields", "&".join(f"a{n}=1" for n in range(200)), PAGE
    yield "foreign request_uri", _with(request_uri="https://evil.example/request"), PAGE
    yield "made-up request_uri", _with(request_uri="urn:ietf:params:oauth:request_uri:abc"), PAGE
    yield "long request_uri", _with(request_uri="urn:ietf:params:oauth:request_uri:" + "a" * 20_000), PAGE
    yield "request object", _with(request="eyJhbGciOiJub25lIn0.e30."), "request_not_supported"
    yield "registration", _with(registration="{}"), "registration_not_supported"
    yield from _answered()


def _answered() -> Iterator[tuple[str, str, str]]:
    """Those whose refusal goes to the registered address."""
    for kind in ("token", "id_token", "code token", "code id_token", "none", "CODE", "code ", "'", '"', "x" * 900):
        yield f"response_type {kind[:12]}", _with(response_type=kind), "unsupported_response_type"
    yield "empty response_type", _with(response_type=""), "invalid_request"
    yield "no response_type", _without("response_type"), "invalid_request"
    for mode in ("", "QUERY", "query.jwt", "web_message", "fragment query", "'", "<script>"):
        yield f"response_mode {mode}", _with(response_mode=mode), "invalid_request"
    for name in ("scope", "state", "nonce", "code_challenge", "prompt", "max_age", "response_type", "unknown"):
        value = GOOD.get(name, "1")
        encoded = f"{urlencode({**GOOD, name: value})}&{name}={quote(value)}"
        yield f"two of {name}", encoded, "invalid_request"
    yield "no PKCE", _without("code_challenge", "code_challenge_method"), "invalid_request"
    yield "method alone", _without("code_challenge"), "invalid_request"
    yield "challenge alone", _without("code_challenge_method"), "invalid_request"
    for method in ("plain", "PLAIN", "s256", "S512", "", "none", "S256 "):
        yield f"method {method}", _with(code_challenge_method=method), "invalid_request"
    for challenge in ("", "x", CHALLENGE[:-1], CHALLENGE + "A", CHALLENGE[:-1] + "=", CHALLENGE[:-1] + "+", "a" * 128):
        yield f"challenge {challenge[-3:]}{len(challenge)}", _with(code_challenge=challenge), "invalid_request"
    for scope in ("", " ", "x", "openid x", "openid;profile", "User.Read.Everything", "<script>", "openid\tprofile"):
        yield f"scope {scope}", _with(scope=scope), "invalid_scope"
    yield "long scope", _with(scope="openid " * 500), "invalid_scope"
    yield "no scope", _without("scope"), "invalid_scope"
    for prompt in ("create", "NONE", "none login", "login none", "x", "login x"):
        yield f"prompt {prompt}", _with(prompt=prompt), "invalid_request"
    for age in ("-1", "1.5", "x", "", "9" * 30, "٣", "0x10", " 5"):
        yield f"max_age {age[:6]}", _with(max_age=age), "invalid_request"
    yield "nobody signed in", _with(prompt="none"), "login_required"
    yield "long nonce", _with(nonce="n" * 3000), "invalid_request"
    yield "unreadable nonce", _with(nonce="n\x07"), "invalid_request"
    yield "long state", _with(state="s" * 5000), "invalid_request"
    yield "unreadable state", _with(state="s\r\nSet-Cookie: x=y"), "invalid_request"
