from __future__ import annotations

from pathlib import Path

import pytest

from lbdemo import resources
from lbdemo.errors import MissingProgramError


def place(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


def test_this_installation_has_the_chart_and_the_image_files() -> None:
    chart, docker = resources.chart_folder(), resources.docker_folder()

    assert (chart / "values.schema.json").is_file()
    assert (docker / "requirements.txt").is_file()


def test_a_checkout_has_them_at_its_root(tmp_path: Path) -> None:
    place(tmp_path, "charts/echo/Chart.yaml", "docker/Dockerfile")
    package = tmp_path / "src" / "lbdemo"

    assert resources.chart_folder(package) == tmp_path / "charts" / "echo"
    assert resources.docker_folder(package) == tmp_path / "docker"


def test_a_wheel_has_them_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "lbdemo"
    place(package, "_resources/charts/echo/Chart.yaml", "_resources/docker/Dockerfile")

    assert resources.chart_folder(package) == package / "_resources" / "charts" / "echo"
    assert resources.docker_folder(package) == package / "_resources" / "docker"


def test_a_wheel_never_takes_a_strangers_folder(tmp_path: Path) -> None:
    place(tmp_path, "docker/Dockerfile", "lib/docker/Dockerfile")
    package = tmp_path / "lib" / "lbdemo"

    with pytest.raises(MissingProgramError):
        resources.docker_folder(package)


@pytest.mark.parametrize("layout", ["src/lbdemo", "site-packages/lbdemo"])
def test_an_incomplete_installation_says_what_is_missing_and_where(tmp_path: Path, layout: str) -> None:
    (tmp_path / "charts" / "echo").mkdir(parents=True)

    with pytest.raises(MissingProgramError) as raised:
        resources.chart_folder(tmp_path / layout)

    assert str(tmp_path) in raised.value.message
    assert "charts/echo/Chart.yaml" in raised.value.message
    assert raised.value.hint
