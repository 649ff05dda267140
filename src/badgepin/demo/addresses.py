"""Where the till listens; known to the till, which needs its library, and to the demo, which does not."""

CALLBACK, SIGNED_OUT, BACK_CHANNEL = "/callback", "/", "/back-channel"
