"""Programs that print ratios against a named reference in the same run; they never fail by time."""
