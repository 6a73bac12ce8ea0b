"""Starts the agent in a Python program that is watched, and imports the ``sitecustomize`` that it hides.

Python imports it at its start, from a directory that the observer has put into ``PYTHONPATH``. Python 2 reads it too,
and goes on without an agent.
"""

import os
import sys


def _start_agent(directory):
    # type: (str) -> None
    try:
        __import__("memtest_agent").start(directory)
    except Exception:  # of an older Python, which can't read it, a SyntaxError
        return  # the process is the program's, and there is nobody to tell
    finally:
        # The program's own path, as it would be.
        sys.path[:] = [entry for entry in sys.path if entry != directory]


def _import_hidden():
    # type: () -> None
    own = sys.modules.pop("sitecustomize")
    try:
        __import__("sitecustomize")
    except ImportError as error:
        # Python 2 doesn't say which module there isn't.
        if getattr(error, "name", "sitecustomize") != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", own)


_start_agent(os.path.dirname(__file__))
_import_hidden()
