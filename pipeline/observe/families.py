"""Prometheus' families out of plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from pipeline.observe.metric import Metric
from pipeline.streaming.distribution import Distribution

Labels = tuple[str, ...]


def registry_of(collector: Collector) -> CollectorRegistry:
    """The collector, and the process's own metrics."""
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    return registry


def by_one(counts: Mapping[str, int]) -> dict[Labels, int]:
    """Counts by the value of the one label."""
    return {(name,): number for name, number in counts.items()}


def counter(metric: Metric, values: Mapping[Labels, float]) -> CounterMetricFamily:
    """A counter, by the values of its labels."""
    return _filled(CounterMetricFamily(metric.name, metric.help, labels=metric.labels), values)


def gauge(metric: Metric, values: Mapping[Labels, float]) -> GaugeMetricFamily:
    """A gauge (or info), by the values of its labels."""
    return _filled(GaugeMetricFamily(metric.name, metric.help, labels=metric.labels), values)


def _filled(family: Any, values: Mapping[Labels, float]) -> Any:
    for labels, value in values.items():
        family.add_metric(labels, float(value))
    return family


def histogram(metric: Metric, values: Mapping[Labels, Distribution], unit: float = 1.0) -> HistogramMetricFamily:
    """A histogram; `unit`: what one of the distribution's is in seconds."""
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, one in values.items():
        family.add_metric(labels, buckets=one.cumulative(unit), sum_value=one.total * unit)
    return family
