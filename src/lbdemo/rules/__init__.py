"""Recording rules and an alert for Prometheus: how the calls of any service are spread over its pods."""
