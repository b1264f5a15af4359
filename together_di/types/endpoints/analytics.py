"""Types of `client.endpoints.analytics`. Counts are decimal numbers as text."""

from datetime import datetime

from .._base import CamelModel

__all__ = [
    "DeploymentAnalytics", "DeploymentMetrics", "EndpointAnalyticsResponse", "EndpointMetrics", "ErrorMetrics",
    "LatencyMetrics", "MetricsTimeRange", "RequestMetrics", "ResourceUtilization", "ThroughputMetrics",
    "TimeSeriesDataPoint", "TokenMetrics",
]  # fmt: skip


class MetricsTimeRange(CamelModel):
    """From a time, up to but without another."""

    end_time: datetime | None = None
    start_time: datetime | None = None


class ErrorMetrics(CamelModel):
    """How often requests failed; the rate is in percent."""

    error_rate: float | None = None
    errors_by_type: dict[str, str] | None = None


class LatencyMetrics(CamelModel):
    """Percentiles, in milliseconds: between tokens (`itl`), of requests, and until the first token (`ttft`)."""

    itl_p50_ms: float | None = None
    itl_p90_ms: float | None = None
    itl_p99_ms: float | None = None
    latency_p50_ms: float | None = None
    latency_p90_ms: float | None = None
    latency_p99_ms: float | None = None
    ttft_p50_ms: float | None = None
    ttft_p90_ms: float | None = None
    ttft_p99_ms: float | None = None


class RequestMetrics(CamelModel):
    """How many requests there were."""

    failed_requests: str | None = None
    requests_by_status_code: dict[str, str] | None = None
    requests_per_second: float | None = None
    successful_requests: str | None = None
    total_requests: str | None = None


class ResourceUtilization(CamelModel):
    """How busy the machines were on average, in percent; the network in megabits a second."""

    cpu_utilization: float | None = None
    gpu_memory_utilization: float | None = None
    gpu_utilization: float | None = None
    memory_utilization: float | None = None
    network_bandwidth_mbps: float | None = None


class ThroughputMetrics(CamelModel):
    """How much was done on average."""

    avg_batch_depth: float | None = None
    avg_batch_size: float | None = None
    requests_per_second: float | None = None
    tokens_per_second: float | None = None


class TokenMetrics(CamelModel):
    """How many tokens went in and out, in all and for each request."""

    avg_input_tokens: float | None = None
    avg_output_tokens: float | None = None
    total_input_tokens: str | None = None
    total_output_tokens: str | None = None


class TimeSeriesDataPoint(CamelModel):
    """What was measured from this time on."""

    timestamp: datetime | None = None
    values: dict[str, float] | None = None


class _Metrics(CamelModel):
    endpoint_id: str | None = None
    error_metrics: ErrorMetrics | None = None
    latency_metrics: LatencyMetrics | None = None
    request_metrics: RequestMetrics | None = None
    resource_utilization: ResourceUtilization | None = None
    throughput_metrics: ThroughputMetrics | None = None
    time_range: MetricsTimeRange | None = None
    token_metrics: TokenMetrics | None = None


class DeploymentMetrics(_Metrics):
    """What was measured of a deployment."""

    deployment_id: str | None = None


class EndpointMetrics(_Metrics):
    """What was measured of an endpoint."""

    deployment_metrics: list[DeploymentMetrics] | None = None


class DeploymentAnalytics(CamelModel):
    """What a deployment did in a time."""

    deployment_id: str | None = None
    endpoint_id: str | None = None
    metrics: DeploymentMetrics | None = None
    time_range: MetricsTimeRange | None = None
    time_series: list[TimeSeriesDataPoint] | None = None


class EndpointAnalyticsResponse(CamelModel):
    """What an endpoint did in a time."""

    deployment_analytics: list[DeploymentAnalytics] | None = None
    endpoint_id: str | None = None
    metrics: EndpointMetrics | None = None
    time_range: MetricsTimeRange | None = None
    time_series: list[TimeSeriesDataPoint] | None = None
