"""Reports that come as a form's table, where phones cannot reach the intranet."""
