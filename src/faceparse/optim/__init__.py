"""Optimisers, schedules as functions of the step, and the average of weights."""

from .average import WeightAverage
from .config import OptimizerConfig
from .schedule import learning_rate_at, set_learning_rate

__all__ = ["OptimizerConfig", "WeightAverage", "learning_rate_at", "set_learning_rate"]
