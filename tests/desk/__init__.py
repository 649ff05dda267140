"""The door of the desk: invitations, passkeys, sessions, and the API as the desk uses it."""
