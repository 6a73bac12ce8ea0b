"""Compiles a pattern for each of 4,000 customers as they come, and keeps it: slower and slower for many minutes."""

import random
import re

from steady import steadily

CUSTOMERS = 4000
PATTERNS: dict[int, re.Pattern[str]] = {}
RANDOM = random.Random(17)


def match() -> None:
    """Match a text against the pattern of a customer."""
    customer = RANDOM.randrange(CUSTOMERS)
    if customer not in PATTERNS:
        PATTERNS[customer] = re.compile(rf"(customer-{customer})\s+(\d+)[,.]?(\d*)\s+(EUR|USD|CHF)?(?:ref|id)?=[a-z]*")
    PATTERNS[customer].search(f"customer-{customer} 12.50 EUR id=abc")


steadily(match)
