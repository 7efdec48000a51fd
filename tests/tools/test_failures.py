"""Who failed is told by where the words stand, never by looking for somebody's words in another's."""

from __future__ import annotations

import pytest
from fakes import FakeRun, FakeStreams
from fakes import failure as failed

from lbdemo.errors import InputError, LbdemoError, ProgramFailedError
from lbdemo.tools.failures import ConflictError, NotFoundError, Source, TerminatingError, explain, failure
from lbdemo.tools.kubectl import Kubectl, Said

CONNECTION = "Unable to connect to the server: "
PLUGIN = f"{CONNECTION}getting credentials: exec: executable aws failed with exit code 1"
ENDED = "command terminated with exit code"


@pytest.mark.parametrize(
    ("stderr", "code", "source", "reason"),
    [
        ('Error from server (NotFound): pods "x" not found', 1, Source.API_SERVER, "NotFound"),
        ("Error from server (Forbidden): pods is forbidden: …\nwith a second line", 1, Source.API_SERVER, "Forbidden"),
        ("error: You must be logged in to the server (Unauthorized)", 1, Source.API_SERVER, "Unauthorized"),
        ('The Service "x" is invalid: spec.ports: Required value', 1, Source.API_SERVER, "Invalid"),
        (f"{CONNECTION}dial tcp: lookup nope: no such host", 1, Source.CONNECTION, ""),
        ("The connection to the server 127.0.0.1:1 was refused - did you specify …?", 1, Source.CONNECTION, ""),
        (f"the session has expired\n{PLUGIN}", 1, Source.PLUGIN, ""),
        (f"it said: connection refused\n{ENDED} 3", 3, Source.REMOTE, "3"),
        ('error: unable to upgrade connection: container not found ("echo")', 1, Source.KUBELET, ""),
        ("error: Internal error occurred: error executing command in container: …", 1, Source.KUBELET, ""),
        ('error: the server doesn\'t have a resource type "foo"', 1, Source.KUBECTL, ""),
        ("whatever it was doing", 124, Source.TIME, ""),
        ("", 1, Source.KUBECTL, ""),
    ],
)
def test_each_speaker_is_known(stderr: str, code: int, source: Source, reason: str) -> None:
    found = failure(failed(stderr, code=code))

    assert (found.source, found.reason) == (source, reason)


# What programs in pods, plugins and servers say, and what was once taken for somebody else's word.
BORROWED = (
    "connection refused",
    "401 unauthorized",
    "Error from server (NotFound): no such page",
    "error: You must be logged in to the server",
    "Unable to connect to the server: getting credentials: no",
    "Error from server (Forbidden): pods is forbidden: User \"u\" cannot list",
    "current-context is not set",
)  # fmt: skip


@pytest.mark.parametrize("said", BORROWED)
def test_a_program_in_a_pod_gets_no_hint_about_the_cluster(said: str) -> None:
    error = explain(failed(f"{said}\n{ENDED} 1", "kubectl", "exec"))

    assert isinstance(error, ProgramFailedError)
    assert error.hint == ""


@pytest.mark.parametrize("said", BORROWED)
def test_a_plugin_that_fails_is_a_login_that_fails_whatever_it_says(said: str) -> None:
    error = explain(failed(f"{said}\n{PLUGIN}"))

    assert isinstance(error, ProgramFailedError)
    assert error.hint.startswith("log in again")
    assert said in error.message, "its own words reach the person"


def test_an_exit_code_that_a_program_only_talks_of_is_not_its_own() -> None:
    assert failure(failed(f"{ENDED} 7\nerror: lost the connection", code=1)).source is Source.KUBECTL
    assert failure(failed(f"{ENDED} 7", code=1)).source is Source.KUBECTL


@pytest.mark.parametrize(
    ("stderr", "kind", "hint"),
    [
        ("error: current-context must exist in order to minify", InputError, "use-context"),
        ("The connection to the server localhost:8080 was refused - did you", InputError, "use-context"),
        ("error: cannot locate context nope", InputError, "use-context"),
        ('error: context "nope" does not exist', InputError, "use-context"),
        ("Error in configuration: context was not found for specified context: nope", InputError, "use-context"),
        ('Error from server (AlreadyExists): leases "x" already exists', ConflictError, ""),
        ("Error from server (Conflict): the object has been modified", ConflictError, ""),
        ('Error from server (NotFound): pods "x" not found', NotFoundError, ""),
        ('Error from server (Forbidden): pods is forbidden: User "u" cannot list', ProgramFailedError, "can-i"),
        ("Error from server (Forbidden): exceeded quota: q, requested: pods=1", ProgramFailedError, ""),
        ("Error from server (Forbidden): unable to create new content in namespace x because it is being terminated",
         TerminatingError, "wait until"),
        ("error: You must be logged in to the server (Unauthorized)", ProgramFailedError, "log in"),
        ('Error from server (InternalError): Internal error occurred: failed calling webhook "x": connection refused',
         ProgramFailedError, "webhook"),
        ("Unable to connect to the server: dial tcp: lookup x: no such host", ProgramFailedError, "does not answer"),
    ],
)  # fmt: skip
def test_what_it_means_for_a_person(stderr: str, kind: type[LbdemoError], hint: str) -> None:
    error = explain(failed(stderr))

    assert type(error) is kind
    assert hint in error.hint
    assert bool(error.hint) == bool(hint)


def test_the_lines_that_kubectl_repeats_are_left_out() -> None:
    noise = "E1123 memcache.go:265] couldn't get current server API group list\n" * 5

    error = explain(failed(noise + "The connection to the server 127.0.0.1:1 was refused"))

    assert "memcache" not in error.message


# Rights


@pytest.mark.parametrize(
    ("refusal", "asks"),
    [
        ('pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "shop"',
         "kubectl auth can-i list pods -n shop"),
        ('pods "x" is forbidden: User "u" cannot create resource "pods/exec" in API group "" in the namespace "shop"',
         "kubectl auth can-i create pods --subresource=exec -n shop"),
        ('crds is forbidden: User "u" cannot list resource "crds" in API group "x.io" at the cluster scope',
         "kubectl auth can-i list crds.x.io`"),
    ],
)  # fmt: skip
def test_a_missing_right_is_named_with_the_command_that_asks_for_it(refusal: str, asks: str) -> None:
    error = explain(failed(f"Error from server (Forbidden): {refusal}"))

    assert asks in error.hint


def test_a_long_call_that_is_refused_has_the_same_hint() -> None:
    said = 'pods "x" is forbidden: User "u" cannot create resource "pods/exec" in API group "" in the namespace "shop"'
    run = FakeStreams().on_stream("kubectl -n shop exec x", pieces=[failed(f"Error from server (Forbidden): {said}")])

    with run, pytest.raises(ProgramFailedError) as refused:
        list(Kubectl(run).stream(["kubectl", "-n", "shop", "exec", "x"]))

    assert "--subresource=exec" in refused.value.hint


def test_what_a_program_in_a_pod_said_is_an_answer_however_it_ended() -> None:
    ended = failed(f"no such run\n{ENDED} 3", code=3)
    ended.stdout = '{"answered": 0}\n'
    run = FakeRun().on("kubectl -n shop exec x -c echo -- lbdemo peer stats", answer=ended)

    said = Kubectl(run).exec("x", "shop", ["lbdemo", "peer", "stats"])

    assert said == Said('{"answered": 0}\n', "no such run", 3)


def test_a_command_that_could_not_be_run_in_its_pod_is_a_failure() -> None:
    away = failed('Error from server (NotFound): pods "x" not found')
    run = FakeRun().on("kubectl -n shop exec x -c echo -- lbdemo peer stats", answer=away)

    with pytest.raises(NotFoundError):
        Kubectl(run).exec("x", "shop", ["lbdemo", "peer", "stats"])
