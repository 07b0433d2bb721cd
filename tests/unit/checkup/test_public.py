"""The public address looked at from here, over real TLS."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector.checkup import UNTOLD, public_findings
from connector.domain.provider import Finding
from tests import services

NOW = datetime.now(UTC)


class Quiet(ThreadingHTTPServer):
    """Clients that hang up in the middle of a handshake are part of the game."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing to tell."""


@dataclass
class Edge:
    """Something that listens; ``says`` is (status, body)."""

    url: str
    says: tuple[int, bytes] = (200, b'{"status":"ok"}\n')
    header: str = ""


def certificate(folder: Path, *, days: int, names: tuple[str, ...] = ("127.0.0.1",)) -> Path:
    """Key and self-signed certificate in one file; as an authority it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "edge")])
    addresses = [x509.IPAddress(ipaddress.ip_address(given)) for given in names]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "edge.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def serve() -> Iterator[Callable[[Path | None], Edge]]:
    servers: list[Quiet] = []

    def start(pem: Path | None) -> Edge:
        edge = Edge(url="")

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = edge.says
                if self.path == "/elsewhere":
                    status, body = 200, b'{"status":"ok"}'
                self.send_response(status)
                if status == 301:
                    self.send_header("Location", "/elsewhere")
                if edge.header:
                    self.send_header(edge.header, "yes")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing to tell."""

        server = Quiet(("127.0.0.1", 0), Handler)
        if pem is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        edge.url = f"{'https' if pem else 'http'}://127.0.0.1:{server.server_port}"
        return edge

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def look(edge: Edge, pem: Path | None = None) -> dict[str, Finding]:
    found = public_findings(edge.url, now=NOW, authorities=str(pem) if pem else "")
    return {finding.code: finding for finding in found}


def test_a_sound_address_has_a_trusted_certificate_and_our_own_voice(serve, tmp_path):
    pem = certificate(tmp_path, days=60)
    found = look(serve(pem), pem)
    assert {code: finding.state for code, finding in found.items()} == {"public.tls": "ok", "public.health": "ok"}
    assert "59 more days" in found["public.tls"].what.en


def test_a_certificate_that_ends_soon_is_renewed_in_time(serve, tmp_path):
    pem = certificate(tmp_path, days=5)
    found = look(serve(pem), pem)
    assert (found["public.tls"].state, found["public.tls"].mend) == ("warn", "certbot renew")


@pytest.mark.parametrize(("days", "names"), [(-3, ("127.0.0.1",)), (60, ("127.0.0.9",))])
def test_an_expired_certificate_or_another_name_is_refused(serve, tmp_path, days, names):
    pem = certificate(tmp_path, days=days, names=names)
    found = look(serve(pem), pem)
    assert {code: finding.state for code, finding in found.items()} == {"public.tls": "bad"}


def test_a_certificate_that_nobody_vouches_for_is_refused(serve, tmp_path):
    found = look(serve(certificate(tmp_path, days=60)))
    assert found["public.tls"].state == "bad"
    assert "self" in str(found["public.tls"].hint and found["public.tls"].hint.en)


@pytest.mark.parametrize("says", [(502, b"<html>"), (200, b"<html>welcome</html>"), (200, b'{"status":"fine"}')])
def test_somebody_else_behind_the_address_is_not_us(serve, says):
    edge = serve(None)
    edge.says = says
    found = look(edge)
    assert (found["public.health"].state, found["public.health"].mend) == ("bad", "connector run")


def test_a_redirect_is_no_answer_because_posts_are_lost_in_it(serve):
    edge = serve(None)
    edge.says = (301, b"")
    found = look(edge)
    assert found["public.health"].state == "bad"
    assert "301" in str(found["public.health"].hint)


def test_a_proxy_that_we_are_not_told_of_makes_all_visitors_one(serve):
    edge = serve(None)
    edge.header = UNTOLD
    found = look(edge)
    assert {code: finding.state for code, finding in found.items()} == {"public.health": "ok", "public.proxies": "warn"}


def test_nobody_on_this_machine_means_that_nothing_runs():
    found = look(Edge(url=f"http://127.0.0.1:{services.free_port()}"))
    assert found["public.health"].state == "bad"


def test_an_address_that_this_machine_cannot_reach_may_still_be_right():
    found = look(Edge(url="https://nowhere.invalid"))
    assert {code: finding.state for code, finding in found.items()} == {"public.reach": "warn"}
    assert found["public.reach"].hint is not None
