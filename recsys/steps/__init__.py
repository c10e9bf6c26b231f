"""The Python API: one plain function a command."""
