"""Tables that tests told by ``record_property("table", text)``, at the end of the run: also of tests that ran apart."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, text in getattr(report, "user_properties", ()):
                if name == "table":
                    terminalreporter.section(report.nodeid)
                    terminalreporter.line(str(text))
