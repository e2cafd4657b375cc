"""Whether a request is signed as OAuth 1.0a asks, told by oauthlib's own provider."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from oauthlib.oauth1 import RequestValidator, ResourceEndpoint  # type: ignore[import-untyped]  # it has no types

KEY, SECRET = "apikey4711apikey4711apikey", "apisecret-0815-apisecret-0815-apisecret"
TOKEN, TOKEN_SECRET = "9000-accesstoken4711accesstoken4711", "accesssecret-0815-accesssecret-0815"


class Keys(RequestValidator):  # type: ignore[misc]  # the base has no types
    """Knows one app and one account, and takes a nonce once."""

    client_key_length = (10, 60)
    access_token_length = (10, 60)
    nonce_length = (10, 60)
    dummy_client = "nobody"
    dummy_access_token = "nobody"

    def __init__(self) -> None:
        super().__init__()
        self._nonces: set[str] = set()

    def check_access_token(self, request_token: str) -> bool:
        return request_token == TOKEN

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == KEY

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token == TOKEN

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, *args: Any, **kwargs: Any
    ) -> bool:
        fresh = nonce not in self._nonces
        self._nonces.add(nonce)
        return fresh

    def validate_realms(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return SECRET

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return TOKEN_SECRET


class Signatures:
    """Checks requests to the hosts of X."""

    def __init__(self) -> None:
        self._endpoint = ResourceEndpoint(Keys())

    def hold(self, request: web.Request) -> bool:
        """Whether the request is signed by the account."""
        url = f"https://{request.host}{request.raw_path}"
        headers = {"Authorization": request.headers.get("Authorization", "")}
        valid, _ = self._endpoint.validate_protected_resource_request(url, http_method=request.method, headers=headers)
        return bool(valid)
