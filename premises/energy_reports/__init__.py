"""The energy report put together: what was used, what was found and mended, frozen and handed out."""
