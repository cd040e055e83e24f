"""Our hand-written tables against a catalogue of Slack's methods made from its documentation."""

import ast
from pathlib import Path
from typing import Any

import pytest

import chatops.sandbox.api
from chatops.sandbox.api.catalogue import METHODS
from chatops.sandbox.api.methods import ANSWERS
from tests.sandbox.shared_data import needs_shared_data, read

# https://docs.slack.dev/apis/web-api/#responses and the "common errors" of every method's page
COMMON_ERRORS = {
    "access_denied", "account_inactive", "deprecated_endpoint", "ekm_access_denied", "enterprise_is_restricted",
    "fatal_error", "internal_error", "invalid_arg_name", "invalid_arguments", "invalid_array_arg", "invalid_auth",
    "invalid_charset", "invalid_form_data", "invalid_json", "invalid_post_type", "json_not_object",
    "method_deprecated", "missing_post_type", "missing_scope", "no_permission", "not_allowed_token_type",
    "not_authed", "org_login_required", "ratelimited", "request_timeout", "service_unavailable", "team_added_to_org",
    "token_expired", "token_revoked", "two_factor_setup_required", "unknown_method",
}  # fmt: skip

# Newer than the catalogue: https://docs.slack.dev/reference/methods/conversations.history
NEWER_ARGUMENTS = {"metadata_keys_to_include"}


def documented(method: str) -> dict[str, Any]:
    found: dict[str, Any] = read(f"methods/{method}.json")
    return found


def errors_in(source: str) -> set[str]:
    """Every code given to ApiError, or named as `error=`, `too_long=` or `missing=`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            texts = [argument for argument in node.args if isinstance(argument, ast.Constant)]
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name == "ApiError":
                found |= {text.value for text in texts if isinstance(text.value, str)}
            named = [keyword.value for keyword in node.keywords if keyword.arg in ("error", "too_long", "missing")]
            found |= {
                value.value for value in named if isinstance(value, ast.Constant) and isinstance(value.value, str)
            }
    return found


def test_every_method_has_an_answer() -> None:
    assert set(METHODS) == set(ANSWERS)
    assert all(set(method.required) <= set(method.arguments) for method in METHODS.values())


@needs_shared_data
@pytest.mark.parametrize("method", sorted(METHODS))
def test_arguments_tiers_and_scopes(method: str) -> None:
    theirs, ours = documented(method), METHODS[method]
    arguments = theirs.get("args") or {}
    if method != "api.test":
        assert set(ours.arguments) - NEWER_ARGUMENTS == set(arguments)
    required = {name for name, argument in arguments.items() if argument.get("required")}
    assert required - {"channel_id"} <= set(ours.required)
    label = theirs["rate_limit"]["label"]
    assert label.startswith("Special" if ours.tier is None else f"Tier {ours.tier}:")
    scopes = {scope["name"] for scope in theirs["scopes"].get("bot", [])}
    assert set(ours.scopes) <= scopes


@needs_shared_data
def test_every_error_is_documented() -> None:
    folder = Path(chatops.sandbox.api.__file__).parent
    codes = set().union(*(errors_in(path.read_text("utf-8")) for path in folder.glob("*.py")))
    known = COMMON_ERRORS.union(*(documented(method).get("errors") or {} for method in METHODS))
    assert codes - known == set()


@needs_shared_data
@pytest.mark.parametrize("family", ["chat", "users", "views", "reactions", "files", "history", "conversations", "team"])
def test_errors_belong_to_the_family(family: str) -> None:
    """A file's codes are documented for one of the methods it answers."""
    folder = Path(chatops.sandbox.api.__file__).parent
    module = f"chatops.sandbox.api.{family}"
    methods = [name for name, answer in ANSWERS.items() if answer.__module__ == module]
    known = COMMON_ERRORS.union(*(documented(method).get("errors") or {} for method in methods))
    assert errors_in((folder / f"{family}.py").read_text("utf-8")) - known == set()
