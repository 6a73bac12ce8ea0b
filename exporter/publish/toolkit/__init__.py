"""Serving HTTP, whatever is served: addresses, TLS, users, limits."""
