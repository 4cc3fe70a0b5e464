"""What a chat backend sees of a person: from sign-up to ban, through each of the samples of deploy/chat-backends."""

import os
import secrets
import signal
import subprocess
import time
import unittest

import httpx

BACKENDS = {"express": os.environ["EXPRESS"], "fastapi": os.environ["FASTAPI"]}


class Person:
    """Somebody with an account, and the browser's cookies."""

    def __init__(self) -> None:
        self.email = f"{secrets.token_hex(6)}@example.com"
        self.password = secrets.token_urlsafe(18)
        self.cookies = httpx.Cookies()
        self.token = ""

    def post(self, path: str, **body: str) -> httpx.Response:
        with httpx.Client(base_url=os.environ["POSTERN_URL"], timeout=30, cookies=self.cookies) as http:
            answer = http.post(f"/api/auth/{path}", json=body)
            self.cookies = http.cookies
        return answer

    def sign_up(self) -> "Person":
        answer = self.post(
            "register", name="Ada Sample", email=self.email, password=self.password, confirm_password=self.password
        )
        assert answer.status_code == 200 and answer.json()["message"], answer.text
        return self

    def sign_in(self) -> "Person":
        answer = self.post("login", email=self.email, password=self.password)
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"]["email"] == self.email
        self.token = answer.json()["token"]
        return self


def me(backend: str, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{BACKENDS[backend]}/me", headers=headers, timeout=10)


def postern(*arguments: str) -> None:
    """A command beside the running server."""
    command = [os.environ["POSTERN"], *arguments]
    done = subprocess.run(command, cwd=os.environ["FOLDER"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def within(seconds: float, holds) -> bool:
    """Asks again and again until it holds; no longer than the time allowed."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class ChatBackend(unittest.TestCase):
    def for_each(self, test) -> None:
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                test(backend)

    def assert_signed_out(self, backend: str, token: str | None) -> None:
        answer = me(backend, token)
        self.assertEqual(answer.status_code, 401, answer.text)
        self.assertEqual(answer.headers["www-authenticate"], "Bearer")

    def test_1_a_signed_in_person_is_known(self) -> None:
        def known(backend: str) -> None:
            person = Person().sign_up().sign_in()
            answer = me(backend, person.token)
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertEqual(answer.json()["email"], person.email)
            self.assertRegex(answer.json()["sub"], "^[0-9a-f]{24}$")
            self.assertTrue(answer.json()["roles"])

        self.for_each(known)

    def test_2_nobody_else_is(self) -> None:
        def refused(backend: str) -> None:
            person = Person().sign_up().sign_in()
            head, body, mac = person.token.split(".")
            forged = ".".join([head, body, mac[::-1]])
            for token in [None, "made-up", forged, f"{head}.{body}."]:
                self.assert_signed_out(backend, token)

        self.for_each(refused)

    def test_3_a_token_expires_and_a_refresh_brings_the_next(self) -> None:
        def expires(backend: str) -> None:
            person = Person().sign_up().sign_in()
            first = person.token
            self.assertTrue(within(6, lambda: me(backend, first).status_code == 401), "it never expired")
            answer = person.post("refresh")
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertEqual(me(backend, answer.json()["token"]).status_code, 200)
            self.assert_signed_out(backend, first)

        self.for_each(expires)

    def test_4_logout_is_felt_by_the_next_call(self) -> None:
        def ends(backend: str) -> None:
            person = Person().sign_up().sign_in()
            self.assertEqual(me(backend, person.token).status_code, 200)
            self.assertEqual(person.post("logout").status_code, 200)
            self.assert_signed_out(backend, person.token)
            self.assertEqual(person.post("refresh").status_code, 401)

        self.for_each(ends)

    def test_5_a_ban_from_the_command_line_is_felt_within_a_second(self) -> None:
        def banned(backend: str) -> None:
            person = Person().sign_up().sign_in()
            self.assertEqual(me(backend, person.token).status_code, 200)
            postern("user", "ban", person.email, "--for", "2h", "--reason", "A test")
            # A second is the promise; a token of this suite lives for three.
            self.assertTrue(within(1, lambda: me(backend, person.token).status_code == 401), "it was not felt")
            self.assertEqual(person.post("login", email=person.email, password=person.password).status_code, 403)
            self.assertEqual(person.post("login", email=person.email, password="wrong").status_code, 401)
            self.assertEqual(person.post("refresh").status_code, 401)
            postern("user", "unban", person.email)
            self.assertTrue(
                within(1, lambda: person.post("login", email=person.email, password=person.password).status_code == 200)
            )
            self.assertEqual(me(backend, person.sign_in().token).status_code, 200)

        self.for_each(banned)

    def test_6_without_postern_nobody_passes(self) -> None:
        person = Person().sign_up().sign_in()
        os.kill(int(os.environ["SERVER_PID"]), signal.SIGTERM)
        self.assertTrue(within(10, lambda: not reachable()), "the server did not stop")

        def refused(backend: str) -> None:
            answer = me(backend, person.token)
            self.assertEqual(answer.status_code, 503, answer.text)
            self.assertEqual(answer.headers["retry-after"], "1")

        self.for_each(refused)


def reachable() -> bool:
    try:
        httpx.get(f"{os.environ['POSTERN_URL']}/healthz", timeout=5)
    except httpx.TransportError:
        return False
    return True


if __name__ == "__main__":
    unittest.main()
