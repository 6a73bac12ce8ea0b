"""Who owns the clock, the signals, and the order of starting and ending."""
