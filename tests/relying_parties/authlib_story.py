"""Authlib as an app of any kind, for each way of proving who it is: its integration for Starlette does discovery, login,
userinfo and logout, its session for requests does refresh, introspection, revocation, a device and a token for itself.

LEFT OUT, for Authlib's clients do not offer them: pushed requests, answers to introspection as a JWT, the request for a
device's codes (it is made by hand here).
LEFT OUT, for it needs of a provider what ours does not have: implicit and hybrid answers, the password grant, a proof by a
JWT under the secret, request objects, token exchange.
LEFT OUT, for Starlette reads no form without one package more: an answer that comes by a form.
"""

import json
import os
import secrets
import subprocess
import time

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc7662 import IntrospectionToken
from authlib.oidc.core import CodeIDToken
from authlib_app import App
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER = os.environ["POSTERN_URL"]
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
SCOPE = "openid profile email roles offline_access"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def postern(*words):
    """A command beside the server, and what it answers."""
    command = [os.environ["POSTERN"], *words, "--json"]
    said = subprocess.run(command, cwd=os.environ["FOLDER"], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)


def somebody():
    """An account with a confirmed address."""
    who = {"name": "Maren Olsen", "email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe(12)}
    answer = requests.post(f"{ISSUER}/api/auth/register", json={**who, "confirm_password": who["password"]})
    assert answer.status_code == 200, answer.text
    postern("user", "verify", who["email"])
    return who


def browse(browser, address, **more):
    """Opens an address in that browser; where it ends and what is shown there."""
    answer = requests.post(os.environ["HANDS"], json={"browser": browser, "address": address, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


class ShortLived(PrivateKeyJWT):
    """A proof by a key that lives a minute: left to itself Authlib makes it live an hour, longer than any server should."""

    def sign(self, auth, token_endpoint):
        self.claims = {"exp": int(time.time()) + 60}
        return super().sign(auth, token_endpoint)


def client(method, app):
    """A client that proves itself by `method`: its id, its secret or key, and what Authlib must be taught for it."""
    if method == "private_key_jwt":
        with open(f"{os.environ['FOLDER']}/app.key.pem") as key:
            return "keys-authlib", key.read(), [ShortLived(requests.get(DISCOVERY).json()["token_endpoint"])]
    kind = ["--public"] if method == "none" else ["--auth-method", method, "--introspect", "own", "--grant", "client_credentials"]
    ends = ["--redirect-uri", f"{app.url}/cb", "--post-logout-redirect-uri", f"{app.url}/bye"]
    made = postern("client", "add", f"authlib-{method}", "--for", "generic", "--trusted", "--grant", DEVICE, *ends, *kind)
    return f"authlib-{method}", made.get("client_secret"), []


def session_of(method, client_id, secret, taught):
    """The same client beside the web."""
    methods = {"token_endpoint_auth_method": method, "revocation_endpoint_auth_method": method}
    session = OAuth2Session(client_id, secret, scope=SCOPE, **methods)
    for way in taught:
        session.register_client_auth_method(way)
    return session


def claims_of(token, client_id, metadata):
    """The claims of an ID token, by the published keys and the library's own checks."""
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
    decoded = jwt.decode(token, keys, algorithms=metadata["id_token_signing_alg_values_supported"])
    expected = {"iss": {"value": ISSUER}, "aud": {"value": client_id}}
    claims = CodeIDToken(decoded.claims, decoded.header, expected, {})
    claims.validate()
    return claims


def is_over(session, metadata, token):
    """Holds that a refresh token opens nothing more."""
    try:
        session.refresh_token(metadata["token_endpoint"], refresh_token=token)
        raise AssertionError("a refresh token that is over opened something")
    except AuthlibBaseError as refusal:
        assert refusal.error == "invalid_grant", refusal


def sign_in(app, who):
    """Signs in at the app; the ID token and userinfo are of the same person."""
    ended = browse(who["email"], f"{app.url}/in", who=who, url=f"{app.url}/")
    info, claims = json.loads(ended["text"])["visitor"], app.tokens["userinfo"]
    assert (info["email"], info["name"]) == (who["email"], who["name"]), info
    assert (info["sub"], postern("user", "show", who["email"])["roles"]) == (claims["sub"], claims["roles"]), claims


def ask_and_revoke(session, metadata, tokens, can_ask):
    """Refresh, introspection where the client may ask, and revocation."""
    refreshed = session.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    claims = claims_of(refreshed["id_token"], session.client_id, metadata)
    ask = lambda token: session.introspect_token(metadata["introspection_endpoint"], token=token).json()
    for token in (tokens["access_token"], refreshed["access_token"]) if can_ask else ():
        told = IntrospectionToken(ask(token))
        assert told["active"] and told.sub == claims["sub"], told
    old = refreshed["refresh_token"]
    revoked = session.revoke_token(metadata["revocation_endpoint"], token=old, token_type_hint="refresh_token")
    assert revoked.status_code == 200, revoked.text
    for token in (old, refreshed["access_token"]) if can_ask else ():
        assert ask(token) == {"active": False}, token
    is_over(session, metadata, old)


def sign_out(app, session, metadata, who):
    """Signs out with a hint, and without one, where the person is asked."""
    for query, press in (("?id_token_hint", []), ("", ["Sign out"])):
        browse(who["email"], f"{app.url}/in", who=who, url=f"{app.url}/")
        kept = app.tokens["refresh_token"]
        ended = browse(who["email"], f"{app.url}/out{query}", press=press, url=f"{app.url}/")
        assert json.loads(ended["text"]) == {"visitor": None}, ended
        is_over(session, metadata, kept)


def let_in(session, metadata, method, who):
    """Lets a device in."""
    asked = {"withhold_token": True, "auth": session.client_auth(method), "data": {"scope": SCOPE}}
    codes = session.request("POST", metadata["device_authorization_endpoint"], **asked).json()
    press = ["Continue", "Yes, let this device in"]
    browse(who["email"], codes["verification_uri_complete"], who=who, press=press, heading="The device is let in")
    tokens = session.fetch_token(metadata["token_endpoint"], grant_type=DEVICE, device_code=codes["device_code"])
    assert session.get(metadata["userinfo_endpoint"]).json()["email"] == who["email"], tokens


def play(method):
    """The whole story, the client proving itself by `method`."""
    app, who = App(), somebody()
    client_id, secret, taught = client(method, app)
    more = {"scope": SCOPE, "code_challenge_method": "S256", "token_endpoint_auth_method": method}
    app.serve(DISCOVERY, client_id, secret, taught, **more)
    sign_in(app, who)
    metadata, session = app.provider.server_metadata, session_of(method, client_id, secret, taught)
    ask_and_revoke(session, metadata, app.tokens, can_ask=method != "none")
    if method != "private_key_jwt":
        sign_out(app, session, metadata, who)
        let_in(session, metadata, method, who)
    if method not in ("private_key_jwt", "none"):
        assert session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", scope="")["access_token"]
    print(f"Authlib, by {method}: done")


if __name__ == "__main__":
    for each in ("client_secret_basic", "client_secret_post", "private_key_jwt", "none"):
        play(each)
