"""A Keystead of its own, with an application, a user and the tokens of everybody, for test_description.py."""

import json
import os
import pathlib
import subprocess
import tempfile

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("KEYSTEAD_BINARY", ROOT / "target/debug/keystead")
ADMIN = {"username": "admin@example.com", "password": "password of an administrator"}


class Server:
    """Started on an empty data folder; stopped by stop()."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="keystead-openapi-")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KEYSTEAD_")}
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0", "--data-dir", f"{self.folder.name}/data"]
            + ["--login-throttle", "off", "--admin-email", ADMIN["username"]],
            env={**clean, "KEYSTEAD_ADMIN_PASSWORD": ADMIN["password"]},
            stdout=subprocess.DEVNULL,
            stderr=open(f"{self.folder.name}/log", "wb"),
            cwd=self.folder.name,
        )
        self.url = self._serving()
        self.admin = self.log_in_as_admin()
        self.group = self.get("/auth/profile")["roles"][0]["group_id"]
        self.apps = f"/groups/{self.group}/apps"
        # What administrators do to one application, and to the users of another, is not to get into the way of clients.
        self.administered, self.peopled, self.app = self.make_app(), self.make_app(), self.make_app()
        self.user = self.log_in(self.app)

    def _serving(self):
        # The log names the port; it is a pipe to a file, so it is read again until it does.
        while self.process.poll() is None:
            for line in pathlib.Path(f"{self.folder.name}/log").read_text().splitlines():
                if '"serving"' in line and line.endswith("}"):
                    return json.loads(line)["public_url"].rstrip("/")
        raise RuntimeError(pathlib.Path(f"{self.folder.name}/log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def admin_request(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.admin['access_token']}"}
        url = self.url + (path if path.startswith("/api/") else f"/api/admin/v3.0{path}")
        answer = requests.request(method, url, json=body, headers=headers, timeout=60)
        assert answer.ok, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path):
        return self.admin_request("GET", path)

    def listed(self, path):
        """The id of something that this path lists; it is made if there is nothing."""
        path = path.removeprefix("/api/admin/v3.0")
        if path.endswith("/by_email"):
            return "nobody@example.com"
        if path.startswith("/api/keystead/v1/apps/") and path.endswith("/users"):
            path = path.replace("/api/keystead/v1/apps", self.apps)
        items = [] if path.endswith("/secrets") else self.get(path)
        if items:
            return items[-1]["_id"]
        app = path.removeprefix(f"{self.apps}/").split("/")[0]
        if path.endswith("/users"):
            return self.log_in(self.peopled)["user_id"]
        if path.endswith("/deployments"):
            draft = self.listed(f"{self.apps}/{app}/drafts")
            return self.admin_request("POST", f"{self.apps}/{app}/drafts/{draft}/deployment")["_id"]
        # It suits everything that can be made.
        body = {"name": f"n{os.urandom(4).hex()}", "source": "exports = () => 1;", "value": "v", "values": {}}
        kind = "custom-function" if path.endswith("/auth_providers") else "http"
        more = {"type": kind, "address": "0.0.0.0/0", "config": {"authFunctionName": "answer"}}
        return self.admin_request("POST", path, body | more)["_id"]

    def key(self):
        """The id of a key of the user."""
        url = f"{self.url}/api/client/v2.0/auth/api_keys"
        headers = {"Authorization": f"Bearer {self.user['refresh_token']}"}
        keys = requests.get(url, headers=headers, timeout=60).json()
        if keys:
            return keys[-1]["_id"]
        return requests.post(url, json={"name": "key"}, headers=headers, timeout=60).json()["_id"]

    def make_app(self):
        """An application of the API, where anonymous users can log in and have keys."""
        app = self.admin_request("POST", self.apps, {"name": f"app{os.urandom(4).hex()}"})
        path = f"{self.apps}/{app['_id']}"
        api_key = self.get(f"{path}/auth_providers")[0]["_id"]
        self.admin_request("PUT", f"{path}/auth_providers/{api_key}/enable")
        self.admin_request("POST", f"{path}/auth_providers", {"type": "anon-user"})
        local = {"autoConfirm": True, "resetPasswordUrl": "https://example.com/reset"}
        self.admin_request("POST", f"{path}/auth_providers", {"type": "local-userpass", "config": local})
        self.admin_request("POST", f"{path}/functions", {"name": "answer", "source": "exports = () => 42;"})
        return app

    def log_in(self, app):
        """A session of a new user."""
        providers = f"{self.url}/api/client/v2.0/app/{app['client_app_id']}/auth/providers/local-userpass"
        account = {"email": f"{os.urandom(4).hex()}@example.com", "password": "password"}
        assert requests.post(f"{providers}/register", json=account, timeout=60).ok
        account["username"] = account["email"]
        return requests.post(f"{providers}/login", json=account, timeout=60).json()

    def log_in_as_admin(self):
        path = "/api/admin/v3.0/auth/providers/local-userpass/login"
        return requests.post(self.url + path, json=ADMIN, timeout=60).json()


SERVER = Server()


def pytest_unconfigure():
    SERVER.stop()
