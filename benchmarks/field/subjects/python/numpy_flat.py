"""Finds the roots of a polynomial, which assigns through `flat`: something of each assignment was kept."""

import numpy as np
from steady import steadily

steadily(lambda: np.roots([3.2, 2, 1]))
