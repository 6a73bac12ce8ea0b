"""From a series of samples to a verdict: pure functions on arrays."""
