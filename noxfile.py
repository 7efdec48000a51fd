"""What a contributor and CI run: `nox` for the quick ones, `nox -s NAME` for one, `nox -l` lists them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests", "lint", "types", "imports", "protos"]
nox.options.reuse_existing_virtualenvs = True
BENCHMARKS = Path("benchmarks")
PINS = Path("docker/requirements.txt")

PAGE = Path("src/lbdemo/_page")
PAGE_FILES = ("calls.js", "index.html", "licenses.txt", "page.css", "page.js")
GENERATED = Path("web/src/gen/echo_pb.ts")

# Two processes a core, for tests wait half of their time; but few: many real servers at once keep no times. In the
# order of tests/conftest.py.
PROCESSES = min(4, 2 * (os.cpu_count() or 1))
SIDE_BY_SIDE = (f"--numprocesses={PROCESSES}", "--dist=loadgroup", "--no-loadscope-reorder")


def on_a_cluster(*names: str) -> tuple[str, ...]:
    """Files of tests on a cluster, in this order."""
    return tuple(str(file) for name in names for file in sorted(Path("tests/e2e").glob(f"test_{name}.py")))


# Tests on a cluster that mostly wait, each in namespaces of its own: three files side by side, those that take longest
# first. Some in a cluster without Istio, the others in one that is there for all of them; all the rest runs alone.
PLAIN = on_a_cluster("states", "drills", "ownership", "roles", "faults", "login")
MESHED = on_a_cluster("sidecars", "ui*", "diagnose*", "trace", "metrics")
THREE = ("--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder")
MESH = "lbdemo-mesh"  # as tests/e2e/test_diagnose_mesh.py has it

PYPROJECT = nox.project.load_toml("pyproject.toml")


def needs(session: nox.Session, *groups: str, extras: str = "local") -> None:
    """Installs the project (editable, with an extra) and dependency groups."""
    packages = [requirement for group in groups for requirement in nox.project.dependency_groups(PYPROJECT, group)]
    session.install("-e", f".[{extras}]" if extras else ".", *packages)


@nox.session
def tests(session: nox.Session) -> None:
    """The default suite: seconds, without network, Docker or a cluster; real gRPC and a real Envoy on loopback."""
    needs(session, "tests", "protos")
    session.run("pytest", *SIDE_BY_SIDE, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """ruff: style and formatting."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", *session.posargs, ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict over the package, the tests, the benchmarks and this file."""
    needs(session, "types", "tests")
    session.run("mypy", *session.posargs)


@nox.session
def imports(session: nox.Session) -> None:
    """The rooms' import rules."""
    needs(session, "imports", extras="")
    session.run("lint-imports", "--no-logo")


@nox.session
def protos(session: nox.Session) -> None:
    """Generates _proto from protos/; `-- --check` fails when the checked-in code differs."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "protos"))
    session.run("python", "protos/generate.py", *(session.posargs or ["--check"]))


@nox.session
def pins(session: nox.Session) -> None:
    """Writes the hashes of the pods' packages (docker/requirements.txt) for the versions that stand there."""
    text = PINS.read_text()
    named = [line.removesuffix(" \\") for line in text.splitlines() if "==" in line and not line.startswith("#")]
    hashes: dict[str, set[str]] = {}
    for machine in ("x86_64", "aarch64"):
        folder = Path(session.create_tmp()) / machine
        shutil.rmtree(folder, ignore_errors=True)
        platforms = [f"--platform={family}_{machine}" for family in ("manylinux2014", "manylinux_2_28")]
        options = ["--no-deps", "--only-binary=:all:", "--python-version=3.13", *platforms, f"--dest={folder}"]
        session.run("python", "-m", "pip", "download", "-q", *options, *named)
        for wheel in folder.iterdir():
            name = wheel.name.partition("-")[0].replace("_", "-").lower()
            hashes.setdefault(name, set()).add(hashlib.sha256(wheel.read_bytes()).hexdigest())
    head, *rest = re.split(r"(?m)^(?=[a-z])", text)
    blocks = [pinned(block, hashes[block.partition("==")[0]]) for block in rest]
    PINS.write_text(head + "".join(blocks).rstrip("\n") + "\n")


def pinned(block: str, hashes: set[str]) -> str:
    """One package's lines, with these hashes."""
    ending = "\n\n" if block.endswith("\n\n") else "\n"
    return (
        " \\\n".join([block.split(maxsplit=1)[0], *(f"    --hash=sha256:{value}" for value in sorted(hashes))]) + ending
    )


@nox.session
def charts(session: nox.Session) -> None:
    """The chart with the real helm on PATH: lint, render, schema; and the Envoy configuration in a real Envoy."""
    if shutil.which("helm") is None:
        session.error("helm is not on the PATH")
    needs(session, "tests")
    session.run("helm", "lint", "--strict", "charts/echo", "--set", "role=server", external=True)
    session.run("helm", "lint", "--strict", "charts/addons", external=True)
    session.run("pytest", "-m", "helm", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """The wheel and the sdist, and the test that installs the wheel into an empty environment."""
    needs(session, "tests")
    session.install("build>=1.2,<2")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", "dist")
    session.run("pytest", "-m", "wheel and not helm", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """The pages in a real, headless Chromium: that of a report, and the one that makes calls."""
    needs(session, "tests", "browser")
    session.run("pytest", "-m", "browser", *session.posargs)


@nox.session
def prometheus(session: nox.Session) -> None:
    """What diagnose asks a Prometheus, and the rules of `lbdemo rules`, with a real one and its promtool on PATH."""
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        session.error("prometheus and its promtool are not on the PATH")
    needs(session, "tests")
    session.run("pytest", "-m", "prometheus", *session.posargs)


@nox.session
def web(session: nox.Session) -> None:
    """The page: types, lint, tests, and a build that must be what is checked in; `-- --write` checks it in."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            session.error(f"{program} is not on the PATH: the page in {PAGE} is built with it, and used without")
    session.install(*nox.project.dependency_groups(PYPROJECT, "protos"))
    made = Path(session.create_tmp()).resolve()
    with session.chdir("web"):
        session.run("npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", external=True)
        generated = [f"--es_out={made}", "--es_opt=target=ts", "--plugin=node_modules/.bin/protoc-gen-es"]
        session.run("python", "-m", "grpc_tools.protoc", "--proto_path=../protos", *generated, "echo.proto")
        same_files(session, {GENERATED: made / GENERATED.name})
        for script in ("types", "lint", "test"):
            session.run("npm", "run", "--silent", script, external=True)
        session.run("npm", "run", "--silent", "build", "--", str(made / PAGE.name), external=True)
    same_files(session, {PAGE / name: made / PAGE.name / name for name in PAGE_FILES})


def same_files(session: nox.Session, made: dict[Path, Path]) -> None:
    """Fails when a checked-in file is not what was made, byte for byte; with --write it becomes that."""
    for there, new in made.items():
        place = Path(__file__).parent / there
        if "--write" in session.posargs:
            shutil.copyfile(new, place)
        elif not place.is_file() or place.read_bytes() != new.read_bytes():
            session.error(f"{there} is not what its sources make; run `nox -s web -- --write`")


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks: ratios, no limits. `-- NAME` runs one; those that need a cluster say so without one."""
    needs(session)
    names = session.posargs or sorted(path.stem.removeprefix("bench_") for path in BENCHMARKS.glob("bench_*.py"))
    for name in names:
        session.run("python", f"benchmarks/bench_{name}.py")


@nox.session
def mutants(session: nox.Session) -> None:
    """Small faults of tests/mutants/, each of which some test must catch; `-- LIST [-k WORD]` tries some."""
    needs(session, "tests")
    session.run("python", "tests/mutants/run.py", *session.posargs)


@nox.session
def e2e(session: nox.Session) -> None:
    """The commands on a real cluster (the current context); `-- --kind` on a kind cluster."""
    needs(session, "tests", "browser")
    if "--kind" in session.posargs:
        rest = [argument for argument in session.posargs if argument != "--kind"]
        session.run("pytest", "-m", "kind", "tests/e2e", *rest)
        return
    if session.posargs:
        session.run("pytest", "-m", "e2e", "tests/e2e", *session.posargs)
        return
    session.run("lbdemo", "build")
    session.run("pytest", "-m", "e2e", *PLAIN, *THREE)
    session.run("pytest", "-m", "e2e", "tests/e2e", *(f"--ignore={file}" for file in (*PLAIN, *MESHED)))
    session.run("lbdemo", "-n", MESH, "up", "--istio")
    try:
        session.run("pytest", "-m", "e2e", *MESHED, *THREE)
    finally:
        session.run("lbdemo", "-n", MESH, "clean", "--istio", success_codes=[0, 1])  # 1: others use it, too
