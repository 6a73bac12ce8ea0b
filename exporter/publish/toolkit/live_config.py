"""The web configuration as its file has it now: re-read on change, without a restart."""

import logging
import os
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from exporter.errors import ConfigError
from exporter.publish.toolkit.tls import make_tls_context
from exporter.publish.toolkit.web_config import WebConfig

CHECK_SECONDS = 1.0

log = logging.getLogger(__name__)


class LiveWebConfig:
    """Holds the current configuration and TLS context; files are looked at once a second at most.

    A changed file that is wrong, or that would turn TLS or users off, is logged once and not taken: a file caught
    half-written must not open the server. Raises ConfigError on construction if the file can't be used.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._checked_at = clock()
        self._complaint = ""
        self.config = WebConfig()
        self.tls_context: ssl.SSLContext | None = None
        if path:
            self.config, self.tls_context = load_web_config(path)
        self._marks = self._read_marks()

    def refresh(self) -> None:
        """Take over what has changed on disk, if it is time to look again."""
        now = self._clock()
        if self._path is None or now - self._checked_at < CHECK_SECONDS:
            return
        self._checked_at = now
        marks = self._read_marks()
        if marks == self._marks:
            return
        try:
            config, tls_context = load_web_config(self._path)
            self._refuse_weaker(config)
        except ConfigError as error:
            self._complain(str(error))
            return
        self.config, self.tls_context, self._complaint = config, tls_context, ""
        # What was seen before loading counts: a file that changed meanwhile is read again.
        self._marks = {path: marks.get(path, mark) for path, mark in self._read_marks().items()}
        log.info("web configuration %s was read again", self._path)

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            log.error("%s; the configuration read before stays in force", complaint)
        self._complaint = complaint

    def _refuse_weaker(self, config: WebConfig) -> None:
        if self.config.tls and not config.tls:
            raise ConfigError(f"web configuration {self._path} no longer has TLS; restart to turn it off")
        if self.config.users and not config.users:
            raise ConfigError(f"web configuration {self._path} no longer has users; restart to turn them off")

    def _read_marks(self) -> dict[Path, tuple[int, int, int] | None]:
        files = self.config.tls.files if self.config.tls else ()
        return {path: _mark(path) for path in (self._path, *files) if path}


def load_web_config(path: Path) -> tuple[WebConfig, ssl.SSLContext | None]:
    """Read a file and load what it names; raises ConfigError naming the file and what is wrong."""
    from exporter.publish.toolkit.config import read_web_config

    config = read_web_config(path)
    try:
        return config, make_tls_context(config.tls) if config.tls else None
    except ConfigError as error:
        raise ConfigError(f"web configuration {path}: {error}") from None


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is written or replaced; None if it isn't there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
