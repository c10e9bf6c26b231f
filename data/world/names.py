"""Names for artists and titles that nobody owns, put together from word lists."""

from __future__ import annotations

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_QUALITY = _words(
    """
    Amber Ashen Brass Bitter Broken Candle Cedar Chalk Clover Cobalt Copper Crooked Distant Dusty Ember Feather Fern Flint
    Frozen Gentle Gilded Glass Golden Hollow Idle Indigo Ivory Jasper Kindly Lantern Linen Little Lonely Marble Midnight
    Mossy Narrow Northern Ochre Opal Paper Patient Pebble Quiet Rusted Saffron Salted Scarlet Silver Sleepy Slow Sudden
    Tangled Tidal Timber Velvet Violet Wandering Wicker Winter
    """
)
_THING = _words(
    """
    Almanacs Anchors Arcades Badgers Balconies Beacons Bridges Canyons Cartographers Chimneys Cinemas Comets Couriers
    Dials Engines Ferries Foxes Gardens Gliders Harbours Hinges Horizons Islands Kettles Kites Ladders Lamps Letters
    Lighthouses Looms Machines Maps Meadows Mirrors Moths Numbers Orchards Otters Parades Pilots Postcards Quarries Radios
    Ravens Rivers Sails Satellites Signals Sparrows Stations Switches Telegrams Thimbles Towers Trams Turbines Umbrellas
    Valleys Wagons Windows
    """
)
_VERB = _words(
    """
    Leaving Finding Calling Counting Holding Losing Painting Carrying Waking Turning Chasing Mending Folding Crossing
    Keeping
    """
)
_FIRST = (*_QUALITY, *(f"{verb} the" for verb in _VERB))


def artist_names(count: int, rng: np.random.Generator) -> list[str]:
    """`count` distinct artist names, in random order. Numbered from the second round on: "Amber Foxes II" is another band."""
    pairs = [f"{quality} {thing}" for quality in _QUALITY for thing in _THING]
    rounds = -(-count // len(pairs))
    return [name if lap == 0 else f"{name} {lap + 1}" for lap in range(rounds) for name in rng.permutation(pairs).tolist()][
        :count
    ]


def titles(count: int, rng: np.random.Generator) -> list[str]:
    """`count` distinct titles for one artist's songs; `count` up to some thousands."""
    rows = rng.choice(len(_FIRST) * len(_THING), size=count, replace=False).tolist()
    return [f"{_FIRST[row // len(_THING)]} {_THING[row % len(_THING)]}" for row in rows]


def album_name(rng: np.random.Generator) -> str:
    """The name of one album."""
    return f"{_QUALITY[rng.integers(len(_QUALITY))]} {_VERB[rng.integers(len(_VERB))]}"
