"""`up`: from what is asked for and what is there to a plan, and the plan's steps."""
