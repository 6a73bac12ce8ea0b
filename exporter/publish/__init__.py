"""What is served: metrics, the live page, the run as JSON, profiles."""
