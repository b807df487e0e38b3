"""A connection as the kernel has it: ended, and asked for what came over it and what waits."""

import ctypes
import fcntl
import os
import select
import socket as sockets
import stat
import struct
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_TCP_BYTES_RECEIVED: Final = 128  # struct tcp_info of Linux: where tcpi_bytes_received is, a u64


def socket_inode(descriptor: int) -> int | None:
    """The inode of a socket's descriptor; None where there is no socket."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_ino if stat.S_ISSOCK(status.st_mode) else None


@contextmanager
def duplicate(descriptor: int, inode: int) -> Iterator[sockets.socket | None]:
    """A duplicate of a descriptor as a socket, as long as it is the socket with this inode; else None."""
    try:
        copy = os.dup(descriptor)
    except OSError:
        yield None
        return
    if socket_inode(copy) != inode:
        os.close(copy)
        yield None
        return
    with sockets.socket(fileno=copy) as socket:
        yield socket


def break_off(socket: sockets.socket) -> None:
    """End a connection, now, whoever else holds its descriptor."""
    # Shut down alone, a TCP connection on Linux still takes in what the peer goes on sending, and ZeroMQ reads on.
    # Connected to no address family (connect(2)), it is reset, and what has come is thrown away.
    if sys.platform == "linux" and socket.family in (sockets.AF_INET, sockets.AF_INET6):
        ctypes.CDLL(None).connect(socket.fileno(), struct.pack("=H14x", sockets.AF_UNSPEC), 16)
    try:
        socket.shutdown(sockets.SHUT_RDWR)
    except OSError:  # it has ended
        return


def is_unread(socket: sockets.socket) -> bool:
    """True if something that was sent over a connection has not reached a peer who is still there."""
    poll = select.poll()
    poll.register(socket, 0)
    if poll.poll(0):  # an error, or hung up
        return False
    return bool(waiting_bytes(socket, termios.TIOCOUTQ))


def waiting_bytes(socket: sockets.socket, request: int) -> int:
    """The bytes that wait in the kernel to be read (FIONREAD), or to reach the peer (TIOCOUTQ)."""
    (waiting,) = struct.unpack("i", fcntl.ioctl(socket, request, bytes(4)))
    return int(waiting)


def bytes_received(socket: sockets.socket) -> int:
    """Bytes that came over a TCP connection since it was made; 0 where the kernel does not count: ipc, or no Linux."""
    if socket.family not in (sockets.AF_INET, sockets.AF_INET6) or not hasattr(sockets, "TCP_INFO"):
        return 0
    info = socket.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_INFO, 256)
    if len(info) < _TCP_BYTES_RECEIVED + 8:
        return 0
    (received,) = struct.unpack_from("=Q", info, _TCP_BYTES_RECEIVED)
    return int(received)
