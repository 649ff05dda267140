"""Whose address a request is given: only listed proxies are believed, and no header changes what we call ourselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgepin.settings import SettingsRefused, read_settings
from badgepin.web.client_address import client_address

PROXY, CLIENT, INVENTED = "10.0.0.5", "203.0.113.9", "198.51.100.66"
LISTED = ("10.0.0.5", "10.1.0.0/16", "2001:db8:1::/48")


def _address(peer: str, *forwarded: str, listed: tuple[str, ...] = LISTED) -> str:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    return client_address({"client": (peer, 4711), "headers": headers}, listed)


def test_a_listed_proxy_says_who_asked() -> None:
    assert _address(PROXY, CLIENT) == CLIENT


def test_a_client_that_is_no_listed_proxy_is_not_believed() -> None:
    assert _address(CLIENT, INVENTED) == CLIENT


def test_without_listed_proxies_the_header_means_nothing() -> None:
    assert _address(PROXY, CLIENT, listed=()) == PROXY


def test_what_a_client_wrote_before_the_proxy_added_the_truth_is_not_reached() -> None:
    assert _address(PROXY, f"{INVENTED}, {CLIENT}") == CLIENT
    assert _address(PROXY, INVENTED, CLIENT) == CLIENT
    assert _address(PROXY, f"10.1.2.3, {CLIENT}") == CLIENT


def test_several_listed_proxies_in_a_row_are_passed_through() -> None:
    assert _address(PROXY, f"{INVENTED}, {CLIENT}, 10.1.200.7, 10.1.3.4") == CLIENT


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        (f"{CLIENT}:50123", CLIENT),
        (f"  {CLIENT} ", CLIENT),
        ("2001:db8:2::7", "2001:db8:2::7"),
        ("[2001:db8:2::7]:443", "2001:db8:2::7"),
        ("2001:DB8:2:0::7", "2001:db8:2::7"),
        (f"::ffff:{CLIENT}", CLIENT),
    ],
)
def test_addresses_are_read_in_every_form_proxies_write(entry: str, address: str) -> None:
    assert _address(PROXY, entry) == address


@pytest.mark.parametrize("entry", ["", "unknown", "_hidden", "999.1.1.1", "1.2.3.4.5", "a\x00b", "[", "\xff", ",,,"])
def test_an_entry_that_is_no_address_leaves_the_proxy_as_the_one_who_asked(entry: str) -> None:
    assert _address(PROXY, entry) == PROXY
    assert _address(PROXY, f"{CLIENT}, {entry}") == PROXY


def test_proxies_and_peers_are_compared_as_addresses_and_not_as_text() -> None:
    assert _address("2001:DB8:1:0::1", CLIENT) == CLIENT
    assert _address(f"::ffff:{PROXY}", CLIENT) == CLIENT
    assert _address("10.10.0.1", CLIENT, listed=("10.1.0.0/16",)) == "10.10.0.1"


def test_an_endless_list_is_not_walked_to_its_invented_start() -> None:
    assert _address(PROXY, ", ".join([INVENTED, *["10.1.0.1"] * 5000])) == "10.1.0.1"


def test_a_connection_without_an_address_has_none() -> None:
    assert client_address({"client": None, "headers": [(b"x-forwarded-for", CLIENT.encode())]}, LISTED) == ""


@given(st.lists(st.text(alphabet=st.characters(max_codepoint=255), max_size=60), max_size=5))
def test_no_header_of_a_stranger_changes_the_address(lines: list[str]) -> None:
    assert _address(CLIENT, *lines) == CLIENT


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60))
def test_what_comes_before_the_proxys_own_entry_changes_nothing(invented: str) -> None:
    assert _address(PROXY, invented, CLIENT) == CLIENT


@pytest.mark.parametrize("listed", ["proxy.example", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.5;10.0.0.6"])
def test_a_list_of_proxies_that_makes_no_sense_is_refused(listed: str) -> None:
    with pytest.raises(SettingsRefused, match="trusted_proxies"):
        read_settings("nowhere", environment={"BADGEPIN_TRUSTED_PROXIES": listed})


def test_the_list_is_read_with_commas_and_with_spaces() -> None:
    settings = read_settings("nowhere", environment={"BADGEPIN_TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/16 ::1"})
    assert settings.trusted_proxies == ("10.0.0.5", "10.1.0.0/16", "::1")
