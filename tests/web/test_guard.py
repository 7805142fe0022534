"""Headers on every response, and who may ask."""

import pytest
from starlette.testclient import TestClient

from faceparse.web.guard import HEADERS
from faceparse.web.rates import RateLimiter, client_name


@pytest.mark.parametrize("address", ["/", "/api/about", "/nothing", "/api/parse"])
def test_every_response_has_the_headers(client: TestClient, address: str):
    headers = client.get(address).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:8000", "[::1]:8000"])
def test_its_own_names_are_answered(client: TestClient, host: str):
    assert client.get("/api/about", headers={"host": host}).status_code == 200


def test_another_name_for_this_machine_is_refused(client: TestClient):
    answer = client.get("/api/about", headers={"host": "evil.example:8000"})
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("asked for as 'evil.example:8000', where this server answers to 127.0.0.1")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ],
)
def test_another_sites_page_is_refused(client: TestClient, photo: bytes, headers: dict[str, str]):
    answer = client.post("/api/parse", content=photo, headers=headers)
    assert (answer.status_code, "another site" in answer.json()["error"]) == (403, True)


def test_its_own_page_may_ask_and_links_from_elsewhere_lead_to_it(client: TestClient, photo: bytes):
    own = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client.post("/api/parse", content=photo, headers=own).status_code == 200
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200


def test_tokens_come_back_with_time():
    now = [0.0]
    rates = RateLimiter(per_minute=60.0, burst=2, clock=lambda: now[0])
    assert [rates.seconds_to_wait("a") for _ in range(3)] == [0, 0, 1]
    assert rates.seconds_to_wait("b") == 0
    now[0] = 1.0
    assert [rates.seconds_to_wait("a") for _ in range(2)] == [0, 1]
    assert RateLimiter(per_minute=0.0, burst=0).seconds_to_wait("a") == 0


def test_an_ipv6_household_is_one_client():
    assert client_name("2001:db8::1") == client_name("2001:db8::ffff:2") == "2001:db8::/64"
    assert client_name("192.0.2.7") == "192.0.2.7"
    assert client_name(None) == "unknown"
