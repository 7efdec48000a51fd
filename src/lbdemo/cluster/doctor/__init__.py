"""Is this machine, this cluster and this user fit for what a command is about to do? Nothing is changed.

`probes` collect evidence, each by itself; a check is a pure function from evidence to a result.
"""
