"""A blind listening study: participants say of each clip whether a person or a computer made it."""

from clstm.runtime.shadowing import check

check("evaluation")  # before a module of another project is taken for ours
