"""An installed wheel works outside the checkout, chart and Dockerfile included."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = [pytest.mark.wheel, pytest.mark.timeout(400)]

ELSEWHERE = """
from lbdemo.cluster.image.content import archive, content_image, context_files
from lbdemo.resources import chart_folder, docker_folder
files = context_files()
print(chart_folder() / "Chart.yaml", docker_folder() / "Dockerfile")
print(content_image(files).reference, len(archive(files)))
"""


def run(*argv: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(a) for a in argv], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    venv.create(folder / "env", with_pip=True)
    run(folder / "env/bin/python", "-m", "pip", "install", "--quiet", next(folder.glob("*.whl")), cwd=folder)
    return folder / "env/bin"


def test_it_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "lbdemo", "--version", cwd=tmp_path).startswith("lbdemo 0.")


def test_it_has_the_chart_and_the_same_image_as_the_checkout(installed: Path, tmp_path: Path) -> None:
    chart, dockerfile, image, size = run(installed / "python", "-c", ELSEWHERE, cwd=tmp_path).split()

    assert Path(chart).is_file()
    assert Path(dockerfile).is_file()
    assert str(ROOT) not in chart + dockerfile
    assert image == run(sys.executable, "-c", ELSEWHERE, cwd=tmp_path).split()[2]
    assert int(size) > 10_000


def test_it_has_the_page(installed: Path, tmp_path: Path) -> None:
    told = run(installed / "python", "-c", "from lbdemo.front.page import files; print(*files())", cwd=tmp_path)

    assert set(told.split()) == {"/", "/calls.js", "/licenses.txt", "/page.css", "/page.js"}


@pytest.mark.helm
def test_its_chart_renders(installed: Path, tmp_path: Path) -> None:
    chart = Path(run(installed / "python", "-c", ELSEWHERE, cwd=tmp_path).split()[0]).parent

    assert "kind: Deployment" in run("helm", "template", "echo-server", chart, "--set", "role=server", cwd=tmp_path)
