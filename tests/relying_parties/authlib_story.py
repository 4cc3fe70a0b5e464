"""Authlib signs somebody in as an app of any kind: discovery, login, userinfo, refresh, introspection, revocation."""

import json
import os
import re
import secrets
import subprocess
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7662 import IntrospectionToken
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER = os.environ["POSTERN_URL"]
CALLBACK = "http://127.0.0.1:9/cb"
SCOPE = "openid profile email roles offline_access"


def postern(*words):
    """A command beside the server, and what it answers."""
    command = [os.environ["POSTERN"], *words, "--json"]
    said = subprocess.run(command, cwd=os.environ["FOLDER"], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)


def somebody(browser):
    """An account with a confirmed address."""
    who = {"name": "Maren Olsen", "email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe(12)}
    answer = browser.post(f"{ISSUER}/api/auth/register", json={**who, "confirm_password": who["password"]})
    assert answer.status_code == 200, answer.text
    postern("user", "verify", who["email"])
    return who


def fields(page):
    """The hidden fields of a page's form."""
    inputs = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", page)]
    return {it["name"]: unescape(it["value"]) for it in inputs if "name" in it and "value" in it}


def follow(browser, answer):
    """Follows redirects until a page, or an answer to the app."""
    while answer.is_redirect:
        to = urljoin(answer.url, answer.headers["location"])
        if to.startswith(CALLBACK):
            return to
        answer = browser.get(to, allow_redirects=False)
    return answer


def sign_in(browser, address, who):
    """Signs in at `address`; the address that the app is answered at."""
    page = follow(browser, browser.get(address, allow_redirects=False))
    assert urlsplit(page.url).path.endswith("/login"), page.url
    form = {**fields(page.text), "email": who["email"], "password": who["password"]}
    headers = {"origin": origin(ISSUER)}
    return follow(browser, browser.post(f"{ISSUER}/login", data=form, headers=headers, allow_redirects=False))


def origin(address):
    """Scheme and host."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def claims_of(token, client_id, nonce, metadata, http):
    """The claims of an ID token, by the published keys and the library's own checks."""
    keys = KeySet.import_key_set(http.get(metadata["jwks_uri"]).json())
    decoded = jwt.decode(token, keys, algorithms=metadata["id_token_signing_alg_values_supported"])
    expected = {"iss": {"value": ISSUER}, "aud": {"value": client_id}}
    claims = CodeIDToken(decoded.claims, decoded.header, expected, {"nonce": nonce})
    claims.validate()
    return claims


def play(method):
    """The whole story, the client proving itself by `method`."""
    client_id = f"authlib-{method}"
    options = ["--redirect-uri", CALLBACK, "--trusted", "--introspect", "own", "--auth-method", method]
    made = postern("client", "add", client_id, "--for", "generic", *options)
    browser = requests.Session()
    who = somebody(browser)
    metadata = browser.get(made["settings"]["discovery"]).json()
    assert metadata["issuer"] == ISSUER

    app = OAuth2Session(
        client_id,
        made["client_secret"],
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    )
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    address, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    answer = sign_in(browser, address, who)
    assert parse_qs(urlsplit(answer).query)["iss"] == [ISSUER]
    tokens = app.fetch_token(metadata["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier)
    claims = claims_of(tokens["id_token"], client_id, nonce, metadata, browser)
    assert claims["roles"] == postern("user", "show", who["email"])["roles"], claims

    info = app.get(metadata["userinfo_endpoint"]).json()
    assert (info["sub"], info["email"], info["name"]) == (claims["sub"], who["email"], who["name"]), info

    refreshed = app.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert claims_of(refreshed["id_token"], client_id, None, metadata, browser)["sub"] == claims["sub"]
    for token in (tokens["access_token"], refreshed["access_token"]):
        told = IntrospectionToken(app.introspect_token(metadata["introspection_endpoint"], token=token).json())
        assert told["active"] and told.sub == claims["sub"], told

    revoked = app.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"], token_type_hint="refresh_token")
    assert revoked.status_code == 200, revoked.text
    told = app.introspect_token(metadata["introspection_endpoint"], token=refreshed["refresh_token"]).json()
    assert told == {"active": False}, told
    try:
        app.refresh_token(metadata["token_endpoint"], refresh_token=refreshed["refresh_token"])
        raise AssertionError("a revoked refresh token opened something")
    except AuthlibBaseError as refusal:
        assert refusal.error == "invalid_grant", refusal
    print(f"Authlib, by {method}: done")


if __name__ == "__main__":
    for each in ("client_secret_basic", "client_secret_post"):
        play(each)
