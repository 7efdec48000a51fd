"""What one look at one pod shows: its sockets, its Envoy's hosts, its counters.

`at` is in seconds since watching began. Looks of one kind have one `turn` (0, 1, 2, …): those of one turn were taken
side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

ARGUMENTS = "arguments"
"""`told_by` of a cluster that stands on the command line of its Envoy."""

ESTABLISHED, LISTEN, TIME_WAIT, SYN_SENT = "ESTABLISHED", "LISTEN", "TIME_WAIT", "SYN_SENT"


@dataclass(frozen=True, slots=True)
class Socket:
    """One TCP socket in a pod's network namespace. Addresses are unmapped: 10.0.0.1, never ::ffff:10.0.0.1.

    `inode` stays that of one connection for its life (0 when nobody owns it any more, as in TIME_WAIT). Segments (with
    data) and bytes since it was opened, from TCP_INFO; None where only /proc/net/tcp could be read.
    """

    local: str
    local_port: int
    peer: str
    peer_port: int
    state: str
    inode: int = 0
    uid: int = 0
    segments_in: int | None = None
    segments_out: int | None = None
    bytes_in: int | None = None
    bytes_out: int | None = None


@dataclass(frozen=True, slots=True)
class SocketLook:
    """A pod's TCP sockets at one time."""

    pod: str  # namespace/name
    turn: int
    at: float
    sockets: tuple[Socket, ...]


@dataclass(frozen=True, slots=True)
class EnvoyHost:
    """One host of a cluster in an Envoy's /clusters. Counters since the host was added; they fall with a restart.

    On a cluster that Envoy treats as TCP, calls_total equals connections_total and neither calls_ok nor calls_failed is
    counted: it chooses per connection. `unhealthy` has the reasons, such as failed_outlier_check or failed_eds_health.
    """

    cluster: str  # such as outbound|8080||payments.shop.svc.cluster.local
    address: str
    port: int
    calls_total: int = 0  # rq_total: attempts, retries among them
    calls_ok: int = 0  # rq_success
    calls_failed: int = 0  # rq_error
    calls_active: int = 0  # rq_active
    connections_total: int = 0  # cx_total
    connections_active: int = 0  # cx_active
    connect_failures: int = 0  # cx_connect_fail
    weight: int = 1
    priority: int = 0
    zone: str = ""
    unhealthy: tuple[str, ...] = ()
    calls_waiting: int = 0  # rq_pending_active: no connection takes them yet


@dataclass(frozen=True, slots=True)
class EnvoyLook:
    """The hosts of a pod's Envoy at one time: of clusters for this service, of its pods, and of PassthroughCluster;
    of a server's sidecar what leads to its own pod (inbound|PORT||)."""

    pod: str
    turn: int
    at: float
    hosts: tuple[EnvoyHost, ...]


@dataclass(frozen=True, slots=True)
class EnvoyCluster:
    """How a pod's Envoy was told to treat one cluster (config_dump). `type` is EDS, STRICT_DNS, LOGICAL_DNS, STATIC or
    ORIGINAL_DST; `balancer` such as ROUND_ROBIN, LEAST_REQUEST, RING_HASH, CLUSTER_PROVIDED."""

    pod: str
    name: str
    type: str
    balancer: str
    http2: bool = False
    outlier_detection: bool = False
    locality: bool = False  # whether nearer localities are preferred
    max_requests_per_connection: int = 0  # 0: no limit
    subset: str = ""
    max_streams: int = 0  # calls at once that a connection may carry; 0: as many as the server takes
    max_connections: int = 0  # 0: no limit
    told_by: str = ""  # of an Envoy of one's own: ARGUMENTS, or `configmap/NAME`; "" where a mesh tells it


@dataclass(frozen=True, slots=True)
class EnvoyRoute:
    """What a pod's Envoy does with connections to the service's address: `kind` is `http` (it reads requests) or `tcp`
    (it passes connections on). `clusters` are those that it may choose, with their weights."""

    pod: str
    listener: str  # such as 10.96.3.7_8080 or 0.0.0.0_8080
    kind: str
    clusters: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MetricsLook:
    """A server pod's counters of calls at one time, health checks and reflection left out.

    `source` is the series, such as grpc_server_started_total, istio_requests_total, request_total (Linkerd). `failed`:
    how many calls the server itself failed, by the name of gRPC's status code, as the same page tells.
    """

    pod: str
    turn: int
    at: float
    source: str
    calls: int
    failed: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Complaint:
    """How often a client's log says that calls do not leave it: `why` is a word of `complaints`, and `about` the names
    of load balancing policies where it is of those."""

    why: str
    times: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class ClientLook:
    """What else a caller's pod tells of the gRPC in it; None where that could not be seen, or nobody asked.

    `core`: whether some program in it has loaded gRPC's C core (Python, Ruby, PHP, C++). `sent_away`: how often its log
    of the last minutes says that a server refused its pings (too_many_pings). `no_tls`: how often that its
    TLS handshake failed. `complaints`: what it says of calls that never left it. `refused`: how often logs of servers'
    sidecars say that they refused a connection of it, for it was no mutual TLS.
    """

    pod: str
    core: bool | None = None
    sent_away: int | None = None
    no_tls: int | None = None
    complaints: tuple[Complaint, ...] = ()
    refused: int | None = None


@dataclass(frozen=True, slots=True)
class PodCpu:
    """What a pod uses of CPU, in cores, by whoever told it."""

    pod: str  # namespace/name
    cores: float
    source: str


@dataclass(frozen=True, slots=True)
class PodNetwork:
    """What a pod received and sent while it was watched, in bytes, by whoever told it: probes and all else in it."""

    pod: str  # namespace/name
    received: int
    sent: int
    source: str
