"""One route behind Postern."""

import os
import socket

import uvicorn
from fastapi import FastAPI

from postern import User

app = FastAPI()


@app.get("/me")
async def me(user: User) -> dict:
    return {name: user.get(name) for name in ("sub", "username", "email", "roles")}


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "8080"))))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
