"""Signs up, signs in and introspects through the client that openapi-python-client generates."""

import base64
import os
import secrets

from postern_client import Client
from postern_client.api.o_auth import introspect
from postern_client.api.session_api import login, register
from postern_client.models import Introspection, IntrospectionRequest, LoginRequest, RegisterRequest, SignedIn

url = os.environ["POSTERN_URL"]
email = f"{secrets.token_hex(6)}@example.com"
password = secrets.token_urlsafe(18)

nobody = Client(base_url=url)
body = RegisterRequest(name="Ada Python", email=email, password=password, confirm_password=password)
answer = register.sync_detailed(client=nobody, body=body)
assert answer.status_code == 200 and answer.parsed.message, answer.content

signed_in = login.sync(client=nobody, body=LoginRequest(email=email, password=password))
assert isinstance(signed_in, SignedIn), signed_in
assert signed_in.user.email == email

pair = f"{os.environ['INTROSPECT_CLIENT_ID']}:{os.environ['INTROSPECT_CLIENT_SECRET']}"
basic = base64.b64encode(pair.encode()).decode()
backend = Client(base_url=url, headers={"Authorization": f"Basic {basic}"})
live = introspect.sync(client=backend, body=IntrospectionRequest(token=signed_in.token))
assert isinstance(live, Introspection), live
assert live.active and live.email == email and live.sub == signed_in.user.id, live

dead = introspect.sync(client=backend, body=IntrospectionRequest(token="made-up"))
assert isinstance(dead, Introspection) and dead.to_dict() == {"active": False}, dead

refused = login.sync_detailed(client=nobody, body=LoginRequest(email=email, password="not this one"))
assert refused.status_code == 401 and refused.parsed.message, refused.content
print("the Python client signed up, signed in and introspected")
