"""Bills from files, and beside the site's own meters."""
