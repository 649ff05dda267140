"""The door for people: the sign-in page and what it talks to."""
