"""The OpenID conformance suite's plans for Badgepin, and what runs them: docs/conformance.md."""
