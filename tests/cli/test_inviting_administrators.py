"""Letting people in to the desk, by the operator at the machine."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.installation import DOMAIN, badgepin, is_one_line

ADA = f"ada@{DOMAIN}"
NOOR = f"noor@{DOMAIN}"


def test_an_invitation_adds_the_person_gives_the_role_and_prints_the_link_once(data: Path) -> None:
    made = badgepin("admins", "invite", NOOR, "--name", "Noor Vis", "--role", "badge manager", "--json", data=data).json
    assert made["roles"] == ["Badge Manager"]
    link = urlsplit(made["link"])
    assert link.path.endswith("/desk/invitation")
    assert len(link.fragment) == 43
    listed = badgepin("admins", "list", "--json", data=data)
    assert link.fragment not in listed.out
    [entry] = listed.json
    assert (entry["displayName"], entry["passkeys"]) == ("Noor Vis", [])
    assert entry["invitedUntilDateTime"] == made["expiresDateTime"]


def test_inviting_again_changes_nothing_but_the_link(staffed: Path) -> None:
    first = badgepin("admins", "invite", ADA, "--role", "Global Administrator", "--json", data=staffed).json
    again = badgepin("admins", "invite", ADA, "--role", "Global Administrator", "--json", data=staffed).json
    assert first["roles"] == again["roles"] == ["Global Administrator"]
    assert first["link"] != again["link"]


def test_people_read_what_to_do_with_the_link(staffed: Path) -> None:
    out = badgepin("admins", "invite", ADA, "--role", "Global Reader", data=staffed).out
    assert "works once, for 24 hours" in out
    assert "set base_url" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("invite", NOOR), ("no person", "--name")),
        (("invite", ADA), ("no role for the desk",)),
        (("invite", ADA, "--role", "Directory Readers"), ("no role for the desk", '"Badge Manager"')),
        (("invite", ADA, "--role", "Badge Manager", "--unit", "Nowhere"), ("no administrative unit", "Nowhere")),
        (("invite", ADA, "--unit", "Nowhere"), ("--role",)),
        (("remove-passkey", ADA), ("no such passkey", "admins list")),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    staffed: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert is_one_line(badgepin("admins", *arguments, data=staffed), *words)
    assert badgepin("admins", "list", data=staffed).out.startswith("Nobody may sign in")


def test_init_can_invite_the_first_administrator(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    made = badgepin("init", "--domain", DOMAIN, "--admin", ADA, "--json", data=folder).json
    assert made["roles"] == ["Global Administrator"]
    assert made["link"].startswith(f"http://127.0.0.1:8080/{made['tenantId']}/desk/invitation#")
    assert badgepin("admins", "list", "--json", data=folder).json[0]["userPrincipalName"] == ADA


def test_init_says_how_to_invite_somebody_later(tmp_path: Path) -> None:
    assert "badgepin admins invite" in badgepin("init", "--domain", DOMAIN, data=tmp_path / "data").out


def test_init_with_a_name_that_is_none_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert is_one_line(badgepin("init", "--admin", "ada", data=folder), "name@domain")
    assert not folder.exists()
