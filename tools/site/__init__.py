"""The documentation site, built by MkDocs from the same pages that the repository shows."""
