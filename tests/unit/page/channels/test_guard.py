"""Which addresses a webhook may be sent to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from pipeline.page.channels.guard import is_public, require_public
from pipeline.page.notice import ChannelRefused

PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"]

NOT_PUBLIC = {
    "this machine": ["127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::"],
    "private networks": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd00:ec2::254"],
    "a provider's shared network": ["100.64.0.1", "100.127.255.255"],
    "the link, with a cloud's metadata": ["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "fec0::1"],
    "many machines": ["224.0.0.1", "233.252.0.1", "239.255.255.250", "255.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "192.0.0.1", "192.0.0.192", "198.18.0.1", "5f00::1", "100::1", "4000::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "IPv4 in IPv6": [
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "::8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::10.0.0.1",
        "2002:a00:1::1",
        "2002:808:808::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "192.88.99.1",
    ],
}

NO_ADDRESS = ["", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "010.0.0.1", "8.8.8.8 ", "[::1]"]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_machine_on_the_internet_is_public(address: str) -> None:
    require_public(address)


@pytest.mark.parametrize("address", [one for some in NOT_PUBLIC.values() for one in some])
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(ChannelRefused):
        require_public(address)


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_what_only_some_systems_take_for_an_address_is_refused(address: str) -> None:
    with pytest.raises(ChannelRefused):
        require_public(address)
