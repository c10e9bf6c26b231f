"""How songs lie in a folder: a table that lists them, a public set in its original files, or a tree of folders."""
