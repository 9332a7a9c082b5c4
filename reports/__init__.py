"""The comparison as a page to read, with its tables and figures."""

from clstm.runtime.shadowing import check

check("evaluation")  # before a module of another project is taken for ours
