"""From a label back to sound: material, prior, optimisation, phase, and what comes of them."""
