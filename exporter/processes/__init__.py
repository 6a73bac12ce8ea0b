"""How a child process lives and ends."""
