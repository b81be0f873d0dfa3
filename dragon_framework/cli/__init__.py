"""The command line: `dragon COMMAND ...`.

Each command is a module of this package with two functions: `arguments` declares its
flags, the other, named like the command, runs it; its docstring is its help. Only the
module of the command that was asked for is imported, and it imports what is heavy when
it runs, so that `dragon --help` is quick.

Exit status: 0; 1 if what was asked for failed; 2 for wrong flags and settings, told in
one line on stderr; 130 after Ctrl-C.
"""

import errno
import os
import sys
from collections.abc import Sequence

from dragon_framework.errors import DragonError, SettingsError


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that *words* name (`sys.argv` by default) and return its exit status."""
    from dragon_framework.cli.parser import parse

    words = sys.argv[1:] if words is None else words
    _open_standard_streams()
    try:
        arguments = parse(words)
        status: int = arguments.command(arguments)
        sys.stdout.flush()
    except SettingsError as error:
        return _complain(str(error), 2)
    except DragonError as error:
        return _complain(str(error), 1)
    except BrokenPipeError:  # `dragon tasks | head`
        _silence_stdout()
        return 1
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
            raise
        _silence_stdout()
        return _complain(f"what was to be written is not: {error.strerror}", 1)
    except KeyboardInterrupt:
        return 130
    return status


def _open_standard_streams() -> None:
    """Let a stream that was closed (`dragon tasks >&-`) lead nowhere, so that no other file takes its number."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _silence_stdout() -> None:
    """Keep the interpreter from trying again, at its end, what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(text: str, status: int) -> int:
    print(f"dragon: {' '.join(text.split())}", file=sys.stderr)
    return status
