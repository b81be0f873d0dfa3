"""Virtual environments beside ours, for tests that install: all that is installed here can be used there."""

import os
import sys
import venv
from pathlib import Path

PROGRAMS = {
    "dragon": "-c 'import sys; from dragon_framework.cli import main; sys.exit(main())'",
    "mypy": "-m mypy",
    "pip": "-m pip --disable-pip-version-check",
    "pytest": "-m pytest -p no:cacheprovider",
}


def environment_beside(directory: Path) -> dict[str, str]:
    """Make an environment in *directory*, and return the variables with which its programs are found.

    Settings of Dragon, of pytest and of coverage are left out.
    """
    venv.create(directory, with_pip=False, symlinks=True)
    packages = next(directory.glob("lib/python*/site-packages"))
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "core.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in ours))
    for name, words in PROGRAMS.items():
        program = directory / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {directory}/bin/python {words} "$@"\n')
        program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGON_", "PYTEST", "COV"))}
    return kept | {"PATH": f"{directory}/bin{os.pathsep}{kept['PATH']}"}
