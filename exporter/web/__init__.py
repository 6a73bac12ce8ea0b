"""What the HTTP server is made of: configuration, TLS, users, connections, pages."""
