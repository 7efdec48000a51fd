"""Spans on their way to a collector, counted: OpenTelemetry drops what it cannot deliver without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan


class Delivery(SpanExporter):
    """Sends spans by OTLP over gRPC, to an address or to where the environment says.

    `ended` counts the spans that were there to send, `delivered` those that arrived; `reason` is why others did not.
    """

    def __init__(self, endpoint: str = "") -> None:
        self._exporter = OTLPSpanExporter(endpoint=endpoint or None, insecure=not endpoint.startswith("https:") or None)
        self.ended = self.delivered = 0
        self.reason = ""

    @property
    def lost(self) -> int:
        """How many did not arrive, so far."""
        return self.ended - self.delivered

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Sends some; whatever happens is counted."""
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.delivered += len(spans)
        else:
            self.reason = "the collector did not take them"
        return result

    def shutdown(self) -> None:
        """Ends the connection; what waits for another attempt is given up."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is kept back here."""
        return self._exporter.force_flush(timeout_millis)


class Batches(BatchSpanProcessor):
    """Sends spans together, from a thread of its own: no call waits; what does not fit into its queue is dropped."""

    def __init__(self, delivery: Delivery, every: float | None = None) -> None:
        self._delivery = delivery
        super().__init__(delivery, schedule_delay_millis=None if every is None else every * 1000)

    def on_end(self, span: ReadableSpan) -> None:
        """Queues a span."""
        if span.context and span.context.trace_flags.sampled:
            self._delivery.ended += 1
        super().on_end(span)
