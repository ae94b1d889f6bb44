"""The numbered revisions. A revision that was released is never changed."""
