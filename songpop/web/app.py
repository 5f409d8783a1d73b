"""The Flask application: routes, security headers, errors; the only module that knows Flask."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from songpop.clock import utc_now
from songpop.errors import ModelError, SongpopError, WarehouseError
from songpop.last_run import Trouble, judge
from songpop.published.left_out import LEAST_EVIDENCE
from songpop.settings import Settings
from songpop.synthetic import BANNER
from songpop.web import api, formatting, openapi, pages
from songpop.web.published_reader import OTHER_VERSION, PublishedReader
from songpop.web.responses import BadRequest, Data, Page, Redirect, Request, Response

if TYPE_CHECKING:
    import flask

MAX_BYTES = 1_000_000
# of a reason in the banner; the page of findings has all of it
_LONGEST = 180
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Data Docs carry a style sheet of their own, and no script
_DOCS_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(
    settings: Settings, *, hosts: Sequence[str] | None = LOOPBACK, evidence: str = LEAST_EVIDENCE
) -> "flask.Flask":
    """Make the web application of one published file.

    Args:
        settings: say where the published file, the models and the reports are.
        hosts: names that requests may be addressed to; None takes any, for a server that others can reach.
        evidence: the least that lists have where an address does not say.
    """
    from flask import Flask

    app = Flask("songpop.web", root_path=str(_HERE))
    app.config |= {
        "MAX_CONTENT_LENGTH": MAX_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_BYTES,
        "TRUSTED_HOSTS": list(hosts) if hosts is not None else None,
    }
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= formatting.FILTERS
    # Flask would lead elsewhere by an absolute address, made from the host that the request names
    app.url_map.merge_slashes = False
    reader = PublishedReader(settings, evidence)
    stamp = _stamp(_HERE / "static")
    app.context_processor(lambda: _of_every_page(reader, stamp))
    for path, method, handler in pages.ROUTES:
        _route(app, reader, path, method, handler)
    for operation in api.OPERATIONS:
        path = api.ROOT + re.sub(r"\{(\w+)\}", r"<\1>", operation.path)
        _route(app, reader, path, operation.method, operation.handler)
    described = openapi.describe_api()
    _route(app, reader, f"{api.ROOT}/openapi.json", "GET", lambda reader, request: Data(described))
    app.after_request(_secured)
    app.register_error_handler(Exception, _respond_to_error)
    return app


def warm(app: "flask.Flask") -> None:
    """Answer the first pages once, so that nobody waits for imports, templates and the model."""
    client = app.test_client()
    for path in ("/", "/score", "/lists/releases", "/quality"):
        client.get(path)


def _route(
    app: "flask.Flask", reader: PublishedReader, path: str, method: str, handler: Callable[..., Response]
) -> None:
    def view(**parts: str) -> "flask.Response":
        return _to_flask(handler(reader, _read_request(), **parts))

    app.add_url_rule(path, endpoint=f"{method} {path}", view_func=view, methods=[method])


def _read_request() -> Request:
    from flask import request

    file = request.files.get("file")
    is_form = request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded")
    return Request(
        request.args.to_dict(),
        request.form.to_dict(),
        file.read() if file else None,
        b"" if is_form else request.get_data(),
        request.mimetype,
    )


def _to_flask(response: Response) -> "flask.Response":
    from flask import current_app, make_response, redirect, render_template, request

    if isinstance(response, Page):
        page = make_response(render_template(response.template, **response.values), response.status)
        page.headers["Cache-Control"] = "no-cache"
        return page
    if isinstance(response, Redirect):
        return make_response(redirect(request.script_root + response.path, 303))
    if isinstance(response, Data):
        return current_app.response_class(_json(response.content), mimetype="application/json")
    file = current_app.response_class(response.content, content_type=response.kind)
    if response.name:
        file.headers["Content-Disposition"] = f'attachment; filename="{response.name}"'
    return file


def _json(content: Any) -> str:
    return json.dumps(_finite(content), default=_plain, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """Put null for numbers that JSON has not."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        # moments of the marts are in UTC
        return f"{value.isoformat()}Z"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else str(value)


def _of_every_page(reader: PublishedReader, stamp: str) -> dict[str, Any]:
    from flask import request

    try:
        edition, trouble = reader.edition(), _trouble(reader)
    except SongpopError:
        edition, trouble = None, None
    shared = {"root": request.script_root, "stamp": stamp, "path": request.path, "synthetic_banner": BANNER}
    return {"edition": edition, "trouble": trouble, **shared}


def _trouble(reader: PublishedReader) -> Trouble | None:
    """Return what is wrong with the nights; who looks at a page need not know where files lie."""
    trouble = judge(reader.last_run(), utc_now())
    if trouble is None:
        return None
    reason = trouble.reason.replace(f"{reader.settings.home}/", "")
    return replace(trouble, reason=reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST - 1]}…")


def _secured(response: "flask.Response") -> "flask.Response":
    from flask import request

    is_docs = request.path.startswith("/data-docs/")
    response.headers["Content-Security-Policy"] = _DOCS_POLICY if is_docs else _POLICY
    response.headers.update(_HEADERS)
    if request.path.startswith("/static/"):
        # addressed with a digest of the files, so a new version has another address
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _respond_to_error(error: Exception) -> "flask.Response":
    """Say what was wrong and what to do: on a page, or as problem JSON to a caller of the API."""
    from flask import current_app, make_response, render_template, request
    from werkzeug.exceptions import HTTPException

    status, message = _status_and_message(error)
    if status == 500:
        current_app.logger.exception("A request failed: %s %s", request.method, request.path)
    title = formatting.STATUS_TITLES.get(status, "That did not work")
    if not request.path.startswith(f"{api.ROOT}/"):
        response = make_response(render_template("error.html", title=title, message=message, status=status), status)
    else:
        problem = {"type": "about:blank", "title": title, "status": status, "detail": message}
        problem["errors"] = getattr(error, "faults", {})
        response = make_response(_json(problem), status)
        response.mimetype = "application/problem+json"
    if isinstance(error, HTTPException) and (allowed := getattr(error, "valid_methods", None)):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    response.headers["Cache-Control"] = "no-store"
    return response


def _status_and_message(error: Exception) -> tuple[int, str]:
    from werkzeug.exceptions import HTTPException

    if isinstance(error, BadRequest):
        return error.status, str(error)
    if isinstance(error, ModelError | WarehouseError):
        return 503, str(error)
    if isinstance(error, SongpopError):
        return 422, str(error)
    if type(error).__name__ in ("CatalogException", "BinderException"):
        return 503, OTHER_VERSION
    if isinstance(error, HTTPException):
        status = error.code or 500
        return status, formatting.STATUS_MESSAGES.get(status, error.description or "")
    return 500, formatting.STATUS_MESSAGES[500]


def _stamp(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
