"""Runs a command: a pipe to it stayed open."""

import sh
from steady import steadily

steadily(lambda: sh.true())
