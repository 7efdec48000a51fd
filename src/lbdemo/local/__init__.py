"""The same story on this machine: server processes, a real Envoy, a client; no cluster."""
