"""An app on Starlette and Authlib: /in signs its one visitor in, /out signs them out, everything else shows who that is."""

import socket
import threading

import uvicorn
from authlib.integrations.starlette_client import OAuth
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route


class App:
    """The app, on a port of its own until the program ends."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.visit = {}
        self.tokens = {}

    def serve(self, discovery, client_id, client_secret, client_auth_methods, **client_kwargs):
        """Looks the provider up at `discovery` and serves."""
        self.provider = OAuth().register(
            "postern",
            client_id=client_id,
            client_secret=client_secret,
            client_auth_methods=client_auth_methods,
            server_metadata_url=discovery,
            client_kwargs=client_kwargs,
        )
        paths = {"/in": self.enter, "/cb": self.answered, "/out": self.leave, "/bye": self.left, "/": self.show}
        app = Starlette(routes=[Route(path, handler) for path, handler in paths.items()])
        server = uvicorn.Server(uvicorn.Config(self.with_visit(app), interface="asgi3", log_level="warning"))
        threading.Thread(target=server.run, kwargs={"sockets": [self.socket]}, daemon=True).start()

    def with_visit(self, app):
        """Puts the session of the one visitor where Authlib looks for it."""
        return lambda scope, receive, send: app({**scope, "session": self.visit}, receive, send)

    async def enter(self, request):
        return await self.provider.authorize_redirect(request, f"{self.url}/cb")

    async def answered(self, request):
        self.tokens = await self.provider.authorize_access_token(request)
        self.visit["info"] = await self.provider.userinfo(token=self.tokens)
        return RedirectResponse("/", 303)

    async def leave(self, request):
        hint = {key: self.tokens["id_token"] for key in request.query_params if key == "id_token_hint"}
        self.visit.pop("info")
        return await self.provider.logout_redirect(request, f"{self.url}/bye", client_id=self.provider.client_id, **hint)

    async def left(self, request):
        await self.provider.validate_logout_response(request)
        return RedirectResponse("/", 303)

    async def show(self, request):
        return JSONResponse({"visitor": self.visit.get("info")})
