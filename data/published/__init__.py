"""Public benchmark sets in their original files, each split as a published protocol, or as a written one of ours, says."""
