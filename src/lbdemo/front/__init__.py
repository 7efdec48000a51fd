"""What stands before the servers: Envoy's configuration, the page, and the ways that the page shows."""
