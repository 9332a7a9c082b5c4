"""Make sure of what pip cannot install: python .ci/system_packages.py fluidsynth [venv] [chromium] [postgresql] [tex]

What is missing is installed with apt when that needs no password: as root, or with sudo that asks for none. Otherwise
the one command to type is shown, and the exit status is 1. Nothing is done when everything is there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from evaluation import doctor


def missing(tools: list[str]) -> list[str]:
    return [tool for tool in tools if doctor.TOOLS[tool].find() is None]


def may_become_root() -> list[str] | None:
    """What to put before a command to run it as root: nothing, sudo, or None when we may not."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "--non-interactive"]
    if shutil.which("sudo") and subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode == 0:
        return sudo
    return None


def install_with_apt(tools: list[str], as_root: list[str]) -> None:
    packages = [package for tool in tools for package in doctor.TOOLS[tool].packages["apt"].split()]
    print(f"Installing {', '.join(packages)} with apt", flush=True)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    debian = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive"]
    apt = [*debian, "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    install = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    if subprocess.run(install, stderr=subprocess.DEVNULL, check=False, **quiet).returncode != 0:
        # The lists of packages may be absent (a fresh container) or too old, or an earlier set-up was cut off. Both
        # are fixed here, and only here, because that takes seconds.
        subprocess.run([*debian, "dpkg", "--configure", "-a"], check=False, **quiet)
        subprocess.run([*apt, "update"], check=False, **quiet)
        subprocess.run(install, check=False, **quiet)


def main(tools: list[str]) -> int:
    if unknown := set(tools) - set(doctor.TOOLS):
        print(f"No tool {', '.join(sorted(unknown))}; there are {', '.join(doctor.TOOLS)}", file=sys.stderr)
        return 2
    absent = missing(tools)
    if not absent:
        return 0
    manager = doctor.package_manager()
    if manager == "apt" and (as_root := may_become_root()) is not None:
        install_with_apt(absent, as_root)
        absent = missing(absent)
    if not absent:
        return 0
    print(f"Missing: {', '.join(absent)}. Install with one command, then run make again:", file=sys.stderr)
    print(f"  {doctor.install_command(absent, manager)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
