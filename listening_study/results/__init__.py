"""The results of a closed study: the sealed key opened, the analysis, its export, figures and printed summary."""
