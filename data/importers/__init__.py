"""Listens in public formats: `recognise` tells which one a file is by its content."""
