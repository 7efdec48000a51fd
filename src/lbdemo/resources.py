"""Where the charts and the image's files lie: beside the sources in a checkout, inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path

from lbdemo.errors import MissingProgramError

PACKAGE = Path(__file__).resolve().parent


def chart_folder(package: Path = PACKAGE) -> Path:
    """The folder of the chart `echo`, for Helm. Raises MissingProgramError when the installation lacks it."""
    return _find("charts/echo", "Chart.yaml", package)


def addons_chart(package: Path = PACKAGE) -> Path:
    """The folder of the chart `addons`, for Helm. Raises MissingProgramError when the installation lacks it."""
    return _find("charts/addons", "Chart.yaml", package)


def docker_folder(package: Path = PACKAGE) -> Path:
    """The folder of Dockerfile and requirements.txt. Raises MissingProgramError when the installation lacks it."""
    return _find("docker", "Dockerfile", package)


def _find(folder: str, mark: str, package: Path) -> Path:
    places = [package / "_resources" / folder]  # where a wheel has it
    if package.parent.name == "src":  # a checkout, also when installed in editable mode
        places.append(package.parent.parent / folder)
    for place in places:
        if (place / mark).is_file():
            return place
    looked = " and ".join(str(place / mark) for place in places)
    raise MissingProgramError(
        f"this installation of lbdemo is incomplete: there is no {folder}/{mark} (looked for {looked})",
        "install lbdemo again, from a wheel or a checkout",
    )
