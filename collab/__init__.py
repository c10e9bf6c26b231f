"""The collaborative half: baselines, factors, LightFM and the bridge from content to factors."""
