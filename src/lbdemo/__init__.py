"""lbdemo shows, fixes and measures gRPC load balancing on Kubernetes."""

from __future__ import annotations

__version__ = "0.1.0"
