"""People, groups, codes and applications, by the operator at the machine."""

from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from badgepin.domain.badge_text import BadgeText, read_badge_text
from tests.cli.installation import DOMAIN, badgepin, is_one_line

ADA = f"ada@{DOMAIN}"


def _ok(*arguments: str, data: Path) -> str:
    outcome = badgepin(*arguments, data=data)
    assert outcome.code == 0, outcome.err
    return outcome.out


def test_a_code_is_handed_out_with_a_pin_and_both_are_shown_once(staffed: Path) -> None:
    issued = badgepin("codes", "issue", ADA, "--json", data=staffed).json
    assert isinstance(read_badge_text(issued["text"]), BadgeText)
    assert issued["pin"].isdecimal()
    shown = _ok("codes", "show", ADA, "--json", data=staffed)
    assert issued["id"] in shown
    assert issued["text"] not in shown
    assert issued["pin"] not in shown


def test_the_code_in_the_terminal_is_the_one_that_was_issued(staffed: Path) -> None:
    out = _ok("codes", "issue", ADA, data=staffed)
    code_id = next(line.split()[1] for line in out.splitlines() if line.startswith("id"))
    assert _scan(out) == code_id


def test_a_temporary_code_is_issued_revoked_and_issued_again(staffed: Path) -> None:
    _ok("codes", "issue", ADA, data=staffed)
    first = badgepin("codes", "temporary", ADA, "--json", data=staffed).json
    assert first["kind"] == "temporary"
    assert first["pin"] is None
    assert is_one_line(badgepin("codes", "temporary", ADA, data=staffed), "codes revoke USER temporary")
    _ok("codes", "revoke", ADA, "temporary", data=staffed)
    assert is_one_line(badgepin("codes", "revoke", ADA, "temporary", data=staffed), "no temporary code")
    assert badgepin("codes", "temporary", ADA, "--json", data=staffed).json["id"] != first["id"]


def test_a_picture_never_overwrites_a_file(staffed: Path) -> None:
    picture = staffed / "ada.svg"
    _ok("codes", "issue", ADA, "--svg", str(picture), data=staffed)
    before = picture.read_bytes()
    assert before.startswith(b"<svg")
    outcome = badgepin("codes", "temporary", ADA, "--svg", str(picture), data=staffed)
    assert outcome.code == 1
    assert picture.read_bytes() == before


def test_a_pin_is_replaced_without_touching_the_code(staffed: Path) -> None:
    issued = badgepin("codes", "issue", ADA, "--json", data=staffed).json
    fresh = badgepin("codes", "reset-pin", ADA, "--json", data=staffed).json
    assert fresh["pin"] != issued["pin"]
    assert issued["id"] in _ok("codes", "show", ADA, data=staffed)


def test_people_are_changed_disabled_and_removed(staffed: Path) -> None:
    _ok("users", "update", ADA, "--department", "Store South", data=staffed)
    _ok("users", "disable", ADA, data=staffed)
    shown = badgepin("users", "show", ADA, "--json", data=staffed).json
    assert (shown["department"], shown["accountEnabled"]) == ("Store South", False)
    _ok("users", "remove", ADA, data=staffed)
    assert is_one_line(badgepin("users", "show", ADA, data=staffed), "no person", "users list")


def test_groups_have_members(staffed: Path) -> None:
    _ok("groups", "add", "Night shift", data=staffed)
    _ok("groups", "members", "add", "Night shift", ADA, data=staffed)
    assert is_one_line(badgepin("groups", "members", "add", "Night shift", ADA, data=staffed), "already")
    assert ADA in _ok("groups", "members", "list", "Night shift", data=staffed)
    _ok("groups", "members", "remove", "Night shift", ADA, data=staffed)
    assert badgepin("groups", "members", "list", "Night shift", "--json", data=staffed).json == []


def test_an_application_gets_a_secret_and_a_permission(data: Path) -> None:
    client = badgepin("clients", "add", "Badge printing", "--json", data=data).json["clientId"]
    secret = badgepin("clients", "secret", "add", client, "--json", data=data).json
    permission = "UserAuthMethod-QR.ReadWrite.All"
    _ok("clients", "grant", client, permission, data=data)
    shown = badgepin("clients", "show", client, "--json", data=data)
    assert shown.json["permissions"] == [permission]
    assert secret["secretText"] not in shown.out
    _ok("clients", "revoke", client, permission, data=data)
    assert is_one_line(badgepin("clients", "revoke", client, permission, data=data), permission)
    refused = badgepin("clients", "grant", client, "Everything.Please", data=data)
    assert is_one_line(refused, "Everything.Please")


def test_with_several_tenants_a_command_asks_which(staffed: Path) -> None:
    _ok("tenants", "add", "--domain", "hospital.example", data=staffed)
    assert is_one_line(badgepin("users", "list", data=staffed), "--tenant")
    assert ADA in _ok("users", "list", "--tenant", DOMAIN, data=staffed)
    assert badgepin("users", "list", "--tenant", "hospital.example", "--json", data=staffed).json == []


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("users",), ("codes", "temporary", ADA, "--hours", "13"), ("users", "list", "--nonsense")],
)
def test_misuse_is_one_line_that_names_the_help(staffed: Path, arguments: tuple[str, ...]) -> None:
    outcome = badgepin(*arguments, data=staffed if len(arguments) > 1 else None)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "--help" in outcome.err


def _scan(out: str) -> str:
    """The id of the code drawn in half blocks, read from its picture."""
    rows = [line for line in out.splitlines() if line and set(line) <= set("█▀▄ ")]
    pixels = []
    for row in rows:
        pixels.append([letter in "█▀" for letter in row])
        pixels.append([letter in "█▄" for letter in row])
    width = max(map(len, pixels))
    image = Image.new("L", (width, len(pixels)), 255)
    image.putdata([255 if lit else 0 for row in pixels for lit in row + [True] * (width - len(row))])
    (found,) = zxingcpp.read_barcodes(image.resize((width * 8, len(pixels) * 8), Image.Resampling.NEAREST))
    read = read_badge_text(found.text)
    assert isinstance(read, BadgeText)
    return read.qr_code_id
