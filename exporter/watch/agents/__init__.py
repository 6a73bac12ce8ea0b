"""Agents: what a program that is started here is given to tell of its heaps. What is in the folders here runs in it."""
