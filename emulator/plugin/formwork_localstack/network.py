"""What the server takes of its machine: sockets on loopback only, with connections that can be cut, and one folder."""

import functools
import os
import tempfile
from io import BytesIO
from typing import Any

import rolo.serving.twisted as serving
from localstack.aws.api import RequestContext
from localstack.services.s3 import provider
from twisted.internet import endpoints, reactor
from twisted.web.server import Request

CONNECTION = "formwork.connection"


def install() -> None:
    """Must run before the gateway's server is set up, which LocalStack does after its start hooks."""
    _bind_to_loopback()
    _remember_connections()
    _keep_bodies_apart()


def _bind_to_loopback() -> None:
    """LocalStack passes the port on to Twisted but not the address, so an IPv4 server listens on every interface,
    whatever GATEWAY_LISTEN says. An emulator that accepts any credentials has no business on a café's network."""
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")


def _remember_connections() -> None:
    """Keeps the server's request in the WSGI environment: the only way from a handler to the socket.

    And its body, which has arrived in full by now: Twisted closes it when the sender goes away, and then a request that AWS
    would execute all the same breaks while it is parsed or handed on."""
    update = serving.update_wsgi_environment

    def update_and_remember(environ: dict[str, Any], request: Request) -> None:
        update(environ, request)
        environ[CONNECTION] = request
        environ["wsgi.input"] = BytesIO(request.content.read())

    serving.update_wsgi_environment = update_and_remember


def _keep_bodies_apart() -> None:
    """LocalStack keeps object bodies in one hard-coded folder of the machine; two servers would delete each other's."""
    provider.DEFAULT_S3_TMP_DIR = os.path.join(tempfile.gettempdir(), "s3")


def cut(context: RequestContext) -> None:
    """Resets the connection of a request, so that its sender gets no answer at all and not even the end of one."""
    request = context.request.environ[CONNECTION]

    def abort() -> None:
        if request.channel is not None:
            request.channel.transport.abortConnection()

    reactor.callFromThread(abort)
