"""Bookings brought in from tables and calendars."""
