"""WHAT to do on the cluster: observe, plan, execute, prove. No printing, no program calls of its own."""
