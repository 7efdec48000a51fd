"""Regenerates src/lbdemo/_proto from the .proto files beside this script: `python protos/generate.py [--check]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
PACKAGE = PROTOS.parent / "src" / "lbdemo" / "_proto"


def main() -> int:
    """Writes the generated files, or with --check compares them; returns 1 when they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the checked-in files differ")
    check = parser.parse_args().check
    files = generate()
    if not check:
        write(files)
        return 0
    different = differences(files)
    if different:
        print(  # noqa: T201 - a script
            f"{PACKAGE.name}: {', '.join(different)} differ from the .proto files; run `nox -s protos`", file=sys.stderr
        )
    return 1 if different else 0


def generate() -> dict[str, str]:
    """What the generator makes of all .proto files: file name -> content."""
    from grpc_tools import protoc

    sources = sorted(path.name for path in PROTOS.glob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        outputs = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
        code = protoc.main(["protoc", f"--proto_path={PROTOS}", *outputs, *sources])
        if code:
            sys.exit(f"protoc failed with exit code {code}")
        stems = [Path(name).stem for name in sources]
        return {path.name: relative(path.read_text(), stems) for path in sorted(Path(folder).iterdir())}


def relative(code: str, stems: list[str]) -> str:
    """The code with its imports of sibling modules made package-relative: protoc only knows top-level ones."""
    for stem in stems:
        code = code.replace(f"\nimport {stem}_pb2 as ", f"\nfrom . import {stem}_pb2 as ")
    return code


def checked_in() -> dict[str, str]:
    """The generated files as they lie in the package; its __init__ is written by hand."""
    paths = (path for path in PACKAGE.glob("*.py*") if path.is_file() and path.name != "__init__.py")
    return {path.name: path.read_text() for path in paths}


def differences(files: dict[str, str]) -> list[str]:
    """The names of files that are missing, changed, or no longer generated."""
    there = checked_in()
    return sorted(name for name in there.keys() | files.keys() if there.get(name) != files.get(name))


def write(files: dict[str, str]) -> None:
    """Makes the package hold exactly these files beside its __init__."""
    for name in checked_in().keys() - files.keys():
        (PACKAGE / name).unlink()
    for name, content in files.items():
        (PACKAGE / name).write_text(content)


if __name__ == "__main__":
    sys.exit(main())
