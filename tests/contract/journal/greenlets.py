"""One of the programs, in a process that gevent has made cooperative before anything else is imported."""

from __future__ import annotations

import importlib
import sys

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()
    importlib.import_module("tests.contract.journal.programs").PROGRAMS["greenlets"](sys.argv[-1])
