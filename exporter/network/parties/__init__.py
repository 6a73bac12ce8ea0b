"""Who takes part: the operators, the service provider, the faucet."""
