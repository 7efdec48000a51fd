from __future__ import annotations

from dataclasses import replace

from diagnose.shops import CLUSTER_IP, LISTENS, PORT, caller, held, servers, shop, socket_looks

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.fleeting import CLOSED, Fleeting
from lbdemo.diagnose.looks import TIME_WAIT, Socket, SocketLook

CHECKOUT = caller("checkout")


def looks(turns: int = 12) -> tuple[SocketLook, ...]:
    one, *others = servers()
    seen = socket_looks(one, {"10.0.1.1": 1}, turns, new_each_turn=True)
    return (*seen, *(look for other in others for look in socket_looks(other, {}, turns)))


def closed(many: int, pod: str, local: str, local_port: int, peer: str, peer_port: int) -> SocketLook:
    """A look at a pod with so many connections in TIME_WAIT; a port of 0 is one that the caller's kernel chose."""
    sockets = tuple(
        Socket(local, local_port or 40000 + n, peer, peer_port or 40000 + n, TIME_WAIT) for n in range(many)
    )
    return SocketLook(pod, 0, 0.0, sockets)


def test_new_connections_in_each_look_last_for_a_call() -> None:
    found = Case(shop(callers=[CHECKOUT], sockets=looks())).fleeting(CHECKOUT)

    assert found == Fleeting(looks=12, seen=12, lasting=0, closed=0)
    assert found.one_a_call


def test_connections_that_stay_do_not() -> None:
    found = Case(shop(held(2, 1), callers=[CHECKOUT])).fleeting(CHECKOUT)

    assert (found.seen, found.lasting) == (3, 3)
    assert not found.one_a_call


def test_one_connection_in_one_of_many_looks_is_held_by_nobody() -> None:
    a, *others = servers()
    once, later = socket_looks(a, {"10.0.1.1": 1})[:1], socket_looks(a, {})[1:]
    seen = (*once, *later, *(look for other in others for look in socket_looks(other, {})))

    case = Case(shop(callers=[CHECKOUT], sockets=seen))

    assert case.fleeting(CHECKOUT).passing
    assert not case.fleeting(CHECKOUT).one_a_call, "one is too few to say so"
    assert not case.holds_few(CHECKOUT)
    assert Case(shop(held(1), callers=[CHECKOUT])).holds_few(CHECKOUT)


def test_connections_that_a_busy_server_has_not_taken_yet_are_held_by_nobody_where_many_were_closed() -> None:
    a, *others = servers()
    first = socket_looks(a, {"10.0.1.1": 1}, new_each_turn=True)
    waiting = [replace(look, sockets=tuple(replace(s, inode=0) for s in look.sockets)) for look in first]
    seen = (*waiting, *(look for other in others for look in socket_looks(other, {})))
    ended = closed(CLOSED, waiting[0].pod, a.addresses[0], LISTENS, "10.0.1.1", 0)

    assert not Case(shop(callers=[CHECKOUT], sockets=(*seen, ended))).holds_few(CHECKOUT)
    assert Case(shop(callers=[CHECKOUT], sockets=seen)).holds_few(CHECKOUT), "nothing says that they end"


def test_in_few_looks_nobody_knows() -> None:
    assert not Case(shop(callers=[CHECKOUT], sockets=looks(4))).fleeting(CHECKOUT).one_a_call


def test_connections_that_the_caller_has_closed_are_seen_at_the_caller() -> None:
    own = closed(CLOSED, CHECKOUT.name, "10.0.1.1", 0, CLUSTER_IP, PORT.number)
    elsewhere = closed(99, CHECKOUT.name, "10.0.1.1", 0, "10.96.0.1", 443)

    found = Case(shop({}, callers=[CHECKOUT], sockets=(own, elsewhere))).fleeting(CHECKOUT)

    assert (found.closed, found.ended) == (CLOSED, 0)
    assert (found.cut_off, found.one_a_call) == (False, True)


def test_connections_that_servers_have_closed_are_seen_there() -> None:
    one = closed(CLOSED, "shop/payments-a", "10.0.0.1", LISTENS, "10.0.1.1", 0)
    elsewhere = closed(99, "shop/payments-a", "10.0.0.1", 8081, "10.0.1.1", 0)
    other = closed(99, "shop/payments-b", "10.0.0.2", LISTENS, "10.0.1.9", 0)

    found = Case(shop({}, callers=[CHECKOUT], sockets=(replace(one, turn=12), elsewhere, other))).fleeting(CHECKOUT)

    assert (found.closed, found.ended) == (CLOSED, CLOSED)
    assert (found.cut_off, found.one_a_call, found.passing) == (True, False, True)


def test_a_caller_of_fleeting_connections_does_not_hold_few() -> None:
    case = Case(shop(callers=[CHECKOUT], sockets=looks()))

    assert case.connections(CHECKOUT) == 1
    assert not case.holds_few(CHECKOUT)


def test_of_one_server_of_three_nobody_knows_what_a_caller_holds() -> None:
    seen = shop(held(1), callers=[CHECKOUT])
    one = tuple(look for look in seen.sockets if look.pod == "shop/payments-a")
    two = tuple(look for look in seen.sockets if look.pod != "shop/payments-c")

    assert not Case(replace(seen, sockets=one)).holds_few(CHECKOUT)
    assert Case(replace(seen, sockets=two)).holds_few(CHECKOUT), "none to the second, whatever the third holds"


def test_a_kubelets_probes_are_not_of_who_calls_from_its_nodes_network() -> None:
    bridge = "10.0.0.254"
    agent = replace(caller("agent"), addresses=(bridge,), node="node-1")
    a, *others = servers()
    stays, probes = socket_looks(a, {bridge: 1}), socket_looks(a, {bridge: 3}, new_each_turn=True)
    both = [replace(one, sockets=(*one.sockets, *two.sockets)) for one, two in zip(stays[1:], probes[1:], strict=True)]
    left = closed(CLOSED, agent.name, bridge, 0, "10.0.0.1", LISTENS)
    quiet = (look for other in others for look in socket_looks(other, {}))

    case = Case(shop(callers=[agent], hosts=(bridge,), sockets=(stays[0], *both, *quiet, left)))

    assert case.fleeting(agent) == Fleeting(looks=12, seen=1, lasting=1, closed=0)
    assert case.connections(agent) == 1
