"""Subjects: the SDK under load, each a process of its own that speaks JSON lines."""
