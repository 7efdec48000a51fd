"""The HTTP side of the fake API server: reads questions, and answers as Kubernetes does."""

from __future__ import annotations

import json
import re
import socketserver
import time
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lbdemo.kube import kinds
from lbdemo.kube.kinds import Kind
from lbdemo.kube.traffic_kinds import ENVOY_FILTERS, SERVICE_ENTRIES, SIDECARS

if TYPE_CHECKING:
    from fake_api import FakeApi

Document = dict[str, Any]
KINDS: tuple[Kind[Any], ...] = tuple(
    value for value in (*vars(kinds).values(), SIDECARS, SERVICE_ENTRIES, ENVOY_FILTERS) if isinstance(value, Kind)
)
PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>v[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]+))?/(?P<plural>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<part>.+))?)?"
)
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Server(socketserver.ThreadingUnixStreamServer):
    """One thread a connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    fake: FakeApi


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's questions."""

    protocol_version = "HTTP/1.1"
    server: Server

    def __getattr__(self, name: str) -> Any:
        if name in {"do_GET", "do_POST", "do_PUT", "do_PATCH", "do_DELETE"}:
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Keeps quiet."""

    def parse_request(self) -> bool:
        """Reads the head as plain lines: read as an e-mail, as it usually is, it takes ten times as long."""
        self.command, self.path, self.request_version = self.raw_requestline.decode().split()
        lines = (line.decode().partition(":") for line in takewhile(bytes.strip, self.rfile))
        self.fields = {name.lower(): value.strip() for name, _, value in lines}
        self.close_connection = False
        return True

    def answer(self) -> None:
        fake = self.server.fake
        length = int(self.fields.get("content-length", 0))
        self.body = json.loads(self.rfile.read(length)) if length else {}
        fake.asked.append(f"{self.command} {unquote(self.path)}")
        fake.bodies.append(self.body)
        split = urlsplit(self.path)
        self.query = dict(parse_qsl(split.query))
        try:
            self.route(unquote(split.path))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def route(self, path: str) -> None:
        fake = self.server.fake
        if any(f.verb == f.resource == "*" for f in fake.failures):
            fake.failures[-1].act(self)
        elif path in ("/api", "/apis"):
            self.discovery("" if path == "/api" else "apis")
        elif path == "/version":
            self.json({"major": "1", "minor": "34", "gitVersion": "v1.34.4"})
        elif group := re.fullmatch(r"/apis/([^/]+)/([^/]+)", path):
            self.group(group[1], group[2])
        elif path.endswith("/selfsubjectaccessreviews"):
            self.review()
        elif path.endswith("/selfsubjectreviews"):
            self.json({**self.body, "status": {"userInfo": {"username": "u"}}}, 201)
        elif (found := PATH.fullmatch(path)) is None:
            self.give(404, b"404 page not found\n")
        else:
            self.resource(found)

    def resource(self, found: re.Match[str]) -> None:
        fake = self.server.fake
        self.place, self.name = found["namespace"] or "", found["name"] or ""
        known = (k for k in KINDS if k.plural == found["plural"] and k.group == (found["group"] or ""))
        kind = next(known, None)
        part = (found["part"] or "").split("/")[0]
        resource = f"{found['plural']}.{found['group']}" if found["group"] else found["plural"]
        self.resource_name = f"{resource}/{part}" if part else resource
        self.verb = VERBS.get(self.command) or ("get" if self.name else "watch" if self.query.get("watch") else "list")
        for failure in fake.failures:
            if failure.verb in (self.verb, "*") and failure.resource in (self.resource_name, "*") and (
                failure.namespace in ("", self.place)
            ):  # fmt: skip
                failure.act(self)
                return
        if f"{found['group']}/{found['version']}" in fake.dead:
            self.give(503, b"service unavailable\n", content="text/plain")
        elif kind is None or resource in fake.unknown or found["version"] not in kind.versions:
            self.give(404, b"404 page not found\n", content="text/plain")
        elif part == "log":
            self.log()
        elif part == "proxy":
            self.passed(found["part"])
        else:
            getattr(self, f"do_{self.verb}")(kind)

    def do_get(self, kind: Kind[Any]) -> None:
        found = self.server.fake.there(kind, self.name, self.place)
        self.json(self.slim(found)) if found else self.absent(kind)

    def do_list(self, kind: Kind[Any]) -> None:
        fake = self.server.fake
        with fake.changed:
            items = [self.slim(item) for item in self.chosen(kind)]
            version = str(fake.newest)
        start, limit = int(self.query.get("continue") or 0), int(self.query.get("limit") or 0)
        page = items[start : start + limit] if limit else items
        rest = len(items) - start - len(page)
        meta: Document = {"resourceVersion": version}
        if rest > 0:
            meta |= {"continue": str(start + len(page)), "remainingItemCount": rest}
        bare = [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in page]
        self.json({"kind": f"{kind.name}List", "apiVersion": kind.api_version(kind.versions[0]), "metadata": meta,
                   "items": bare})  # fmt: skip

    def do_watch(self, kind: Kind[Any]) -> None:
        fake = self.server.fake
        if any(stream.of == kind.plural for stream in fake.streams):
            self.play(kind.plural, {})
            return
        until = time.monotonic() + float(self.query.get("timeoutSeconds") or 60)
        since = int(self.query.get("resourceVersion") or 0)
        self.head(200, [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")])
        self.wfile.flush()
        while True:
            with fake.changed:
                fake.changed.wait_for(partial(fake.beyond, since), max(0.0, until - time.monotonic()))
                new = [event for event in fake.events if event[0] > since]
                since = fake.newest
                over = fake.closing or time.monotonic() >= until
            for _, resource, what, item in new:
                if resource == kind.resource and self.matches(item):
                    self.chunk(json.dumps({"type": what, "object": item}).encode() + b"\n")
            if over:
                self.chunk(b"")
                return

    def do_create(self, kind: Kind[Any]) -> None:
        fake = self.server.fake
        name = self.body["metadata"]["name"]
        place = {"namespace": self.place} if self.place else {}
        if fake.there(kind, name, self.place):
            self.status(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', name=name)
        elif self.place and any(key[0] == "namespaces" for key in fake.objects) and not self._home():
            self.status(404, "NotFound", f'namespaces "{self.place}" not found', name=self.place)
        elif self.place and (home := self._home()) and home["metadata"].get("deletionTimestamp"):
            said = f"unable to create new content in namespace {self.place} because it is being terminated"
            self.status(403, "Forbidden", said, causes=[{"reason": "NamespaceTerminating"}])
        else:
            self.json(fake.put(kind, {**self.body, "metadata": {**self.body["metadata"], **place}}), 201)

    def _home(self) -> Document | None:
        return self.server.fake.objects.get(("namespaces", "", self.place))

    def do_update(self, kind: Kind[Any]) -> None:
        fake = self.server.fake
        before = fake.there(kind, self.name, self.place)
        version = self.body["metadata"].get("resourceVersion")
        if before is None:
            self.absent(kind)
        elif version and version != before["metadata"]["resourceVersion"]:
            self.status(409, "Conflict", "the object has been modified", name=self.name)
        else:
            meta = {**self.body["metadata"], "uid": before["metadata"]["uid"]}
            if self.place:
                meta["namespace"] = self.place
            self.json(fake.put(kind, {**self.body, "metadata": meta}))

    def do_patch(self, kind: Kind[Any]) -> None:
        fake = self.server.fake
        before = fake.there(kind, self.name, self.place)
        if before is None:
            self.absent(kind)
        else:
            self.json(fake.put(kind, merged(before, self.body)))

    def do_delete(self, kind: Kind[Any]) -> None:
        fake = self.server.fake
        before = fake.there(kind, self.name, self.place)
        wanted = (self.body.get("preconditions") or {}).get("uid")
        if before is None:
            self.absent(kind)
        elif wanted and wanted != before["metadata"]["uid"]:
            self.status(409, "Conflict", f"Precondition failed: UID in precondition: {wanted}", name=self.name)
        elif before["metadata"].get("finalizers"):
            ending = {**before["metadata"], "deletionTimestamp": "2026-01-02T03:04:06Z"}
            self.json(fake.put(kind, {**before, "metadata": ending}))
        else:
            fake.remove(kind, self.name, self.place)
            self.json({"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def chosen(self, kind: Kind[Any]) -> list[Document]:
        """The objects of the kind that the question means, in the order of their keys."""
        fake = self.server.fake
        keys = sorted(key for key in fake.objects if key[0] == kind.resource)
        return [fake.objects[key] for key in keys if self.matches(fake.objects[key])]

    def matches(self, item: Document) -> bool:
        meta = item["metadata"]
        labels = meta.get("labels") or {}
        here = not self.place or meta.get("namespace", "") == self.place
        terms = [
            re.fullmatch(r"(.+?)(!?)=+(.*)", term) for term in self.query.get("fieldSelector", "").split(",") if term
        ]
        chosen = selects(self.query.get("labelSelector", ""), labels)
        return here and chosen and all(t is not None and (field_of(item, t[1]) == t[3]) != bool(t[2]) for t in terms)

    def slim(self, item: Document) -> Document:
        if "PartialObjectMetadata" not in self.fields.get("accept", ""):
            return item
        return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}

    def log(self) -> None:
        fake = self.server.fake
        asked = {key: value for key, value in self.query.items() if key not in ("container", "timestamps")}
        if any(stream.of == self.name for stream in fake.streams):
            self.play(self.name, asked)
            return
        if ("pods", self.place, self.name) not in fake.objects:
            self.status(404, "NotFound", f'pods "{self.name}" not found', name=self.name)
            return
        self.head(200, [("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")])
        for piece in fake.logs.get((self.name, self.query.get("container", "")), []):
            self.chunk(piece)
        self.chunk(b"")

    def play(self, of: str, asked: Mapping[str, str]) -> None:
        """Gives the stream that was announced for this."""
        fake = self.server.fake
        with fake.changed:
            found = next((s for s in fake.streams if s.of == of and s.asked in (None, asked)), None)
            if found is None:
                fake.unannounced.append(f"{of} {asked}")
                self.status(500, "InternalError", f"unannounced stream: {of} {asked}")
                return
            fake.streams.remove(found)
        self.head(200, [("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")])
        self.wfile.flush()
        for piece in found.pieces:
            if isinstance(piece, bytes):
                self.chunk(piece)
            else:
                piece()
        if found.holds:
            with fake.changed:
                fake.changed.wait_for(lambda: fake.closing, 20)
        self.chunk(b"")

    def passed(self, path: str) -> None:
        told = self.server.fake.passed.get(f"{self.name}/{path}", (404, b"no such page"))
        code, body = told if isinstance(told, tuple) else told(self.query)
        self.give(code, body, content="text/plain")

    def review(self) -> None:
        asked = self.body["spec"]["resourceAttributes"]
        plural = f"{asked['resource']}.{asked['group']}" if asked.get("group") else asked["resource"]
        if asked.get("subresource"):
            plural += f"/{asked['subresource']}"
        denied = any(
            verb in (asked["verb"], "*") and resource in (plural, "*") and place in ("", asked.get("namespace", ""))
            for verb, resource, place in self.server.fake.denied
        )
        self.json({**self.body, "status": {"allowed": not denied}}, 201)

    def discovery(self, where: str) -> None:
        fake = self.server.fake
        groups: dict[str, list[Document]] = {}
        for kind in KINDS:
            if bool(kind.group) != bool(where) or kind.resource in fake.unknown:
                continue
            versions = groups.setdefault(kind.group, [])
            entry = next((v for v in versions if v["version"] == kind.versions[0]), None)
            if entry is None:
                stale = f"{kind.group}/{kind.versions[0]}" in fake.dead
                entry = {"version": kind.versions[0], "resources": [], "freshness": "Stale" if stale else "Current"}
                versions.append(entry)
            entry["resources"].append(
                {"resource": kind.plural, "responseKind": {"kind": kind.name},
                 "verbs": ["get", "list", "watch", "delete"], "scope": "Namespaced" if kind.namespaced else "Cluster"}
            )  # fmt: skip
        for dead in sorted(fake.dead if where else ()):
            group, _, version = dead.partition("/")
            if group not in groups:
                groups[group] = [{"version": version, "freshness": "Stale"}]
        items = [{"metadata": {"name": name}, "versions": versions} for name, versions in groups.items()]
        self.json({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items})

    def group(self, group: str, version: str) -> None:
        fake = self.server.fake
        names = [
            k.plural for k in KINDS if k.group == group and version in k.versions and k.resource not in fake.unknown
        ]
        if names:
            self.json({"kind": "APIResourceList", "resources": [{"name": name} for name in names]})
        else:
            self.give(404, b"404 page not found\n", content="text/plain")

    def forbidden(self) -> None:
        place = f' in the namespace "{self.place}"' if self.place else " at the cluster scope"
        plural, _, group = self.resource_name.partition(".")
        said = f'User "u" cannot {self.verb} resource "{plural}" in API group "{group}"{place}'
        self.status(403, "Forbidden", f"{self.resource_name} is forbidden: {said}")

    def absent(self, kind: Kind[Any]) -> None:
        self.status(404, "NotFound", f'{kind.resource} "{self.name}" not found', name=self.name, kind=kind.plural)

    def status(self, code: int, reason: str, message: str, **details: Any) -> None:
        self.json({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason,
                   "details": details, "code": code}, code)  # fmt: skip

    def json(self, document: Mapping[str, Any], code: int = 200) -> None:
        self.give(code, json.dumps(document).encode())

    def give(self, code: int, body: bytes, *, content: str = "application/json", audited: bool = True) -> None:
        self.server.fake.sent += len(body)
        self.head(code, [("Content-Length", str(len(body))), ("Content-Type", content)], audited=audited)
        self.wfile.write(body)

    def head(self, code: int, headers: list[tuple[str, str]], *, audited: bool = True) -> None:
        self.send_response_only(code)
        for name, value in [*headers, *([("Audit-Id", "1")] if audited else [])]:
            self.send_header(name, value)
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def selects(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether a label selector (equality, `in`, existence) takes these labels."""
    for term in re.split(r",(?![^(]*\))", selector):
        if not term:
            continue
        if found := re.fullmatch(r"(\S+) (in|notin) \((.*)\)", term):
            inside = labels.get(found[1]) in re.split(r",\s*", found[3])
            if inside != (found[2] == "in"):
                return False
        elif "!=" in term:
            key, _, value = term.partition("!=")
            if labels.get(key) == value:
                return False
        elif "=" in term:
            key, _, value = term.replace("==", "=").partition("=")
            if labels.get(key) != value:
                return False
        elif term.startswith("!") == (term.lstrip("!") in labels):
            return False
    return True


def field_of(item: Document, name: str) -> str:
    """A field by its path, such as involvedObject.name."""
    found: Any = item
    for part in name.split("."):
        found = found.get(part, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, str) else ""


def merged(before: Any, change: Any) -> Any:
    """RFC 7386."""
    if not isinstance(change, dict):
        return change
    result = dict(before) if isinstance(before, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
