"""Keeps webhooks out of this machine and its networks (server-side request forgery, CWE-918).

A name is resolved once, and all of its addresses must be public; the connection goes to what was looked at and nowhere else,
so a name that answers differently a moment later (DNS rebinding) gains nothing. A literal address in a URL is resolved by
nobody: it is looked at when its socket is made. TLS goes on to check the name.

Through a proxy there is no such look: a name is the proxy's to resolve and to judge. What is no name of the Internet to
begin with is refused all the same.
"""

from __future__ import annotations

import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from aiohttp import AddrInfoType, DefaultResolver, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from pipeline.page.notice import ChannelRefused

_UNICAST: Final = ip_network("2000::/3")
"""All of IPv6 that has been given out. Beside it are mapped, translated, local and multicast addresses."""

_NOT_PUBLIC: Final = (
    ip_network("192.0.0.0/24"),  # protocols' own
    ip_network("192.88.99.0/24"),  # relays to 6to4
    ip_network("2001::/23"),  # Teredo, which carries an IPv4 address, ORCHID and other protocols
    ip_network("2001:db8::/32"),
    ip_network("2002::/16"),  # 6to4 carries an IPv4 address, which may be private
    ip_network("3fff::/20"),  # for documentation
)
"""Special ranges within what is given out that not every Python we run on knows as such."""

_LOCAL: Final = ("localhost", "local", "internal", "lan", "home", "corp", "arpa")
"""Last labels of names that are nobody's on the Internet."""

_REFUSED: Final = "its address is not a public one, and allow_private is not set"


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is the address of one machine on the Internet.

    Not of this machine, a private or shared network, many machines, or an IPv4 address in other clothes (mapped, NAT64,
    6to4, Teredo), after the IANA registries of special-purpose addresses.
    """
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_link_local:
        return False
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def require_public(address: str) -> None:
    """Raises `ChannelRefused` unless ``address`` is a public one, written as an address is."""
    try:
        public = is_public(ip_address(address))
    except ValueError:  # 127.1, 0x7f000001: some system may take it for an address
        public = False
    if not public:
        raise ChannelRefused(_REFUSED)


def require_public_host(host: str) -> None:
    """Raises `ChannelRefused` where ``host`` of a URL can't be on the Internet; of a name only a proxy knows."""
    name = host.rstrip(".").lower()
    last = name.rpartition(".")[2]
    is_address = ":" in name or last.isdigit() or last.startswith("0x")  # as browsers tell it: 127.1, 0x7f.1
    if is_address:
        require_public(name)
    elif "." not in name or last in _LOCAL:
        raise ChannelRefused(_REFUSED)


class GuardedResolver(AbstractResolver):
    """Resolves as ``inner`` does, and refuses a name of which any address is not public."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses, which aiohttp connects to as they are."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            require_public(one["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()


def guarded_socket(info: AddrInfoType) -> socket.socket:
    """A socket for one connection, if its address is public: the last look before anything is sent."""
    family, kind, protocol, _, address = info
    require_public(str(address[0]))
    return socket.socket(family, kind, protocol)


def guarded_connector(resolver: AbstractResolver | None = None, tls: ssl.SSLContext | None = None) -> TCPConnector:
    """Connections to public addresses only. ``resolver`` turns names into addresses, the system's where there is none."""
    return TCPConnector(
        resolver=GuardedResolver(resolver or DefaultResolver()),
        socket_factory=guarded_socket,
        use_dns_cache=False,
        ssl=tls or True,
    )
