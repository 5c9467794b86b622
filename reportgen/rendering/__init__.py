"""Numbers to HTML, JSON and PDF, and their writing."""
