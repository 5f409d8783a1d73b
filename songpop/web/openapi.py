"""The OpenAPI 3.1 description of the API, written from its operations."""

from typing import Any

from songpop import __version__
from songpop.web.api import OPERATIONS, ROOT, Operation
from songpop.web.schemas import SCHEMAS, ref

_PROBLEM = {"application/problem+json": {"schema": ref("Problem")}}
_PROBLEMS = {
    "400": "The request is not of its form",
    "404": "There is no such thing",
    "413": "The body is larger than 1 MB",
    "415": "The body is of another kind",
    "422": "A value or a list can't be used",
    "503": "There is no published file or no champion yet",
}


def describe_api() -> dict[str, Any]:
    """Describe every operation, with its arguments, what it takes and what it gives."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "songpop",
            "version": __version__,
            "description": "Popularity scores (0-100) of new releases. Scores are associations, not causes. Nothing "
            "that is sent is stored.",
        },
        "servers": [{"url": ROOT}],
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


def _described(operation: Operation) -> dict[str, Any]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": schema} for name, schema in operation.parts.items()
    ]
    in_query = [
        {"name": name, "in": "query", "required": name == "q" and operation.path in ("/tracks", "/albums", "/artists"),
         "schema": schema, "description": description}
        for name, schema, description in operation.query
    ]  # fmt: skip
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*in_path, *in_query],
        "responses": {
            "200": {"description": "As asked", "content": _content(operation)},
            **{status: {"description": text, "content": _PROBLEM} for status, text in _PROBLEMS.items()},
        },
    }
    if operation.body:
        content = {kind: {"schema": schema} for kind, schema in operation.body.items()}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _content(operation: Operation) -> dict[str, Any]:
    if isinstance(operation.response, str):
        return {"application/json": {"schema": ref(operation.response)}}
    return {kind: {} for kind in operation.response}
