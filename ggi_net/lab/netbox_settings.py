"""What a NetBox lab is: its ports and secrets, drawn once, and the files that NetBox and Redis read them from."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import string
from base64 import b64encode
from pathlib import Path

import msgspec

import ggi_net
from ggi_net.errors import LabFailure, Place
from ggi_net.files import write_atomic, write_if_changed
from ggi_net.lab.netbox_parts import LOOPBACK, free_ports
from ggi_net.lab.netbox_postgres import LIVE, ROLE
from ggi_net.lab.netbox_shared import OWN_PLUGIN
from ggi_net.model.types import Record

ADMIN = "admin"
_LETTERS = string.ascii_letters + string.digits
_PYTHON = "python"

_CONFIGURATION = """\
# Written by `ggi lab netbox up`; a change made here is lost.
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SECRET_KEY = {secret_key!r}
API_TOKEN_PEPPERS = {{1: {pepper!r}}}
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.postgresql",
        "NAME": {database!r},
        "USER": {role!r},
        "PASSWORD": {database_password!r},
        "HOST": "127.0.0.1",
        "PORT": "{database_port}",
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    }}
}}
_redis = {{"HOST": "127.0.0.1", "PORT": {redis_port}, "PASSWORD": {redis_password!r}, "SSL": False}}
REDIS = {{"tasks": {{**_redis, "DATABASE": 0}}, "caching": {{**_redis, "DATABASE": 1}}}}
CENSUS_REPORTING_ENABLED = False
ISOLATED_DEPLOYMENT = True
PLUGINS = {plugins!r}  # {digest}
"""
_BRANCHING = """\
from netbox_branching.utilities import DynamicSchemaDict
DATABASES = DynamicSchemaDict(DATABASES)
DATABASE_ROUTERS = ["netbox_branching.database.BranchAwareRouter"]
"""
_WSGI = '''\
"""NetBox, and its static files, which a web server in front of it would serve."""
from django.contrib.staticfiles.handlers import StaticFilesHandler
from netbox.wsgi import application
application = StaticFilesHandler(application)
'''
_GUNICORN = """\
bind = "127.0.0.1:{port}"
workers = 3
threads = 1
timeout = 300
preload_app = True
control_socket_disable = True
"""
_NO_SEARCH = 'SEARCH_BACKEND = "ggi_lab_search.NoSearch"\n'
_SEARCH = '''\
"""No index for the search field of NetBox's pages: half of the work of a write goes into it."""
from netbox.search.backends import SearchBackend
class NoSearch(SearchBackend):
    def caching_handler(self, sender, instance, created, **kwargs): pass
    def removal_handler(self, sender, instance, **kwargs): pass
    def cache(self, instances, indexer=None, remove_existing=True): pass
    def remove(self, instance): pass
    def clear(self, object_types=None): pass
    def search(self, value, user=None, object_types=None, lookup=None): return []
    def count(self, object_types=None): return 0
    @property
    def size(self): return 0
'''
_REDIS = """\
bind 127.0.0.1
port {redis_port}
requirepass {redis_password}
save ""
appendonly no
"""


class Settings(Record, frozen=True, kw_only=True):
    """A lab's ports and secrets, as `lab.json` keeps them. `plugin`: whether the toolkit's own plugin is loaded.

    `search`: whether NetBox keeps the index of its pages' search field.
    """

    port: int
    database_port: int
    redis_port: int
    plugin: bool
    secret_key: str
    pepper: str
    database_password: str
    redis_password: str
    admin_password: str
    token_key: str
    token_secret: str
    search: bool = True

    def __repr__(self) -> str:
        """Without the secrets: it ends up in tracebacks and test reports."""
        return f"Settings(url={self.url!r}, plugin={self.plugin})"

    @property
    def url(self) -> str:
        """Where NetBox answers."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def token(self) -> str:
        """The API token (version 2), as `Authorization: Bearer` takes it."""
        return f"nbt_{self.token_key}.{self.token_secret}"

    @property
    def plugins(self) -> list[str]:
        """What NetBox loads; branching must be the last (its documentation says so)."""
        own = [OWN_PLUGIN] if self.plugin and own_plugin_exists() else []
        return [*own, "netbox_branching"]


def own_plugin_exists() -> bool:
    """Whether this toolkit comes with a plugin for NetBox."""
    return (_package().with_name(OWN_PLUGIN) / "__init__.py").is_file()


def plugin_digest(pattern: str) -> str:
    """A hash over those files of the toolkit's own plugin; of none, the hash of nothing."""
    files = sorted((_package() / "netbox_plugin").glob(pattern))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _package() -> Path:
    return Path(ggi_net.__file__).resolve().parent


def draw(*, port: int | None, plugin: bool) -> Settings:
    """New settings: free ports, random secrets."""
    http, database, redis = free_ports(3)
    return Settings(
        port=port or http, database_port=database, redis_port=redis, plugin=plugin,
        secret_key=_word(64), pepper=_word(64), database_password=_word(32), redis_password=_word(32),
        admin_password=_word(24), token_key=_word(12), token_secret=_word(40),
    )  # fmt: skip


def _word(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def read_settings(lab: Path) -> Settings | None:
    """The settings of the lab in a folder; None when there is none. Raises LabFailure when they can't be understood."""
    path = lab / "lab.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        raise LabFailure(
            "damaged, or of another version of the toolkit", place=Place(str(path)),
            hint="`ggi lab netbox down` removes that NetBox; then bring it up again",
        ) from None  # fmt: skip


def write_settings(lab: Path, settings: Settings) -> None:
    """Keep the settings, and the credentials for those who use the NetBox; all readable by their owner alone.

    The credentials stand there twice: for people and programs (JSON), and as the toolkit's own configuration.
    """
    write_atomic(lab / "lab.json", msgspec.json.encode(settings), mode=0o600)
    credentials = {
        "url": settings.url, "token": settings.token, "username": ADMIN, "password": settings.admin_password,
    }  # fmt: skip
    pretty = msgspec.json.format(msgspec.json.encode(credentials), indent=2)
    write_atomic(credentials_file(lab), pretty + b"\n", mode=0o600)
    token = lab / "token"
    write_atomic(token, f"{settings.token}\n".encode(), mode=0o600)
    # A JSON string is a YAML one, whatever the folder is called.
    path = json.dumps(str(token))
    write_atomic(configuration_file(lab), f"url: {settings.url}\ntoken_file: {path}\n".encode(), mode=0o600)


def credentials_file(lab: Path) -> Path:
    """Where URL, token, user name and password are."""
    return lab / "credentials.json"


def configuration_file(lab: Path) -> Path:
    """The configuration with which `ggi` uses this NetBox: what GGI_CONFIG names."""
    return lab / "netbox.yml"


def write_configuration(lab: Path, settings: Settings) -> str:
    """Write what NetBox and Redis read; return a hash of NetBox's: one started with another must be started again.

    The hash changes, too, when the source of the toolkit's own plugin does.
    """
    digest = plugin_digest("**/*.py") if settings.plugin else "no plugin of the toolkit's"
    values = {
        **msgspec.structs.asdict(settings), "plugins": settings.plugins, "database": LIVE, "role": ROLE,
        "digest": digest,
    }  # fmt: skip
    text = _CONFIGURATION.format(**values) + ("" if settings.search else _NO_SEARCH) + _BRANCHING
    write_if_changed(lab / "redis" / "redis.conf", _REDIS.format(**values).encode(), mode=0o600)
    for name in ("media", "reports", "scripts"):
        (lab / name).mkdir(exist_ok=True)
    python = lab / _PYTHON
    write_if_changed(python / "ggi_lab_wsgi.py", _WSGI.encode(), mode=0o600)
    write_if_changed(python / "ggi_lab_search.py", _SEARCH.encode(), mode=0o600)
    # NetBox finds the toolkit's packages here and nothing else of the toolkit's environment.
    for package in (_package(), _package().with_name(OWN_PLUGIN)):
        link = python / package.name
        if not link.is_symlink() or link.readlink() != package:
            link.unlink(missing_ok=True)
            link.symlink_to(package)
    gunicorn = _GUNICORN.format(**values)
    write_if_changed(lab / "web" / "gunicorn.conf.py", gunicorn.encode(), mode=0o600)
    write_if_changed(lab / "conf" / "configuration.py", text.encode(), mode=0o600)
    return hashlib.sha256((text + gunicorn).encode()).hexdigest()


def netbox_environment(lab: Path) -> dict[str, str]:
    """The environment variables that NetBox runs with."""
    return {
        "NETBOX_ROOT": str(lab), "PYTHONPATH": str(lab / _PYTHON), "DJANGO_SETTINGS_MODULE": "netbox.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def credentials_sql(settings: Settings) -> str:
    """SQL that gives the seed's administrator this lab's password and API token."""
    salt, rounds = _word(22), 1000  # the password is random: no need to make guessing slow
    digest = hashlib.pbkdf2_hmac("sha256", settings.admin_password.encode(), salt.encode(), rounds)
    password = f"pbkdf2_sha256${rounds}${salt}${b64encode(digest).decode()}"  # Django's form
    proof = hmac.new(settings.pepper.encode(), settings.token_secret.encode(), hashlib.sha256).hexdigest()
    return (
        f"UPDATE users_user SET password = '{password}' WHERE username = '{ADMIN}';\n"  # noqa: S608  drawn above
        f"UPDATE users_token SET key = '{settings.token_key}', hmac_digest = '{proof}', enabled = true;\n"
    )
