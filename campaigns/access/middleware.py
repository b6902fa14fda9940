"""Sessions of staff: Django's session store on our own table, and the middleware that knows the browser.

`settings.SESSION_ENGINE` names this module. A session ends by the server's clock, whatever the cookie says:
`settings.SESSION_IDLE` seconds after it was last seen, `settings.SESSION_LONGEST` after it began.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import IntegrityError, transaction
from django.utils.cache import patch_vary_headers

from campaigns.access.models import Session
from campaigns.access.rules import SEEN_EVERY, browser_words, key_hash, over_at, why_over
from campaigns.access.services.sessions import sweep_sessions
from campaigns.lib.clock import now
from campaigns.lib.http.limits import address_of
from campaigns.tenants.doors import ASSIGNMENT_KEY, STAND_AT_KEY


def background(view: Any) -> Any:
    """Mark a view that pages ask by themselves, without anybody clicking: it keeps no session alive."""
    view.is_background = True
    return view


def _lengths() -> dict[str, timedelta]:
    return {
        "idle": timedelta(seconds=settings.SESSION_IDLE),
        "longest": timedelta(seconds=settings.SESSION_LONGEST),
    }


class SessionStore(SessionBase):
    """What Django asks of a session engine. The key in the cookie is in no row, only its hash."""

    if TYPE_CHECKING:
        _session: dict[str, Any]

        def _get_session(self, no_load: bool = False) -> dict[str, Any]: ...
        def _get_new_session_key(self) -> str: ...

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.row: Session | None = None
        # Why the session that the cookie names is over (Session.Why), for the log-in page; "" if it never was.
        self.over_why = ""
        self.address: str | None = None
        self.browser = ""
        self.is_background = False
        self.was_flushed = False

    # --- reading ---

    def load(self) -> dict[str, Any]:
        """The content, by one query; nothing when the session is over, and then `over_why` says why."""
        row = Session.objects.filter(key_hash=key_hash(str(self.session_key))).first()
        if row is not None:
            over = row.ended_why or why_over(
                begun_at=row.begun_at, seen_at=row.seen_at, at=now(), **_lengths()
            )
            if over:
                self.over_why = over if row.login_id else ""
                row = None
        if row is None:
            self._session_key = None
            return {}
        self.row = row
        return self.decode(row.payload)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(key_hash=key_hash(session_key)).exists()

    @property
    def ended_why(self) -> str:
        """`over_why`, having looked."""
        self.get(SESSION_KEY)
        return self.over_why

    @property
    def row_id(self) -> UUID | None:
        """The id under which one's own list shows this session."""
        self.get(SESSION_KEY)
        return self.row.pk if self.row else None

    def seconds_left(self, at: datetime) -> int:
        """Seconds until it is over unless somebody clicks; 0 for none."""
        self.get(SESSION_KEY)
        if self.row is None:
            return 0
        over = over_at(begun_at=self.row.begun_at, seen_at=self.row.seen_at, **_lengths())
        return max(0, int((over - at).total_seconds()))

    @property
    def left_now(self) -> int:
        """`seconds_left` at this moment, for templates."""
        return self.seconds_left(now())

    # --- writing ---

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Write the content; raises UpdateError when the session has ended meanwhile."""
        if self.session_key is None:
            self.create()
            return
        content = self._get_session(no_load=must_create)
        at = now()
        login_id = int(content[SESSION_KEY]) if SESSION_KEY in content else None
        values = {"payload": self.encode(content), "login_id": login_id, **self._place(content)}
        if must_create:
            self.row = self._insert(values, at)
            return
        assert self.row is not None
        # A refused request may have rolled back a change of the key.
        values["key_hash"] = key_hash(str(self.session_key))
        # Coming in begins the session anew; what was before was nobody's.
        if login_id != self.row.login_id:
            values |= {"begun_at": at, "seen_at": at}
        elif not self.is_background:
            values["seen_at"] = max(at, self.row.seen_at)
        self._update(values)

    def _insert(self, values: dict[str, Any], at: datetime) -> Session:
        try:
            with transaction.atomic():
                return Session.objects.create(
                    key_hash=key_hash(str(self.session_key)),
                    begun_at=at,
                    seen_at=at,
                    address=self.address,
                    browser=self.browser,
                    **values,
                )
        except IntegrityError as error:
            raise CreateError from error

    def _update(self, values: dict[str, Any]) -> None:
        assert self.row is not None
        if "seen_at" in values:
            values |= {"address": self.address, "browser": self.browser}
        if not Session.objects.filter(pk=self.row.pk, ended_at=None).update(**values):
            raise UpdateError
        for name, value in values.items():
            setattr(self.row, name, value)

    def _place(self, content: dict[str, Any]) -> dict[str, Any]:
        return {"assignment": content.get(ASSIGNMENT_KEY), "stand_at": content.get(STAND_AT_KEY)}

    def note_seen(self) -> None:
        """Note that somebody was here: at most one write a minute, none for what a page asks by itself."""
        if self.row is None or self.row.login_id is None or self.is_background or self.was_flushed:
            return
        at = now()
        if at - self.row.seen_at < SEEN_EVERY:
            return
        Session.objects.filter(pk=self.row.pk, ended_at=None, seen_at__lt=at).update(
            seen_at=at, address=self.address, browser=self.browser, **self._place(self._session)
        )
        self.row.seen_at = at

    def cycle_key(self) -> None:
        """Another key for the same session: the one before opens nothing from now on."""
        content = self._session
        key = self._get_new_session_key()
        if self.row is None:
            self.create()
            self._session_cache = content
            return
        self._update({"key_hash": key_hash(key)})
        self._session_key = key
        self.modified = True

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is None:
            return
        rows = Session.objects.filter(key_hash=key_hash(key), ended_at=None)
        rows.filter(login=None).delete()
        rows.update(ended_at=now(), ended_why=Session.Why.LOGGED_OUT, payload="")

    def flush(self) -> None:
        super().flush()
        self.row = None
        self.was_flushed = True

    @classmethod
    def clear_expired(cls) -> None:
        sweep_sessions(at=now())


class StaffSessions(SessionMiddleware):
    """Tells the session who asks; keeps the cookie of a session that is over, so that the log-in page can say why."""

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        address = address_of(request)
        request.session.address = None if address == "unknown" else address
        request.session.browser = browser_words(request.headers.get("User-Agent", ""))

    def process_view(
        self, request: Any, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        request.session.is_background = getattr(view, "is_background", False)

    def process_response(self, request: Any, response: Any) -> Any:
        session = request.session
        if session.accessed and session.is_empty() and not session.was_flushed:
            # Nor may an answer that comes late, to a question with the key of before, take the new cookie away.
            patch_vary_headers(response, ("Cookie",))
            return response
        response = super().process_response(request, response)
        session.note_seen()
        return response
