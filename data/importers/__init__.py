"""Readers of public listening formats, one file a format family."""
