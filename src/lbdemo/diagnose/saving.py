"""Evidence in a file: kept, sent, and judged again; with other names where names are nobody's business."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from lbdemo.diagnose.called import beside
from lbdemo.diagnose.evidence import VERSION, Evidence
from lbdemo.diagnose.masking import masked
from lbdemo.diagnose.proxies import GENERATOR
from lbdemo.diagnose.told import BOOTSTRAP_ITSELF, marks, several
from lbdemo.errors import InputError, OperationFailedError
from lbdemo.kube.answers import Right, Unseen, Why

if TYPE_CHECKING:
    from cattrs import Converter

FILE = "evidence.json"
UNSEEN = "unseen"
"""The member by which an answer that could not be had is told from a list of answers."""
SECRET = "(left out)"
TOLD = ("HTTP_PROXY", "HTTPS_PROXY", "GRPC_PROXY", "NO_PROXY", "NO_GRPC_PROXY", "GRPC_XDS_BOOTSTRAP",
        "GRPC_DNS_RESOLVER", GENERATOR)  # fmt: skip
"""Variables whose values causes ask for; of others, and of arguments, only what `told` knows is kept."""
ANNOTATIONS = ("istio.io/", "linkerd.io/", "prometheus.io/", "kubernetes.io/topology", "lbdemo.dev/")


def save(evidence: Evidence, folder: Path, *, anonymous: bool = False) -> Path:
    """Writes the evidence into the folder, which is made if need be. Raises OperationFailedError."""
    document = without_secrets(converter().unstructure(evidence), services(evidence))
    if anonymous:
        document = masked(document, (*TOLD, BOOTSTRAP_ITSELF))
    file = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=1), encoding="utf-8")
    except OSError as error:
        raise OperationFailedError(f"cannot write {file}: {error.strerror}") from error
    return file


def check(folder: Path) -> None:
    """Raises InputError, before anything is looked at, for a folder in which nothing could be kept in the end."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir():
        raise InputError(f"cannot keep evidence in {folder}: {there} is no folder")
    if not os.access(there, os.W_OK):
        raise InputError(f"cannot keep evidence in {folder}: {there} is not writable")


def load(path: Path) -> Evidence:
    """Evidence that `save` wrote, from its folder or its file. Raises InputError for what is none."""
    file = path / FILE if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}", "give the folder that --save has written") from error
    except ValueError as error:
        raise InputError(f"{file} is no evidence: {error}") from error
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        raise InputError(f"{file} is no evidence that this lbdemo reads (version {version}, not {VERSION})")
    try:
        return converter().structure(document, Evidence)
    except Exception as error:
        raise InputError(f"{file} is damaged: {error}") from error


@cache
def converter() -> Converter:
    """Turns records into plain JSON and back; what could not be seen stays what it is."""
    from cattrs.preconf.json import make_converter

    made = make_converter()
    made.register_structure_hook_func(_may_be_unseen, lambda value, kind: _seen_or_not(made, value, kind))
    made.register_unstructure_hook(Unseen, lambda one: {UNSEEN: asdict(one)})
    made.register_structure_hook(Unseen, lambda value, _: _unseen(value))
    return made


def _may_be_unseen(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType) and Unseen in get_args(kind)


def _seen_or_not(made: Converter, value: Any, kind: Any) -> Any:
    if isinstance(value, Mapping) and UNSEEN in value:
        return _unseen(value)
    return made.structure(value, next(one for one in get_args(kind) if one is not Unseen))


def _unseen(value: Mapping[str, Any]) -> Unseen:
    told = value[UNSEEN]
    return Unseen(**{**told, "why": Why(told["why"]), "right": Right(**told["right"]) if told["right"] else None})


def without_secrets(document: Any, services: Collection[str]) -> Any:
    """The document without what may be nobody's business: variables, arguments and annotations that no cause reads."""
    if isinstance(document, list):
        return [without_secrets(one, services) for one in document]
    if not isinstance(document, dict):
        return document
    kept = {name: without_secrets(value, services) for name, value in document.items()}
    if isinstance(kept.get("env"), dict):
        kept["env"] = {name: _kept(name, value, services) for name, value in kept["env"].items()}
    for marks_of in ("annotations", "pod_annotations"):
        if isinstance(kept.get(marks_of), dict):
            known = kept[marks_of].items()
            kept[marks_of] = {name: value for name, value in known if any(part in name for part in ANNOTATIONS)}
    if "image" in kept:
        kept["message"] = ""  # a program's last words, its log's last lines among them
    for words in ("args", "command"):
        if isinstance(kept.get(words), list):
            kept[words] = list(dict.fromkeys((*_marks(kept[words], services), *several(kept[words], {}))))
    return kept


def services(evidence: Evidence) -> tuple[str, ...]:
    """The Service's name, and those of others of its pods: callers may be told of them."""
    return (evidence.name, *(one.meta.name for one in beside(evidence)))


def _marks(said: Iterable[str], services: Collection[str]) -> Iterator[str]:
    words = list(said)
    return (mark for service in services for mark in marks(words, service))


def _kept(variable: str, value: str, services: Collection[str]) -> str:
    """Of a variable's value what causes ask for: all of it, or the marks in it."""
    if variable.upper() in TOLD:
        return value.rpartition("@")[2]  # a proxy's address may have a password before it
    return " ".join(dict.fromkeys((*_marks([value], services), *several((), {variable: value})))) or SECRET
