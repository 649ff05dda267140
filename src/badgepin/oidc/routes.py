"""The table of contents of the token issuer."""

from starlette.routing import BaseRoute

from badgepin.web.installation import Installation


def routes(installation: Installation) -> list[BaseRoute]:
    """The issuer's routes."""
    del installation
    return []
