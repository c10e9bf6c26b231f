"""How the shipped encoder was made: programs that a user never needs (docs/encoder.md). Run from the root of the checkout."""
