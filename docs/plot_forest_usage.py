"""Draws docs/forest-usage.png: the taxi rides of tests/data/kinesis, scored as a stream and as a table at rest.

Run by hand (`pip install matplotlib`, then `python docs/plot_forest_usage.py`); nothing depends on it.
"""

import csv
import gzip
from datetime import datetime
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from rcf_ext import OutlierDetector, RandomCutForest

ROOT = Path(__file__).parents[1]
EVENTS = {
    "2014-11-02 12": "marathon",
    "2014-11-27 12": "Thanksgiving",
    "2014-12-25 12": "Christmas",
    "2015-01-01 06": "New Year",
    "2015-01-27 00": "snow storm",
}
DAY = 48  # half hours

with gzip.open(ROOT / "tests/data/kinesis/nyc_taxi.csv.gz", "rt") as file:
    rows = list(csv.DictReader(file))
times = [datetime.fromisoformat(row["timestamp"]) for row in rows]
rides = np.array([float(row["value"]) for row in rows])
recorded = np.array([float(row["kinesis_anomaly_score"]) for row in rows])

stream = RandomCutForest(1, seed=1).process(rides)
days = np.lib.stride_tricks.sliding_window_view(rides, DAY)
detector = OutlierDetector(n_estimators=100, max_samples=512).fit(days)
at_rest = -detector.score_samples(days)

plt.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False})
figure, axes = plt.subplots(3, 1, figsize=(9, 5.2), sharex=True, height_ratios=[1, 1.2, 1], layout="constrained")
axes[0].plot(times, rides / 1000, lw=0.4, color="0.35")
axes[0].set_ylabel("thousand rides\nin half an hour")
axes[1].plot(times, recorded, lw=1.4, color="tab:orange", alpha=0.7, label="recorded from Kinesis")
axes[1].plot(times, stream, lw=0.4, color="tab:blue", label="streamsql, score then learn")
axes[1].set_ylabel("score of each\nhalf hour")
axes[1].legend(loc="upper left", frameon=False, ncols=2)
axes[2].plot(times[DAY - 1 :], at_rest, lw=0.6, color="tab:blue")
axes[2].axhline(-detector.offset_, lw=0.8, ls="--", color="tab:red")
axes[2].set_ylabel("score of the\nlast 24 hours")
axes[2].text(times[0], -detector.offset_, "mean + 3 standard deviations", va="bottom", color="tab:red")
for at, name in EVENTS.items():
    moment = datetime.strptime(at, "%Y-%m-%d %H")
    for axis in axes:
        axis.axvline(moment, lw=6, color="tab:green", alpha=0.15, zorder=0)
    side = {"Christmas": "right", "New Year": "left"}.get(name, "center")
    axes[0].text(moment, 41, name, ha=side, va="bottom", color="tab:green", fontsize=7)
figure.savefig(ROOT / "docs/forest-usage.png", dpi=100)
