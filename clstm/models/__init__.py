"""The paper's three networks and the stronger one, and how their weights are kept."""
