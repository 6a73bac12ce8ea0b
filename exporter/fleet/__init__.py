"""Many runs from one plan, as cells that are the same wherever they are made, and what they show together."""
