"""Who failed? kubectl itself, the API server, a credential plugin, the kubelet, or the program in the pod.

Each speaks in a place of its own: kubectl's verdict is the last line that it writes, in forms that its code fixes;
what a program in a pod or a plugin says comes before it. Nobody's words are searched for signs of somebody else's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from lbdemo.errors import PROGRAM_FAILED, InputError, LbdemoError, ProgramFailedError


class Source(StrEnum):
    """Who failed."""

    KUBECTL = "kubectl"
    API_SERVER = "the API server"
    CONNECTION = "the way to the API server"
    PLUGIN = "the credential plugin"
    KUBELET = "the kubelet"
    REMOTE = "the program in the pod"
    TIME = "its time was over"


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call, understood. `reason` is the API server's own word, such as NotFound; `words` all that was said."""

    source: Source
    reason: str
    message: str
    words: str = ""


class NotFoundError(LbdemoError):
    """The object that was asked for does not exist."""

    exit_code = PROGRAM_FAILED


class ConflictError(LbdemoError):
    """Somebody else was faster: the object exists already, or has changed meanwhile."""

    exit_code = PROGRAM_FAILED


class TerminatingError(LbdemoError):
    """The namespace is being deleted: nothing new can be made in it."""

    exit_code = PROGRAM_FAILED


LATE = 124  # the exit code of a program that was ended because its time was over
REMOTE = re.compile(r"command terminated with exit code (\d+)")
SERVER = re.compile(r"(?:error: )?Error from server(?: \((\w+)\))?: (.*)", re.DOTALL)
INVALID = re.compile(r"The (\S+) \"(.*?)\" is invalid: (.*)", re.DOTALL)
PLUGIN = "getting credentials: "
UNREACHED = ("Unable to connect to the server: ", "The connection to the server ")
UNKNOWN_USER = "error: You must be logged in to the server"
KUBELET = ("error: unable to upgrade connection: ", "error: Internal error occurred: ",
           "error: error dialing backend: ", "error: error sending request: ")  # fmt: skip
# How kubectl begins what it has to say in the end. It may have several lines; the last beginning is where it stands.
VERDICTS = ("error: ", "Error from server", "Error in configuration: ", "The ", "command terminated with exit code ",
            *UNREACHED)  # fmt: skip
NO_CONTEXT = ("error: current-context must exist in order to minify", "error: current-context is not set")
OLD_DEFAULT = "The connection to the server localhost:8080 was refused"
NO_SUCH_CONTEXT = re.compile(r'error: (?:cannot locate context (\S+)|context "(.*)" does not exist)')
NOT_CONFIGURED = re.compile(r"Error in configuration: context was not found for specified context: (.*)")
CHOOSE = "choose one with `kubectl config use-context NAME`, or give --context NAME"
LOG_LINE = re.compile(r"[EWIF]\d{4} ")  # kubectl's own log, such as what its cache repeats for every try


def failure(error: ProgramFailedError) -> Failure:
    """What a failed kubectl's stderr says, by who said it."""
    lines = [line for line in error.stderr.splitlines() if line.strip() and not LOG_LINE.match(line)]
    begins = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].startswith(VERDICTS)), max(len(lines) - 1, 0))
    verdict, words = "\n".join(lines[begins:]), "\n".join(lines[:begins])
    if error.code == LATE:
        return Failure(Source.TIME, "", verdict, words)
    ended = REMOTE.fullmatch(verdict)
    if ended and int(ended[1]) == error.code:
        return Failure(Source.REMOTE, ended[1], verdict, words)
    return Failure(*_spoken(verdict), words)


def _spoken(verdict: str) -> tuple[Source, str, str]:
    """Who says so, the API server's own reason, and the rest of it."""
    if found := SERVER.fullmatch(verdict):
        return Source.API_SERVER, found[1] or "", found[2]
    if INVALID.fullmatch(verdict):
        return Source.API_SERVER, "Invalid", verdict
    if verdict.startswith(UNKNOWN_USER):
        return Source.API_SERVER, "Unauthorized", verdict
    if verdict.startswith(UNREACHED):
        said = verdict.removeprefix(UNREACHED[0])
        return (Source.PLUGIN if said.startswith(PLUGIN) else Source.CONNECTION), "", said
    if verdict.startswith(KUBELET):
        return Source.KUBELET, "", verdict.removeprefix("error: ")
    return Source.KUBECTL, "", verdict


AWAY = "the API server does not answer: is the cluster running, and is this the right context?"
HINTS = {
    "Unauthorized": "the cluster does not know this user: log in again",
}
# How the API server says whose right to do what is missing.
DENIED = re.compile(
    r'cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<place>[^"]+)")?'
)
LOG_IN = "log in again: the words above are the credential plugin's own"
WEBHOOK = "the webhook that must answer does not: look at its pods and its Service"
KINDS = {"NotFound": NotFoundError, "AlreadyExists": ConflictError, "Conflict": ConflictError}


def explain(error: ProgramFailedError) -> LbdemoError:
    """What kubectl's failure means for a person; the error itself where we know nothing better to say."""
    found = failure(error)
    if found.source is Source.KUBECTL:
        return _of_context(found.message) or error
    if found.source is Source.PLUGIN:
        return with_hint(error, LOG_IN)
    if found.source is Source.CONNECTION and found.message.startswith(OLD_DEFAULT):
        return InputError("kubectl has no current context", CHOOSE)
    if found.source in {Source.CONNECTION, Source.TIME}:
        return with_hint(error, AWAY)
    return _of_refusal(error, found) if found.source is Source.API_SERVER else error


def _of_context(message: str) -> InputError | None:
    if message.startswith(NO_CONTEXT):
        return InputError("kubectl has no current context", CHOOSE)
    if NO_SUCH_CONTEXT.match(message) or NOT_CONFIGURED.match(message):
        return InputError(message.removeprefix("error: "), CHOOSE)
    return None


def _of_refusal(error: ProgramFailedError, found: Failure) -> LbdemoError:
    if terminating(found.message):
        return TerminatingError(error.message, "wait until the namespace is gone, and run the command again")
    if found.reason in KINDS:
        return KINDS[found.reason](error.message, error.hint)
    if found.reason == "Forbidden" and not of_rights(found.message):
        return error  # a quota, or a policy of the cluster: its own words say it best
    if calls_webhook(found.message):
        return with_hint(error, WEBHOOK)
    if found.reason == "Forbidden":
        return with_hint(error, missing_right(found.message))
    return with_hint(error, HINTS[found.reason]) if found.reason in HINTS else error


def terminating(message: str) -> bool:
    """Whether the API server refuses because the namespace is being deleted."""
    return message.rstrip().endswith("because it is being terminated")


def of_rights(message: str) -> bool:
    """Whether a Forbidden is for want of rights (and not a quota's or an admission policy's)."""
    return 'forbidden: User "' in message


def missing_right(message: str) -> str:
    """What to ask for, and the command that asks whether one has it, as the API server's refusal names it."""
    denied = DENIED.search(message)
    if denied is None:
        return "this user has not the rights; `kubectl auth can-i --list` shows what it may do"
    verb, resource, group, place = denied["verb"], denied["resource"], denied["group"], denied["place"]
    plural, _, part = resource.partition("/")
    kind = f"{plural}.{group}" if group else plural
    named = " ".join([kind, *([f"--subresource={part}"] if part else []), *(["-n", place] if place else [])])
    what = f"{verb} {resource}" + (f" in namespace {place}" if place else "")
    return f"ask for the right to {what} (docs/roles.md); `kubectl auth can-i {verb} {named}` asks whether you have it"


def calls_webhook(message: str) -> bool:
    """Whether the API server refuses because a webhook does not answer it."""
    return "failed calling webhook" in message


def with_hint(error: ProgramFailedError, hint: str) -> ProgramFailedError:
    """The same failure with a hint, without the lines that kubectl's cache repeats for every try."""
    lines = [line for line in error.stderr.splitlines() if not LOG_LINE.match(line)]
    return ProgramFailedError(error.argv, error.code, "\n".join(lines) or error.stderr, hint)
