"""How many pages a server of the study can hold open: each takes `FILES_PER_PAGE` of the files its process may open."""

import resource

FILES_PER_PAGE = 4  # its websocket and the event loop of its session; counted with Streamlit 1.67
OTHER_FILES = 64  # the database, requests under way
ENOUGH = 65_536  # files, where the limit may be raised without end


def raise_file_limit() -> None:
    """Raise this process's limit of open files as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return
    wanted = _files(hard)
    while wanted > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # some systems have a lower limit that they do not report
            wanted //= 2
        else:
            return


def pages_that_fit() -> int:
    """About how many pages can be open at once, once the limit is raised."""
    return max((_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1]) - OTHER_FILES) // FILES_PER_PAGE, 0)


def _files(hard: int) -> int:
    return ENOUGH if hard == resource.RLIM_INFINITY else hard
