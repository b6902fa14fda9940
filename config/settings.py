"""Every setting of one installation. Configuration comes from the environment; the README has the table."""

import json
import os
from datetime import time
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pghistory
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.watch_rules import limits_of
from config import embedded
from config.desk.theme import UNFOLD  # noqa: F401 - a setting

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


DEMO = _flag("FENHANG_DEMO")
DEBUG = _flag("FENHANG_DEBUG")
TESTING = _flag("FENHANG_TESTING")
INSTANCE = os.environ.get("FENHANG_INSTANCE", "main")
IS_EMBEDDED = "DATABASE_URL" not in os.environ

# --- addresses and secrets: given by the environment, or those of the embedded services ----------------------

if IS_EMBEDDED:
    _addresses = embedded.addresses(INSTANCE)
    _app_url, _owner_url, REDIS_URL = (
        _addresses.database_url,
        _addresses.database_owner_url,
        os.environ.get("REDIS_URL", _addresses.redis_url),
    )
    _secrets = embedded.secrets(INSTANCE)
else:
    _app_url = os.environ["DATABASE_URL"]
    _owner_url = os.environ.get("DATABASE_OWNER_URL", _app_url)
    REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    _secrets = {}

SECRET_KEY = os.environ.get("SECRET_KEY") or _secrets.get("secret_key", "")
# Wraps each customer's own key; 32 bytes, base64. Losing it loses every encrypted column.
DATA_KEY = os.environ.get("DATA_KEY") or _secrets.get("data_key", "")


def _database(url: str, **more: object) -> dict[str, object]:
    """A PostgreSQL address (`postgresql://name:password@host:port/database?option=...`) as Django wants it."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "campaigns.tenants.postgres",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": options.pop("port", "") or (str(parts.port) if parts.port else ""),
        "OPTIONS": options,
        # PgBouncer in transaction mode keeps no cursor between transactions.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        **more,
    }


DATABASES = {
    # Serves staff and, after set_config('role', ...), customers. ATOMIC_REQUESTS is the savepoint around the view.
    "default": _database(_app_url, ATOMIC_REQUESTS=True),
    # What outlives a refused request: failed log-ins, lock-outs, security records.
    "aside": _database(_app_url, TEST={"MIRROR": "default"}),
    # Migrates and flushes; never serves.
    "owner": _database(_owner_url),
}
# How long a connection may be kept between requests, seconds; 0 with PgBouncer is fine too.
if not TESTING:
    for _alias in ("default", "aside"):
        DATABASES[_alias]["CONN_MAX_AGE"] = int(os.environ.get("CONN_MAX_AGE", "300"))
        DATABASES[_alias]["CONN_HEALTH_CHECKS"] = True
DATABASE_ROUTERS = ["config.routers.OneDatabase"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

# --- the house, bottom to top ---------------------------------------------------------------------------------

ROOMS = [
    "campaigns.tenants",
    "campaigns.audit",
    "campaigns.access",
    "campaigns.requests",
    "campaigns.jobs",
    "campaigns.notices",
    "campaigns.approvals",
    "campaigns.customers",
    "campaigns.events",
    "campaigns.outreach",
    "campaigns.planning",
    "campaigns.rewards",
    "campaigns.points",
    "content",
    "community",
]
INSTALLED_APPS = [
    "config",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "config.desk.app.AdminApp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "django_celery_beat",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prose_editor",
    *ROOMS,
]

MIDDLEWARE = [
    "config.headers.Headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "campaigns.access.middleware.StaffSessions",
    "config.desk.language.LanguageByChoice",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Innermost, so that it spans the view, its savepoint and the rendering of its response, and nothing else.
    "campaigns.tenants.middleware.ScopeMiddleware",
    # Inside the scope's transaction, outside the view's savepoint: a kept answer outlives the view's refusal.
    "campaigns.requests.middleware.RequestKeys",
]

# Ways in, tried in this order (campaigns/tenants/middleware.py).
SCOPE_DOORS = [
    "campaigns.customers.doors.bearer_door",
    "campaigns.tenants.doors.session_door",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "tenants.Login"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.ScryptPasswordHasher",
    ]
)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": int(os.environ.get("FENHANG_PASSWORD_LENGTH", "10"))},
    },
    {
        "NAME": "campaigns.access.password_rules.KindsOfCharacters",
        "OPTIONS": {"kinds": int(os.environ.get("FENHANG_PASSWORD_KINDS", "2"))},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "campaigns.access.password_rules.NothingAboutTheOwner"},
]
# How many of the last passwords may not come again, and after how many days one must be changed (0: never).
PASSWORDS_REMEMBERED = int(os.environ.get("FENHANG_PASSWORDS_REMEMBERED", "5"))
PASSWORD_DAYS = int(os.environ.get("FENHANG_PASSWORD_DAYS", "0"))
# "required": whoever has no second factor is led to enrolment, and nowhere else.
SECOND_FACTOR = os.environ.get("FENHANG_SECOND_FACTOR", "optional")
# Proxies in front of the web server that write X-Forwarded-For themselves.
TRUSTED_PROXIES = int(os.environ.get("FENHANG_TRUSTED_PROXIES", "0"))

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- language and time ----------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
FORMAT_MODULE_PATH = ["config.formats"]

# --- files ----------------------------------------------------------------------------------------------------

VAR_DIR = Path(os.environ.get("FENHANG_VAR", BASE_DIR / "var"))
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", VAR_DIR / INSTANCE / "media"))
MEDIA_URL = "/media/"
# An S3-compatible store, in front of which MEDIA_ROOT is a shelf: {"endpoint": "https://...", "bucket": "...", "key":
# "...", "secret": "..."}, and as wanted "region", "prefix", "by_host".
MEDIA_S3: dict[str, object] = json.loads(os.environ.get("MEDIA_S3") or "{}")
# How much the shelf of one machine may hold; what was used longest ago goes first. 0: all of it.
MEDIA_SHELF_BYTES = int(os.environ.get("MEDIA_SHELF_MB", "20480")) * 1024**2
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# Customers that one person alone may bring in or take out by a file; more need a second person's word.
IMPORT_ALONE_AT_MOST = int(os.environ.get("FENHANG_IMPORT_ALONE", "10000"))
EXPORT_ALONE_AT_MOST = int(os.environ.get("FENHANG_EXPORT_ALONE", "1000"))
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# --- history: every event row carries who and why as JSON; the scope sets it (campaigns/tenants/scopes.py) -----

PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_constraint=False)
PGHISTORY_CREATED_AT_FUNCTION = "CLOCK_TIMESTAMP()"

# --- audit: where the end of its chain is noted down outside the database; months made ahead by `migrate` --------

AUDIT_HEAD = Path(os.environ.get("AUDIT_HEAD", VAR_DIR / INSTANCE / "audit-head.json"))
AUDIT_MONTHS_AHEAD = 3 if TESTING else 12

# --- customers' rights: the days in which an erasure may be taken back, where those carried out are noted down outside
# the database (a restore forgets them again), and periods of keeping that differ from those delivered ---------------

ERASURE_DAYS = int(os.environ.get("FENHANG_ERASURE_DAYS", "7"))
ERASURES = Path(os.environ.get("FENHANG_ERASURES", VAR_DIR / INSTANCE / "erasures.jsonl"))
RETENTION: dict[str, int] = json.loads(os.environ.get("FENHANG_RETENTION") or "{}")

# --- points: how many a customer may pass on to the own household within a day --------------------------------------

POINTS_PASSED_A_DAY = int(os.environ.get("FENHANG_POINTS_PASSED_A_DAY", "10000"))

# --- groups: from when until when, local, nothing is sent to them; how many posts a group gets a day at most ---------

COMMUNITY_QUIET = tuple(
    time.fromisoformat(text) for text in os.environ.get("FENHANG_QUIET_HOURS", "21:00-08:00").split("-")
)
COMMUNITY_POSTS_A_DAY = int(os.environ.get("FENHANG_POSTS_A_DAY", "3"))

# --- watching: figures above which an alert opens (campaigns/jobs/watch_rules.py), who may read /metrics ------------

WATCH_LIMITS = limits_of(os.environ.get("FENHANG_WATCH_LIMITS", ""))
# Asked for as a bearer token; without one only this machine itself is told.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

# --- backups: off without a folder; the passphrase of the keys is read from the environment when it is needed -----

BACKUP_FOLDER = Path(os.environ["BACKUP_FOLDER"]) if os.environ.get("BACKUP_FOLDER") else None
BACKUP_KEEP = int(os.environ.get("BACKUP_KEEP", "14"))

# --- API ------------------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, object] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "campaigns.lib.http.openapi.ProblemSchema",
    "EXCEPTION_HANDLER": "campaigns.lib.http.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "分行营销平台接口 · Fenhang API",
    "DESCRIPTION": "小程序、柜面与客户经理使用的接口。 · For the mini-program, the counter and relationship managers.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": [],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # Fields of the same name with different choices.
    "ENUM_NAME_OVERRIDES": {
        "CouponKindEnum": "campaigns.rewards.models.Kind.values",
        "MovementKindEnum": "campaigns.points.models.MovementKind.values",
        "GoodKindEnum": "campaigns.points.models.GoodKind.values",
        "PrizeKindEnum": "campaigns.points.models.PrizeKind.values",
        "LivestreamStateEnum": "community.livestreams.rules.State.values",
        "DropStateEnum": "community.livestreams.rules.DROP_STATES",
        "CommentStateEnum": "community.livestreams.rules.COMMENT_STATES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "campaigns.lib.http.openapi.add_security_schemes",
    ],
}
# Off in tests: they share one Valkey and one address.
RATE_LIMITS = not TESTING

# How old a prepared home page may be, seconds. 0: what changed is asked with each request.
HOME_PAGE_AGE = 0.0 if TESTING else float(os.environ.get("HOME_PAGE_AGE", "1"))
ACCESS_TOKEN_SECONDS = 15 * 60
REFRESH_TOKEN_SECONDS = 30 * 24 * 3600

# --- outside services -----------------------------------------------------------------------------------------

WECHAT_BASE_URL = os.environ.get("WECHAT_BASE_URL", "https://api.weixin.qq.com")
WECHAT_APP_ID = os.environ.get("WECHAT_APP_ID", "")
WECHAT_APP_SECRET = os.environ.get("WECHAT_APP_SECRET", "")
# The bank's templates of subscribe messages, by kind of touch: {"community.livestream.reminder": "TEMPLATE_ID"}.
WECHAT_TEMPLATES: dict[str, str] = json.loads(os.environ.get("WECHAT_TEMPLATES") or "{}")
WECOM_BASE_URL = os.environ.get("WECOM_BASE_URL", "https://qyapi.weixin.qq.com")
WECOM_CORP_ID = os.environ.get("WECOM_CORP_ID", "")
WECOM_AGENT_ID = os.environ.get("WECOM_AGENT_ID", "")
WECOM_SECRET = os.environ.get("WECOM_SECRET", "")
# Of customer contact (客户联系), for groups; the app's own where it may use that.
WECOM_CONTACT_SECRET = os.environ.get("WECOM_CONTACT_SECRET", "") or WECOM_SECRET
# Of the address that WeCom tells of changed groups: hooks/wecom is shut without both.
WECOM_CALLBACK_TOKEN = os.environ.get("WECOM_CALLBACK_TOKEN", "")
WECOM_CALLBACK_KEY = os.environ.get("WECOM_CALLBACK_KEY", "")
# Systems of the bank that are told of things, by name: {"core": {"url": "https://...", "secret": "..."}}.
HOOKS: dict[str, dict[str, str]] = json.loads(os.environ.get("FENHANG_HOOKS") or "{}")

# Systems of the bank that tell us of events, by name: {"core": {"secret": "...", "kinds": ["core.bought"]}}; and the
# folder into which they put files of them.
EVENT_SOURCES: dict[str, dict[str, object]] = json.loads(os.environ.get("FENHANG_EVENT_SOURCES") or "{}")
EVENT_DROPS = Path(os.environ.get("FENHANG_EVENT_DROPS", VAR_DIR / INSTANCE / "drops"))

# --- the bank's identity provider (OpenID Connect); off without an issuer ---------------------------------------

OIDC_ISSUER = os.environ.get("FENHANG_OIDC_ISSUER", "")
OIDC_CLIENT_ID = os.environ.get("FENHANG_OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = os.environ.get("FENHANG_OIDC_CLIENT_SECRET", "")
OIDC_SCOPES = os.environ.get("FENHANG_OIDC_SCOPES", "openid profile")
# The claim that names the log-in, and whether it may bind a subject that comes for the first time.
OIDC_CLAIM = os.environ.get("FENHANG_OIDC_CLAIM", "preferred_username")
OIDC_BIND = _flag("FENHANG_OIDC_BIND")
# Passwords are closed but for these log-ins, kept for the day on which the provider is away.
OIDC_ONLY = _flag("FENHANG_OIDC_ONLY")
OIDC_EXCEPT = [name for name in os.environ.get("FENHANG_OIDC_EXCEPT", "").split(",") if name]
# Values of the claims `amr` and `acr` by which the provider vouches for a second factor.
OIDC_AMR = [value for value in os.environ.get("FENHANG_OIDC_AMR", "").split(",") if value]
OIDC_ACR = [value for value in os.environ.get("FENHANG_OIDC_ACR", "").split(",") if value]

# --- cache: may shed load, never decides ----------------------------------------------------------------------

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
}
SESSION_ENGINE = "campaigns.access.middleware"
# Seconds without a click, and seconds in all, after which staff log in again; judged by the server's clock.
SESSION_IDLE = int(os.environ.get("FENHANG_SESSION_IDLE", str(15 * 60)))
SESSION_LONGEST = int(os.environ.get("FENHANG_SESSION_LONGEST", str(12 * 3600)))
SESSION_COOKIE_AGE = SESSION_LONGEST
SESSION_COOKIE_HTTPONLY = True

# --- security -------------------------------------------------------------------------------------------------

ALLOWED_HOSTS = [h for h in os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if o]
# Other headers, and the content security policy: config/headers.py. The previews alone may be framed, by us.
X_FRAME_OPTIONS = "DENY"
# The admin's forms carry the token in a field; no script reads it.
CSRF_COOKIE_HTTPONLY = True
# Lax and no stricter: a log-in at the bank's identity provider comes back from another site.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
IS_HTTPS = _flag("FENHANG_HTTPS")
if IS_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # Load balancers and `up` ask the process itself, without TLS.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    # A cookie of this name is taken from this very host alone, over TLS.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 31_536_000
    # Of this host alone: nothing else of the bank stands below it.
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
