"""Which code holds memory: dumps, what differs between two, and pictures of it."""
