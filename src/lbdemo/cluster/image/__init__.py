"""The pods' image: its name by its content, its build, its delivery to the nodes."""
