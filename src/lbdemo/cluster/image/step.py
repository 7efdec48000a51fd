"""The step that builds the pods' image and brings it to the cluster's nodes."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from lbdemo.cluster.image import content as images
from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.kernel.reference import Image
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.errors import MissingProgramError

LOAD_TIMEOUT = 600.0  # seconds that loading an image into a cluster's nodes may take

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DeliverImage:
    """Builds the image, unless Docker has it already, and brings it to the cluster's nodes."""

    image: Image
    delivery: Delivery
    recipe: images.Recipe = images.UNKNOWN
    key: str = "image"
    after: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it does."""
        return f"image {self.image.reference}"

    def commands(self, tools: Tools) -> list[str]:
        """The context is made in memory, so the command to paste is ours."""
        registry = ["--registry", self.delivery.target] if self.delivery.how == "registry" else []
        context = ["--context", tools.kubectl.context] if tools.kubectl.context else []
        return [shlex.join(["lbdemo", *context, "build", *registry])]

    def run(self, tools: Tools, say: Say) -> str:
        """Builds, delivers; notes what was done."""
        docker = tools.docker()
        built = "already built"
        if not docker.has(self.image.reference):
            files = images.context_files()
            arguments = {**images.build_arguments(), "BASE": docker.base(images.BASE).reference}
            machine = self.recipe.architecture
            docker.build(images.archive(files), self.image.reference, arguments, say, machine)
            built = "built"
        return f"{built}, {deliver(tools, self.image, self.delivery, say)}"


def recipe_of(tools: Tools, architecture: str) -> images.Recipe:
    """How the image would be built now, for nodes of this architecture ("" for the Docker daemon's own).

    Without a daemon nothing is known of the base, and nothing can be built; what runs already may go on.
    """
    try:
        docker = tools.docker()
    except MissingProgramError:
        return images.Recipe(architecture=architecture)
    return images.Recipe(docker.base(images.BASE).digest, architecture or docker.architecture)


def deliver(tools: Tools, image: Image, delivery: Delivery, say: Say) -> str:
    """Brings an image that Docker has to the nodes; says how."""
    if delivery.how == "shared":
        return "shared with the cluster's Docker"
    if delivery.how == "registry":
        remote = image.at(delivery.target)
        docker = tools.docker()
        docker.tag(image.reference, remote.repository, remote.tag)
        if docker.pushed(remote.reference):
            return f"already in {delivery.target}"
        docker.push(remote.repository, remote.tag, say)
        return f"pushed to {delivery.target}"
    say(f"loading it into {delivery.how} cluster {delivery.target}")
    tools.run.run(delivery.loader(image.reference), timeout=LOAD_TIMEOUT)
    return f"loaded into {delivery.how} cluster {delivery.target}"
