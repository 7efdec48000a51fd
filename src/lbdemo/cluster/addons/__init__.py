"""`up --addons`: Istio's own samples of Kiali, Jaeger, Grafana and Prometheus, and where they are."""
