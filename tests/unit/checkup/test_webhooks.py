from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from connector import settings
from connector.checkup import warn_of_webhooks

YAML = """
portals:
  main: {url: "https://acme.bitrix24.ru", app: {client_id: local.1, client_secret: secret}}
  crm: {url: "https://other.bitrix24.ru", webhook: "https://other.bitrix24.ru/rest/1/verysecret/"}
"""


def test_a_starting_process_says_which_portals_have_no_application(tmp_path: Path):
    path = tmp_path / "connector.yaml"
    path.write_text(YAML, encoding="utf-8")
    loaded = settings.load(path, {"CONNECTOR_SECRET_KEY": "k" * 40}, {})
    with capture_logs() as logs:
        warn_of_webhooks(loaded)
    assert [(line["log_level"], line["event"], line["portal"]) for line in logs] == [
        ("warning", "portal.webhook_only", "crm")
    ]
    assert "open lines" in logs[0]["needs_app"]
    assert "verysecret" not in repr(logs)
