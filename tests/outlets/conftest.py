"""What several outlets' tests need."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import which

import pytest

from chatops.outlets.http import Http


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "impatient: a server here never answers, and is not waited for as long as usual")


@pytest.fixture
async def http(request: pytest.FixtureRequest) -> AsyncIterator[Http]:
    """As patient as the product, since a busy machine is slow; only where a server never answers, less."""
    is_impatient = request.node.get_closest_marker("impatient") is not None
    async with Http(total_seconds=0.6) if is_impatient else Http() as opened:
        yield opened


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Of a server that nobody vouches for."""
    openssl = which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate")
    folder: Path = tmp_path_factory.mktemp("certificate")
    made = ["-keyout", str(folder / "key"), "-out", str(folder / "cert"), "-subj", "/CN=localhost"]
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    return context
