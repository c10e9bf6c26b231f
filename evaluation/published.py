"""Figures that others published on the benchmark sets, on the very splits and by the very metric that we report.

Source of all: M. Ferrari Dacrema, P. Cremonesi & D. Jannach, "Are We Really Making Much Progress?", RecSys 2019, in the full
results of their repository MaurizioFD/RecSys2019_DeepLearning_Evaluation (FULL_RESULTS.md). They ran every model by one code and
tuned its parameters. Two chapters measured the same four kinds of split, CVAE's and CDL's; some models stand here twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

CVAE = "Ferrari Dacrema et al. 2019, chapter CVAE"
CDL = "Ferrari Dacrema et al. 2019, chapter CDL"
CITATION = (
    "Published rows: M. Ferrari Dacrema, P. Cremonesi & D. Jannach, RecSys 2019, full results of the repository "
    "MaurizioFD/RecSys2019_DeepLearning_Evaluation; same splits and metric."
)
K = (50, 100, 300)

# set -> split -> (model, source, recall at 50, 100, 300)
_RECALL: Mapping[str, Mapping[str, Sequence[tuple[str, str, float, float, float]]]] = MappingProxyType(
    {
        "citeulike-t": {
            "P=1": (
                ("Random", CVAE, 0.0019, 0.0039, 0.0110),
                ("TopPop", CVAE, 0.0130, 0.0192, 0.0439),
                ("UserKNN CF", CVAE, 0.0012, 0.0038, 0.0123),
                ("ItemKNN CF", CVAE, 0.0012, 0.0038, 0.0123),
                ("P3alpha", CVAE, 0.0012, 0.0038, 0.0123),
                ("RP3beta", CVAE, 0.0012, 0.0038, 0.0123),
                ("PureSVD", CVAE, 0.0061, 0.0105, 0.0267),
                ("ItemKNN CBF", CVAE, 0.0575, 0.0685, 0.0788),
                ("ItemKNN CFCBF", CVAE, 0.0745, 0.1027, 0.1466),
                ("CVAE", CVAE, 0.0393, 0.0600, 0.1119),
                ("ItemKNN CBF", CDL, 0.0479, 0.0559, 0.0644),
                ("ItemKNN CFCBF", CDL, 0.0731, 0.1026, 0.1579),
                ("CDL", CDL, 0.0487, 0.0859, 0.1661),
            ),
            "P=10": (
                ("Random", CVAE, 0.0019, 0.0037, 0.0121),
                ("TopPop", CVAE, 0.0576, 0.0871, 0.1544),
                ("UserKNN CF", CVAE, 0.1716, 0.2131, 0.2709),
                ("ItemKNN CF", CVAE, 0.1712, 0.2132, 0.2708),
                ("P3alpha", CVAE, 0.1758, 0.2183, 0.2741),
                ("RP3beta", CVAE, 0.1634, 0.2112, 0.2729),
                ("PureSVD", CVAE, 0.0989, 0.1314, 0.2105),
                ("ItemKNN CBF", CVAE, 0.1198, 0.1680, 0.2863),
                ("ItemKNN CFCBF", CVAE, 0.2311, 0.2997, 0.4205),
                ("CVAE", CVAE, 0.2149, 0.2936, 0.4407),
                ("ItemKNN CBF", CDL, 0.1510, 0.2086, 0.3302),
                ("ItemKNN CFCBF", CDL, 0.2139, 0.2816, 0.4079),
                ("CDL", CDL, 0.2068, 0.2837, 0.4397),
            ),
        },
        "citeulike-a": {
            "P=1": (
                ("Random", CVAE, 0.0028, 0.0055, 0.0175),
                ("TopPop", CVAE, 0.0231, 0.0349, 0.0647),
                ("UserKNN CF", CVAE, 0.0027, 0.0053, 0.0154),
                ("ItemKNN CF", CVAE, 0.0027, 0.0053, 0.0154),
                ("P3alpha", CVAE, 0.0027, 0.0053, 0.0154),
                ("RP3beta", CVAE, 0.0027, 0.0053, 0.0154),
                ("PureSVD", CVAE, 0.0054, 0.0103, 0.0379),
                ("ItemKNN CBF", CVAE, 0.0697, 0.0942, 0.1300),
                ("ItemKNN CFCBF", CVAE, 0.0729, 0.1010, 0.1491),
                ("CVAE", CVAE, 0.0666, 0.1028, 0.1901),
                ("ItemKNN CBF", CDL, 0.0942, 0.1336, 0.2152),
                ("ItemKNN CFCBF", CDL, 0.0707, 0.1015, 0.1597),
                ("CDL", CDL, 0.0915, 0.1387, 0.2477),
            ),
            "P=10": (
                ("Random", CVAE, 0.0026, 0.0054, 0.0167),
                ("TopPop", CVAE, 0.0044, 0.0081, 0.0258),
                ("UserKNN CF", CVAE, 0.0683, 0.1016, 0.1685),
                ("ItemKNN CF", CVAE, 0.0788, 0.1153, 0.1823),
                ("P3alpha", CVAE, 0.0788, 0.1151, 0.1784),
                ("RP3beta", CVAE, 0.0811, 0.1184, 0.1799),
                ("PureSVD", CVAE, 0.0515, 0.0771, 0.1380),
                ("ItemKNN CBF", CVAE, 0.1687, 0.2435, 0.3878),
                ("ItemKNN CFCBF", CVAE, 0.1837, 0.2777, 0.4486),
                ("CVAE", CVAE, 0.0772, 0.1548, 0.3602),
                ("ItemKNN CBF", CDL, 0.2135, 0.3038, 0.4707),
                ("ItemKNN CFCBF", CDL, 0.1945, 0.2896, 0.4620),
                ("CDL", CDL, 0.0543, 0.1035, 0.2627),
            ),
        },
    }
)


def published_rows(name: str, splits: Sequence[str]) -> list[dict[str, Any]]:
    """Published figures of the set `name` on `splits`: {"model", "split", "metric", "k", "value", "source"} each; [] if none."""
    of_set = _RECALL.get(name, {})
    return [
        {"model": model, "split": split, "metric": "recall", "k": k, "value": value, "source": source}
        for split in splits
        for model, source, *values in of_set.get(split, ())
        for k, value in zip(K, values, strict=True)
    ]
