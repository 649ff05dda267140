"""The operations on passkeys, as Graph has them, and on invitations to register one, which it has not."""

from badgepin.graph import fido2_method, invitation
from badgepin.graph import permissions as may
from badgepin.graph.request import Route

_PASSKEYS = "/users/{user}/authentication/fido2Methods"
_TYPE = "fido2AuthenticationMethod"
PASSKEY_ROUTES: tuple[Route, ...] = (
    Route("GET", _PASSKEYS, may.PASSKEY_READ, fido2_method.list_methods, None, f"{_TYPE}[]"),
    Route("GET", f"{_PASSKEYS}/{{passkey}}", may.PASSKEY_READ, fido2_method.get_method, None, _TYPE),
    Route(
        "DELETE",
        f"{_PASSKEYS}/{{passkey}}",
        may.PASSKEY_WRITE,
        fido2_method.delete_method,
        None,
        None,
        (204,),
        fresh=True,
    ),
)
"""Served below `/me` too."""

_INVITATIONS = "/badgepin/users/{user}/invitations"
INVITATION_ROUTES: tuple[Route, ...] = (
    Route("GET", _INVITATIONS, may.INVITE, invitation.list_invitations, None, "deskInvitation[]"),
    Route("POST", _INVITATIONS, may.INVITE, invitation.invite, None, "deskInvitation", (201,), fresh=True),
    Route(
        "DELETE",
        f"{_INVITATIONS}/{{invitation}}",
        may.INVITE,
        invitation.withdraw,
        None,
        None,
        (204,),
    ),
)
