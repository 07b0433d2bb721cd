"""A private MariaDB on the loopback, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pymysql

from tests.services import PASSWORD, free_port, lacking, until


class MariaDb:
    """A running server; ``root`` comes in by its password."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder, self._numbered = free_port(), folder, 0
        self._process: subprocess.Popen[bytes] | None = None
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        self._options = ["--no-defaults", f"--datadir={folder / 'data'}", *user]
        done = subprocess.run(
            ["mariadb-install-db", *self._options, "--auth-root-authentication-method=normal", "--skip-test-db"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"mariadb-install-db failed\n{done.stdout.decode()[-2000:]}")

    def url(self, database: str, user: str = "root", password: str = PASSWORD) -> str:
        """The URL of a database."""
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start and wait until it answers."""
        network = [f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self._folder / 'socket'}"]
        small = ["--skip-name-resolve", "--innodb-buffer-pool-size=32M"]
        opened = self._folder / "first.sql"
        opened.write_text(
            f"CREATE OR REPLACE USER root@127.0.0.1 IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON *.* TO root@127.0.0.1 WITH GRANT OPTION;\n"
        )
        opened.chmod(0o644)
        with (self._folder / "log").open("ab") as log:
            command = [_server(), *self._options, *network, *small, f"--init-file={opened}"]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._answers, "mariadbd does not answer")

    def stop(self) -> None:
        """Kill it."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def create(self) -> str:
        """The name of a new database."""
        self._numbered += 1
        name = f"test_{self._numbered}"
        self.run("mysql", f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return name

    def run(self, database: str, *statements: str) -> None:
        """As root, committed."""
        with closing(self._connect(database)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def _connect(self, database: str) -> pymysql.Connection:
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", password=PASSWORD, database=database)

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError((self._folder / "log").read_text()[-2000:])
        try:
            self._connect("mysql").close()
        except pymysql.err.OperationalError:
            return False
        return True


def _server() -> str:
    return shutil.which("mariadbd") or "/usr/sbin/mariadbd"


@contextmanager
def mariadb() -> Iterator[MariaDb]:
    """A running private server; skips where MariaDB is not installed."""
    if not Path(_server()).exists() or shutil.which("mariadb-install-db") is None:
        lacking("MariaDB (mariadbd, mariadb-install-db)")
        return
    folder = Path(tempfile.mkdtemp(prefix="connector-mariadb-"))
    try:
        if os.geteuid() == 0:
            user = pwd.getpwnam("mysql")
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = MariaDb(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
