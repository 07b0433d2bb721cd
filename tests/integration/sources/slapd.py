"""A private OpenLDAP: people and groups by real LDAP, plain, STARTTLS and TLS.

``with slapd(company(people=3000, groups=200)) as server`` starts one with that company in it, in a second or two.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ldap3

from tests.integration.house.processes import Reaper
from tests.mail.authority import papers
from tests.services import free_port, lacking, until

BASE = "dc=acme,dc=test"
ADMIN, PASSWORD = f"cn=admin,{BASE}", "planted-password"
READER = f"uid=bitrix,ou=Services,{BASE}"
LIMITED = f"uid=limited,ou=Services,{BASE}"  # is given 50 entries of any search
_PROGRAM, _MODULES, _SCHEMAS = Path("/usr/sbin/slapd"), Path("/usr/lib/ldap"), Path("/etc/ldap/schema")
_CONFIG = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/nis.schema
include {schemas}/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.146 NAME 'objectSid' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.98 NAME 'primaryGroupID' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.141 NAME 'department' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.32473.1.1 NAME 'adPerson' SUP top AUXILIARY
  MAY ( objectGUID $ objectSid $ primaryGroupID $ userAccountControl $ department ) )
modulepath {modules}
moduleload back_mdb
moduleload memberof
pidfile {folder}/pid
loglevel none
sizelimit unlimited
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
maxsize 1073741824
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {folder}/data
dbnosync
index objectClass,entryUUID,uid,member,modifyTimestamp eq
limits dn.exact="{limited}" size.soft=50 size.hard=50
access to attrs=userPassword by anonymous auth by * none
access to * by users read by anonymous auth by * none
overlay memberof
"""


class Slapd:
    """``url`` speaks plain LDAP and STARTTLS, ``tls_url`` TLS, by the authority in ``ca`` (for ``localhost`` and
    127.0.0.1); the certificate does not hold for ``nameless_url``. ``READER`` and ``LIMITED`` may read with
    ``PASSWORD``; ``admin()`` writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self.url, self.tls_url = f"ldap://127.0.0.1:{self.port}", f"ldaps://127.0.0.1:{self.tls_port}"
        self.nameless_url = f"ldaps://127.0.0.2:{self.tls_port}"
        made = papers(folder)
        self.ca = made.ca
        (folder / "data").mkdir()
        # AppArmor of Ubuntu keeps /usr/sbin/slapd out of other folders; a copy is free.
        self._program = Path(shutil.copy(_PROGRAM, folder / "slapd"))
        self._config = folder / "slapd.conf"
        named = {"base": BASE, "admin": ADMIN, "password": PASSWORD, "limited": LIMITED}
        places = {"schemas": _SCHEMAS, "modules": _MODULES, "folder": folder}
        keys = {"ca": made.ca, "certificate": made.certificate, "key": made.key}
        self._config.write_text(_CONFIG.format(**named, **places, **keys))
        self._process: subprocess.Popen[bytes] | None = None
        self._reaper = Reaper(str(folder))

    def load(self, entries: Iterable[str]) -> None:
        """Put LDIF entries in, quickly, while it does not run."""
        seed = self.folder / "seed.ldif"
        seed.write_text("\n".join((*frame(), *entries)))
        command = [str(self._program), "-T", "add", "-q", "-f", str(self._config), "-l", str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])

    def start(self) -> None:
        """Start and wait until it answers."""
        urls = f"{self.url}/ {self.tls_url}/ {self.nameless_url}/"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._program), "-d", "0", "-f", str(self._config), "-h", urls],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._reaper.tell("+", self._process.pid)
        try:
            until(self._answers, "slapd does not answer")
        except TimeoutError:
            self.stop()
            raise RuntimeError((self.folder / "log").read_text()[-3000:]) from None

    def stop(self) -> None:
        """Cut every connection."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
        self._reaper.tell("-", process.pid)

    def pause(self) -> None:
        """It is there and answers nothing, until :meth:`go_on`."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        """It is not needed any more."""
        self.stop()
        self._reaper.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def admin(self) -> Iterator[ldap3.Connection]:
        """A connection that may write; a refusal raises."""
        server = ldap3.Server("127.0.0.1", port=self.port, get_info=ldap3.NONE)
        with ldap3.Connection(server, ADMIN, PASSWORD, raise_exceptions=True, check_names=False) as connection:
            yield connection

    def change(self, dn: str, values: Mapping[str, Sequence[Any]]) -> None:
        """Replace attributes of an entry; an empty list takes one away."""
        with self.admin() as connection:
            connection.modify(dn, {name: [(ldap3.MODIFY_REPLACE, list(given))] for name, given in values.items()})

    def remove(self, dn: str) -> None:
        """Delete an entry."""
        with self.admin() as connection:
            connection.delete(dn)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise TimeoutError("slapd ended at once")
        try:
            with self.admin():
                return True
        except (ldap3.core.exceptions.LDAPException, OSError):
            return False


def entry(dn: str, **attributes: Any) -> str:
    """One LDIF entry; values are texts, bytes or lists of them. Names with a dash are written with an underscore."""
    lines = [f"dn:: {_coded(dn)}"]
    for name, given in attributes.items():
        for value in given if isinstance(given, list | tuple) else [given]:
            lines.append(f"{name.replace('_', '-')}:: {_coded(value)}")
    return "\n".join([*lines, ""])


def person(number: int, **more: Any) -> str:
    """``p00042`` in ``ou=People``; ``more`` are further attributes, or others."""
    uid = f"p{number:05}"
    given = {
        "objectClass": ["inetOrgPerson"],
        "cn": f"Person {number}",
        "sn": f"Фамилия{number}",
        "displayName": f"Сотрудник {number}",
        "mail": f"{uid}@acme.test",
        **more,
    }
    return entry(person_dn(number), uid=uid, **given)


def group(name: str, members: Sequence[str]) -> str:
    """A ``groupOfNames`` in ``ou=Groups`` with these DNs as members."""
    return entry(group_dn(name), objectClass="groupOfNames", cn=name, member=list(members))


def person_dn(number: int) -> str:
    """The DN of :func:`person`."""
    return f"uid=p{number:05},ou=People,{BASE}"


def group_dn(name: str) -> str:
    """The DN of :func:`group`."""
    return f"cn={name},ou=Groups,{BASE}"


def frame() -> Iterator[str]:
    """The top of the tree, its three units and the two users who may read."""
    yield entry(BASE, objectClass=["dcObject", "organization"], dc="acme", o="Acme")
    for unit in ("People", "Groups", "Services"):
        yield entry(f"ou={unit},{BASE}", objectClass="organizationalUnit", ou=unit)
    for dn in (READER, LIMITED):
        uid = dn.partition(",")[0][4:]
        yield entry(dn, objectClass=["account", "simpleSecurityObject"], uid=uid, userPassword=PASSWORD)


def company(people: int = 3000, groups: int = 200) -> Iterator[str]:
    """People ``p00000`` on and groups ``g000`` on, in LDIF. Person *n* is in group *n* mod *groups*; each group but
    each tenth is in the one before it, so a tree of ten levels hangs below ``g000``, ``g010``, ``g020``, ….
    """
    yield from (person(number) for number in range(people))
    for number in range(groups):
        members = [person_dn(each) for each in range(number, people, groups)]
        nested = [group_dn(f"g{number + 1:03}")] if (number + 1) % 10 and number + 1 < groups else []
        yield group(f"g{number:03}", members + nested)


def company_groups(number: int, groups: int = 200) -> list[str]:
    """The groups that person ``number`` of :func:`company` is in, through others as well."""
    own = number % groups
    return [f"g{each:03}" for each in range(own - own % 10, own + 1)]


def _coded(value: Any) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else str(value).encode()).decode()


@contextmanager
def slapd(entries: Iterable[str] = ()) -> Iterator[Slapd]:
    """A running private slapd with these entries besides :func:`frame`; skips where it is not installed."""
    if not _PROGRAM.exists() or not (_SCHEMAS / "inetorgperson.schema").exists():
        lacking("OpenLDAP (slapd)")
        return
    server = Slapd(Path(tempfile.mkdtemp(prefix="connector-ldap-")))
    try:
        server.load(entries)
        server.start()
        yield server
    finally:
        server.close()
