"""Who is asking? One call to Postern for each request; connections are kept between calls."""

import logging
import os
from typing import Annotated

import httpx
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

postern = httpx.AsyncClient(
    base_url=os.environ.get("POSTERN_URL", "http://localhost:3081"),
    auth=(os.environ["INTROSPECT_CLIENT_ID"], os.environ["INTROSPECT_CLIENT_SECRET"]),
    timeout=2,
)


async def signed_in(bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]) -> dict:
    """The person who is asking, or 401. No answer from Postern is a 503, never a yes."""
    refusal = HTTPException(401, "Sign in to go on.", {"WWW-Authenticate": "Bearer"})
    if bearer is None:
        raise refusal
    try:
        answer = await postern.post("/oauth2/introspect", data={"token": bearer.credentials})
        user = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        logging.error("introspection failed: %s", error)
        raise HTTPException(503, "Signing in is not possible just now.", {"Retry-After": "1"}) from error
    if user.get("active") is not True:
        raise refusal
    return user


User = Annotated[dict, Depends(signed_in)]
