"""A home: one folder (or any place that its settings name) with settings, lake, models and the Dagster instance.

What the command line and the Dagster assets share: the stages made from the settings (home.py), and what is made in which order (order.py).

Not here: Dagster, printing, and what a stage does (stages/).
"""

from corpus_platform.home.home import ARTICLES, SETTINGS_FILE, THRESHOLDS, Home, Status
from corpus_platform.home.order import Batch

__all__ = ["ARTICLES", "SETTINGS_FILE", "THRESHOLDS", "Batch", "Home", "Status"]
