"""Sends generated requests to every operation that /openapi.json describes: none may be answered with a 5xx, with a
status that is not described, or with a body that is not what its schema says."""

import collections
import zlib

import schemathesis
from conftest import SERVER
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CASES = 20

answered = collections.defaultdict(set)
schema = schemathesis.openapi.from_url(f"{SERVER.url}/openapi.json")


def token(scheme, case):
    """A token that the scheme names. What ends a session gets one of its own."""
    ends = case.method == "DELETE" and case.path.rsplit("/", 1)[-1] in ("session", "delete")
    kind = "refresh_token" if scheme.endswith("refresh") else "access_token"
    if scheme.startswith("admin"):
        return (SERVER.log_in_as_admin() if ends else SERVER.admin)[kind]
    return (SERVER.log_in(SERVER.app) if ends else SERVER.user)[kind]


def existing(case):
    """Ids of what there is, for the parameters of the path."""
    if case.path.startswith("/api/client/"):
        return {"client_app_id": SERVER.app["client_app_id"], "key_id": SERVER.key(), "provider": "anon-user"}
    app = SERVER.peopled if "/users" in case.path else SERVER.administered
    known = {"app_id": app["_id"], "group_id": SERVER.group}
    if case.method == "DELETE" and case.path.endswith("/{app_id}"):
        known["app_id"] = SERVER.make_app()["_id"]
    filled = ""
    for segment in case.path.split("/")[1:]:
        name = segment.strip("{}")
        if segment.startswith("{") and name not in known:
            known[name] = SERVER.listed(filled)
        filled += f"/{known.get(name, segment)}"
    return known


@schema.parametrize()
@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_operation(case):
    parameters = case.path_parameters or {}
    # Most requests are about something that there is; what is generated comes through now and then.
    if zlib.crc32(f"{case.body}{case.query}{parameters}".encode(errors="replace")) % 5:
        parameters.update({name: value for name, value in existing(case).items() if name in parameters})
        case.path_parameters = parameters
    schemes = [name for one in case.operation.definition.raw["security"] for name in one]
    headers = {"Authorization": f"Bearer {token(schemes[0], case)}"} if schemes else {}
    response = case.call(headers=headers, base_url=SERVER.url, timeout=60)
    case.validate_response(response, checks=CHECKS)
    if case.method == case.operation.method.upper():
        answered[f"{case.method} {case.path}"].add(response.status_code)


def test_that_most_operations_succeed_now_and_then():
    # Nobody guesses passwords, mailed tokens and JWTs; all else is in reach of what is generated.
    refused = [name for name, statuses in answered.items() if all(status >= 400 for status in statuses)]
    assert len(refused) < len(answered) / 4, "always refused: " + ", ".join(refused)
