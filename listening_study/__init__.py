"""A blind listening study: participants judge whether a person or a computer made each clip."""

from clstm.runtime.shadowing import check

check("evaluation")  # before a module of another project is taken for ours
