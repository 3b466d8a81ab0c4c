"""Random cut forest with the scores of Kinesis Data Analytics' RANDOM_CUT_FOREST.

Knows points and scores; nothing of SQL, columns' names or streams.
"""

from rcf_ext._forest import RandomCutForest
from rcf_ext.estimators import ColumnExplanation, OnlineForest, OutlierDetector
from rcf_ext.explanation import Explanation
from rcf_ext.state import StateError

__all__ = ["ColumnExplanation", "Explanation", "OnlineForest", "OutlierDetector", "RandomCutForest", "StateError"]
