"""The composed world: a catalogue of music made by rule, and listeners who play it by a written law."""
