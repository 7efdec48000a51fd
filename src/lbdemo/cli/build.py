"""`lbdemo build`: the image, and its delivery to the cluster."""

from __future__ import annotations

import typer

from lbdemo.cli import options


def build(ctx: typer.Context, registry: options.Registry = "") -> int:
    """Builds the pods' image, unless it is there already, and brings it to the cluster."""
    from lbdemo.cli.session import session
    from lbdemo.cluster.image import content as image
    from lbdemo.cluster.image.delivery import choose
    from lbdemo.cluster.image.step import DeliverImage, recipe_of
    from lbdemo.cluster.install.preflight import check_delivery
    from lbdemo.cluster.install.surroundings import node_architecture
    from lbdemo.cluster.kernel.steps import Plan, execute
    from lbdemo.config import check_registry

    address = check_registry(registry) if registry else ""
    with session(ctx.obj, anywhere=bool(address)) as here:
        delivery = choose(here.context.name, address, here.context.profile)
        check_delivery(here.tools, delivery)
        recipe = recipe_of(here.tools, node_architecture(here.tools.api) if here.context.server else "")
        built = image.content_image(image.context_files(), recipe)
        execute(Plan((DeliverImage(built, delivery, recipe),)), here.tools, here.reporter)
    print((built.at(address) if address else built).reference)
    return 0
