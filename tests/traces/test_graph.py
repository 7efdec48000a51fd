from dataclasses import replace

import pytest
from traced import called, meshed

from lbdemo.traces import Span, joined
from lbdemo.traces.graph import Graph, Node, graph
from lbdemo.traces.role import Role

CLIENT = Node(Role.CLIENT, "echo-client-0")


def of(spans: list[Span]) -> Graph:
    return graph(joined(spans))


def three(make: object = called) -> list[Span]:
    """Four calls: two to a, one each to b and c."""
    return [span for seq, pod in enumerate("abca") for span in (meshed if make is meshed else called)(seq, pod)]


def test_without_a_proxy_the_client_calls_the_pods_itself() -> None:
    found = of(three())

    assert found.roots == (CLIENT,)
    assert [(edge.caller, edge.callee.pod, edge.calls, edge.share) for edge in found.edges] == [
        (CLIENT, "a", 2, 0.5),
        (CLIENT, "b", 1, 0.25),
        (CLIENT, "c", 1, 0.25),
    ]
    assert found.edges[0].p50 == pytest.approx(0.004)


def test_in_the_mesh_it_is_the_clients_sidecar_that_chooses() -> None:
    walked = [(depth, node.role, node.pod, edge and edge.share) for depth, node, edge in of(three(meshed)).walk()]

    assert walked == [
        (0, Role.CLIENT, "echo-client-0", None),
        (1, Role.OUTBOUND, "echo-client-0", 1),
        (2, Role.INBOUND, "a", 0.5),
        (3, Role.SERVER, "a", 1),
        (2, Role.INBOUND, "b", 0.25),
        (3, Role.SERVER, "b", 1),
        (2, Role.INBOUND, "c", 0.25),
        (3, Role.SERVER, "c", 1),
    ]


def test_failures_are_counted_where_they_were_seen() -> None:
    spans = [replace(span, failed=span.pod == "b") for span in three()]

    assert {edge.callee.pod: edge.failed for edge in of(spans).edges} == {"a": 0, "b": 1, "c": 0}


def test_where_the_beginning_is_missing_calls_begin_at_what_was_seen() -> None:
    found = of(called(0, "a")[2:])

    assert (found.roots, found.edges) == ((Node(Role.SERVER, "a"),), ())


def test_calls_in_a_circle_end() -> None:
    there, back = called(0, "a"), called(1, "a")
    back = [replace(span, resource=there[2].resource if at < 2 else there[0].resource) for at, span in enumerate(back)]
    back[0] = replace(back[0], kind=back[2].kind, attributes={}, name="x")
    back[1] = replace(back[1], kind=back[2].kind)
    back[2] = replace(back[2], kind=there[1].kind)

    assert [depth for depth, _, _ in of([*there, *back]).walk()] == [0, 1, 2, 0]


def test_of_nothing_there_is_no_graph() -> None:
    assert graph([]) == Graph((), (), ())
