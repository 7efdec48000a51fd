"""Why is a service not balanced? For any gRPC service on any cluster; knows nothing of Helm, plans or strategies.

    evidence = gather(...)            # collect/: what could be seen, once; the only part that asks a cluster
    case = Case(evidence)             # what follows from it: who holds connections to whom, who chooses, the verdict
    findings = explain(case)          # causes/: one rule a file, a pure function of the case

Evidence is plain records: it can be saved, sent, and judged again without a cluster.
"""
