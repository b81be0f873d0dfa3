"""The command line: `dragon COMMAND ...`.

Each command is a module of this package with two functions: `arguments` declares its
flags, the other, named like the command, runs it; its docstring is its help. Only the
module of the command that was asked for is imported, and it imports what is heavy when
it runs, so that `dragon --help` is quick.

Exit status: 0; 1 if what was asked for failed; 2 for wrong flags and settings, told in
one line on stderr; 130 after Ctrl-C.
"""

import os
import sys
from collections.abc import Sequence

from dragon_framework.errors import DragonError, SettingsError


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that *words* name (`sys.argv` by default) and return its exit status."""
    from dragon_framework.cli.parser import parse

    words = sys.argv[1:] if words is None else words
    try:
        arguments = parse(words)
        status: int = arguments.command(arguments)
        sys.stdout.flush()
    except SettingsError as error:
        return _complain(str(error), 2)
    except DragonError as error:
        return _complain(str(error), 1)
    except BrokenPipeError:  # `dragon tasks | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _complain(text: str, status: int) -> int:
    print(f"dragon: {' '.join(text.split())}", file=sys.stderr)
    return status
