"""What the network holds: leaves, transfers, the chain, and the rules that keep money exact."""
