"""Messages of the public Spark protocol, as far as the local network speaks it; ``make proto`` regenerates the code."""
