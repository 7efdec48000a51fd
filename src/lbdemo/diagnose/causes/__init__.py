"""The causes that are known, one a file: a pure function of the case, which says a finding, or why it cannot tell.

`TABLE` names them; a code never changes its meaning. LB1xx: somebody chooses per connection, or among too few. LB2xx:
what follows from that, or only looks like it. LB3xx: Istio. LB4xx: what Kubernetes was told. LB5xx: other proxies and
meshes. LB9xx: what could be seen.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.findings import CannotTell, Finding

TABLE: dict[str, str] = {
    "LB101": "l4_single_connection",
    "LB102": "round_robin_on_cluster_ip",
    "LB103": "headless_pick_first",
    "LB104": "resolver_scheme",
    "LB105": "client_setting_without_effect",
    "LB106": "dotnet_transport",
    "LB107": "no_connection_age",
    "LB108": "client_does_not_re_resolve",
    "LB109": "dns_cached_in_client",
    "LB110": "kubernetes_resolver_rights",
    "LB111": "headless_port_mismatch",
    "LB112": "publishes_not_ready",
    "LB113": "restart_order_skew",
    "LB114": "few_callers",
    "LB116": "connection_per_call",
    "LB117": "long_streams",
    "LB118": "stream_limit",
    "LB119": "connections_end_too_soon",
    "LB120": "keepalive_too_eager",
    "LB121": "shared_channels",
    "LB122": "logical_dns",
    "LB123": "restarted_by_schedule",
    "LB124": "pods_by_own_names",
    "LB201": "changing_now",
    "LB202": "one_ready_endpoint",
    "LB203": "slow_pod_evenly_served",
    "LB204": "autoscaler_blinded",
    "LB205": "uneven_cost_even_calls",
    "LB206": "rollout_drops_calls",
    "LB207": "calls_fail",
    "LB208": "calls_never_leave",
    "LB209": "handshakes_fail",
    "LB301": "port_not_grpc",
    "LB302": "port_wrongly_grpc",
    "LB303": "caller_not_meshed",
    "LB304": "injected_too_late",
    "LB305": "not_intercepted",
    "LB306": "passthrough_from_the_start",
    "LB307": "plaintext_to_strict",
    "LB308": "headless_through_sidecar",
    "LB309": "stale_original_dst",
    "LB310": "subset_misses_pods",
    "LB312": "route_sends_all_to_one",
    "LB313": "destination_rule_not_in_scope",
    "LB314": "outlier_turns_locality_on",
    "LB315": "locality_before_policy",
    "LB316": "ejection_at_work",
    "LB317": "consistent_hash",
    "LB318": "port_number_conflict",
    "LB319": "least_request_looks_random",
    "LB320": "many_balancers",
    "LB321": "few_requests_per_connection",
    "LB322": "xds_not_bootstrapped",
    "LB323": "route_does_not_apply",
    "LB325": "ambient_without_waypoint",
    "LB326": "waypoint_l4_hop",
    "LB327": "mutual_tls_to_plain",
    "LB328": "own_tls_to_strict",
    "LB329": "entry_leads_elsewhere",
    "LB401": "client_ip_affinity",
    "LB402": "topology_preference",
    "LB403": "external_traffic_local",
    "LB404": "ipvs_sticky",
    "LB405": "dual_stack_half_bound",
    "LB406": "port_not_there",
    "LB408": "ebpf_connect_time",
    "LB501": "upstream_is_virtual_ip",
    "LB502": "gateway_l4_front",
    "LB503": "old_proxy_generation",
    "LB508": "linkerd_opaque",
    "LB509": "protocol_refused",
    "LB901": "no_traffic",
    "LB902": "cannot_see",
    "LB903": "port_forward",
}
"""By code, the module in this room that has it: each has `cause(case) -> Iterator[Finding | CannotTell]`."""


def explain(case: Case) -> tuple[Finding | CannotTell, ...]:
    """What each known cause says of the case, in the table's order."""
    return tuple(said for module in TABLE.values() for said in _rule(module, case))


def _rule(module: str, case: Case) -> Iterator[Finding | CannotTell]:
    yield from importlib.import_module(f"{__name__}.{module}").cause(case)
