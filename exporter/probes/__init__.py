"""Readings of a subject from outside its process."""
