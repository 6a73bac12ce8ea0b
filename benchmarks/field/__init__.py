"""The field test: released packages that leak, their fixed releases, and clean programs that look leaky."""
