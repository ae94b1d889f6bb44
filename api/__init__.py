"""The way in for people and programs: HTTP, sign-in, roles, live events, and the console's pages."""
