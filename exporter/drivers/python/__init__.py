"""What runs inside a Python subject: the driver and its instruments."""
