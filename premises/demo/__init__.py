"""The demo: a home of its own with a past and a present, and a look at whether the loop closes."""
