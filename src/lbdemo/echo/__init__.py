"""gRPC: the echo server and the measuring client; wire-compatible with grpc-k8s-lb."""

from __future__ import annotations

import os

# gRPC's core writes its own lines to stderr, such as a refused connection that the client reports as a sample anyway.
# It reads this once, when it is first loaded; whoever wants those lines sets the variable.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
