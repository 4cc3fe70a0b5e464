"""Prints a session token of somebody new."""

import secrets
import sys

import httpx

person = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe(18)}
api = httpx.Client(base_url=f"{sys.argv[1]}/api/auth", timeout=30)
confirmed = {"name": "Ada Schema", "confirm_password": person["password"], **person}
api.post("/register", json=confirmed).raise_for_status()
print(api.post("/login", json=person).raise_for_status().json()["token"])
