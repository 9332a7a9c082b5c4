"""The paper's three networks and our two, and how their weights are kept."""
