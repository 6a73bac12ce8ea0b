"""Any program as the subject of a run: watched from outside, and asked for what it tells of itself."""
