"""Tools for the development of the exporter; none of them is installed with it."""
