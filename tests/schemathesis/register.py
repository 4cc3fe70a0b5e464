"""Prints the token by which a client that has registered itself looks after that."""

import sys

import httpx

answer = httpx.post(
    f"{sys.argv[1]}/oauth2/register",
    json={"redirect_uris": ["https://app.example/cb"]},
    headers={"authorization": f"Bearer {sys.argv[2]}"},
    timeout=30,
)
print(answer.raise_for_status().json()["registration_access_token"])
