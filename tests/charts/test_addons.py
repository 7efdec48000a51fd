"""The add-ons' chart gives objects on as they are, templates of others in them included."""

from __future__ import annotations

import pytest
import yaml
from addon_manifests import objects
from helm_chart import helm

from lbdemo import resources
from lbdemo.tools.helm import as_yaml

pytestmark = pytest.mark.helm


def test_every_object_comes_out_as_it_went_in() -> None:
    given = [one for name in ("grafana", "kiali") for one in objects(name)]
    given[1]["data"]["long"] = "a\n\n  b: '{{ .Values.secret }}' \U0001f7e2é\n"
    given[1]["spec"] = {"numbers": [65534, 3000000, 0.5, "0755", "on", "1e3", "2006-01-02"]}

    done = helm("template", "x", str(resources.addons_chart()), "-f", "-", stdin=as_yaml({"objects": given}))

    assert done.returncode == 0, done.stderr
    found = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout) if one}
    assert found == {(one["kind"], one["metadata"]["name"]): one for one in given}


def test_what_is_no_object_is_refused() -> None:
    done = helm("template", "x", str(resources.addons_chart()), "-f", "-", stdin='{"objects": [{"kind": "Pod"}]}')

    assert done.returncode != 0
    assert "apiVersion" in done.stderr
