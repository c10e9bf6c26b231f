"""The default engine: a blend of collaborative and content engines whose weights are learned on held-out training listens.

No one recipe wins everywhere: on some catalogues content is nearly all, on others it only helps where listens are missing. So
the parts, their way from content to songs without listens, and their weights for songs with and without listens are chosen by
validation inside the training listens, each time anew; `BlendModel.choice` tells what was tried and why it was taken.
"""

from __future__ import annotations

import numpy as np

from collab.blend import BlendModel
from collab.choosing import pick
from collab.inputs import FitInputs
from collab.parts import START, fit_parts


def fit_hybrid(inputs: FitInputs) -> BlendModel:
    """Choose by validation, then fit on all listens; `inputs` has embeddings or features, see `collab.engine.fit`."""
    picked = pick(inputs)
    wanted = [name for name in START if picked.rule.mixed.get(name, 0) > 0 or picked.rule.cold.get(name, 0) > 0]
    parts = fit_parts(inputs, wanted, picked.bridges)
    songs = np.diff(inputs.plays.indptr).astype(np.int64)
    return BlendModel("hybrid", tuple(parts), picked.rule, inputs.listeners, songs, picked.story)
