"""The content half: audio to hyper-image, to network, to 192-d song embeddings."""
