"""A pretend system at the other end of the generic channel: it signs what it posts and verifies what it gets."""

from __future__ import annotations

import itertools
import json
import mimetypes
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from connector.domain.ports import Clock
from connector.domain.request import Reply, Request
from connector.providers.generic.settings import GenericSettings

_STRANGER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


class GenericStandIn:
    """``counts`` tells what came: by type, and ``repeats`` of a ``webhook-id`` that was taken before."""

    def __init__(self, settings: GenericSettings, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.account, self.clock = settings.account, clock
        self.secret = settings.keys()[0]
        self.files_url = (settings.api_url or settings.deliver_url.rpartition("/")[0]).rstrip("/")
        self.counts: Counter[str] = Counter()
        self.answers: list[Reply] = []
        self.files: dict[str, bytes] = {}
        self._numbers = itertools.count(1)
        self._taken: dict[str, Reply] = {}
        self._shown: dict[str, dict[str, dict[str, Any]]] = {}
        self._lock = threading.RLock()

    def handle(self, request: Request) -> Reply:
        """Takes webhooks by POST on any path; gives the files of its clients under ``…/files/``."""
        with self._lock:
            if request.method == "GET":
                return self._download(request.path.rpartition("/files/")[2])
            if self.answers:
                return self.answers.pop(0)
            try:
                body = Webhook(self.secret).verify(request.body, dict(request.headers))
            except (WebhookVerificationError, ValueError) as error:
                return _answer(401, {"error": str(error)})
            return self._take(request.header("webhook-id"), body)

    def say(self, conversation: str, text: str) -> Request:
        """The client writes."""
        return self._post("message.created", conversation, message={"id": self._next("in"), "text": text})

    def edit(self, request: Request, text: str) -> Request:
        """The client changes an earlier message."""
        data = json.loads(request.body)["data"]
        message = data["message"] | {"text": text}
        return self._post("message.updated", data["conversation"], message=message)

    def attach(self, conversation: str, name: str, content: bytes, caption: str = "") -> Request:
        """The client sends a file, which this stand-in keeps for download."""
        key = f"{self._next('file')}-{len(content)}"
        self.files[key] = content
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = {"url": f"{self.files_url}/files/{key}", "name": name, "type": mime, "size": len(content)}
        message = {"id": self._next("in"), "text": caption, "files": [file]}
        return self._post("message.created", conversation, message=message)

    def take_back(self, request: Request) -> Request:
        """The client deletes an earlier message."""
        data = json.loads(request.body)["data"]
        return self._post("message.deleted", data["conversation"], message={"id": data["message"]["id"]})

    def forge(self, conversation: str, text: str) -> Request:
        """A stranger who does not know the secret."""
        message = {"id": self._next("in"), "text": text}
        return self._post("message.created", conversation, secret=_STRANGER, message=message)

    def heard(self, conversation: str) -> list[str]:
        """What the client sees: texts, and files as ``[name]`` after their texts."""
        with self._lock:
            shown = self._shown.get(conversation, {}).values()
            return [line for message in shown for line in (message["text"], *message["files"]) if line]

    def refuse_next(self, count: int = 1) -> None:
        """The next ``count`` webhooks are refused for good."""
        self.answers += [_answer(422, {"error": "refused as asked"})] * count

    def _take(self, webhook_id: str, body: dict[str, Any]) -> Reply:
        if webhook_id in self._taken:
            self.counts["repeats"] += 1
            return self._taken[webhook_id]
        self.counts[body["type"]] += 1
        reply = self._act(body["type"], body["data"])
        if reply.status < 300:
            self._taken[webhook_id] = reply
        return reply

    def _act(self, kind: str, data: dict[str, Any]) -> Reply:
        shown = self._shown.setdefault(data.get("conversation", ""), {})
        message = data.get("message", {})
        if kind == "message.created":
            message_id = self._next("out")
            files = [f"[{file['name']}]" for file in message["files"]]
            shown[message_id] = {"text": message["text"], "files": files}
            return _answer(200, {"id": message_id})
        if kind in ("message.updated", "message.deleted") and message["id"] not in shown:
            return _answer(404, {"error": "no such message"})
        if kind == "message.updated":
            shown[message["id"]]["text"] = message["text"]
        if kind == "message.deleted":
            del shown[message["id"]]
        return _answer(200, {})

    def _download(self, key: str) -> Reply:
        if key not in self.files:
            return _answer(404, {"error": "no such file"})
        return Reply(body=self.files[key], content_type="application/octet-stream")

    def _next(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    def _post(self, kind: str, conversation: str, secret: str = "", **parts: Any) -> Request:
        now = self.clock()
        client = {"id": f"client-{conversation}", "first_name": "Dmitri", "last_name": f"Client {conversation}"}
        data = {"conversation": conversation, "client": client, **parts}
        body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False)
        webhook_id = f"msg_{self.account}_{self._next('hook')}"
        return Request(
            method="POST",
            path=f"/hooks/{self.account}",
            headers={
                "content-type": "application/json",
                "webhook-id": webhook_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(secret or self.secret).sign(webhook_id, now, body),
            },
            body=body.encode(),
            received_at=now,
        )


def _answer(status: int, said: dict[str, Any]) -> Reply:
    return Reply(status=status, body=json.dumps(said).encode(), content_type="application/json")
