"""Reading (and changing) any cluster through one door; knows nothing of lbdemo's releases, of Helm or of strategies.

    pods = api.list(PODS, "shop", selector="app=cart")      # tuple[Pod, ...] | Unseen: mypy makes you look
    if isinstance(pods, Unseen):
        say(f"{pods}; {pods.hint}")                          # who shows, shows the rest and names this
    pods = need(pods)                                        # who cannot do without raises UnseenError
    api.get(DEPLOYMENTS, "cart", "shop")                     # Deployment | None (seen, and absent) | Unseen
    api.any(VIRTUAL_SERVICES)                                # bool | Unseen; `api.metas(…)`: names and labels only
    api.delete(PODS, pod.name, "shop", uid=pod.meta.uid)     # Deletion: DONE, ABSENT, ANOTHER; else raises
    listing = need(api.listing(PODS, Choice("shop")))        # and from there on:
    for change in api.watch(PODS, "shop", since=listing.version): ...
    api.may(Right("delete", "namespaces", name="shop"))      # bool | Unseen; `api.lacking([...])` for many

An `Api` stands on a `Transport`: `UnixTransport(Proxy(runner, context).address)` is kubectl's credentials behind a
private socket; tests have a server of their own on one (`tests/fake_api.py`).
"""
