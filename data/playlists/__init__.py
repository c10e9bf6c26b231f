"""Playlist files: M3U8 and JSPF, read and written. No file that they name is ever opened or fetched."""
