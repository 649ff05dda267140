"""Ids, names people sign in with, and domains: no character more than their form has."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgepin.domain.errors import InvalidValue
from badgepin.domain.ids import canonical_guid, is_guid
from badgepin.domain.tenant import Tenant, check_tenant
from badgepin.domain.user import check_user_principal_name

ID = "6f1c2f0e-8a57-4d1b-9f2a-0c1d2e3f4a5b"
TENANT = Tenant(ID, "Contoso", "contoso.example", datetime(2026, 11, 23, tzinfo=UTC))


@given(st.uuids())
def test_a_guid_in_any_case_has_one_form(identifier: object) -> None:
    assert canonical_guid(str(identifier).upper()) == canonical_guid(str(identifier)) == str(identifier)


@pytest.mark.parametrize(
    "text",
    ["", ID + "\n", "\n" + ID, ID + " ", f"{{{ID}}}", ID.replace("-", ""), ID[:-1], ID + "0", ID.replace("6", "٦", 1)],
)
def test_what_is_nearly_a_guid_is_none(text: str) -> None:
    assert canonical_guid(text) is None
    assert not is_guid(text)


@pytest.mark.parametrize("name", ["a@b", "first.last+x@contoso.example", "ü@exämple", "a@b" + "c" * 110])
def test_a_name_to_sign_in_with_has_one_at_sign(name: str) -> None:
    check_user_principal_name(name)


@pytest.mark.parametrize(
    "name", ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "\na@b", "a@b\x00", "a|b@c", "a@b" + "c" * 111]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        check_user_principal_name(name)


@pytest.mark.parametrize("domain", ["contoso.example", "localhost", "a-b.c", "x" * 63 + ".example"])
def test_a_tenant_has_a_domain(domain: str) -> None:
    check_tenant(replace(TENANT, default_domain=domain))


@pytest.mark.parametrize(
    "domain", ["", "contoso.example\n", "Contoso.example", "-a.b", "a-.b", "a..b", ".a", "a.", "x" * 64 + ".y", "ü.de"]
)
def test_other_domains_are_refused(domain: str) -> None:
    with pytest.raises(InvalidValue):
        check_tenant(replace(TENANT, default_domain=domain))
