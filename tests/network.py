"""What is between two machines: a relay that can stop forwarding without closing anything."""

import selectors
import socket
import threading
import time
from typing import Self


class Relay:
    """Forwards bytes between those who connect to ``port`` and a port of this machine, until told to ``hang``."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._partner: dict[socket.socket, socket.socket] = {}
        self._hung: set[socket.socket] = set()
        self.accepts = True
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def hang(self, *, accepts: bool) -> None:
        """Forward nothing more for the connections that there are; ``accepts`` says whether new ones are served."""
        with self._lock:
            self._hung |= self._partner.keys()
            self.accepts = accepts

    def resume(self) -> None:
        """Forward again, also what is waiting."""
        with self._lock:
            self._hung.clear()
            self.accepts = True

    def end_hung(self) -> None:
        """End the connections that hang; both sides have let go of them then."""
        with self._lock:
            for one in self._hung:
                one.shutdown(socket.SHUT_WR)
                one.settimeout(20)
                while one.recv(1 << 16):
                    pass

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join()
        for one in (self._listener, *self._partner):
            one.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ended:
            ready = [key.fileobj for key, _ in self._selector.select(0.02)]
            with self._lock:
                for one in ready:
                    if one is self._listener:
                        self._accept()
                    elif one in self._partner and one not in self._hung:
                        self._forward(one)
            if self._hung or not self.accepts:
                time.sleep(0.01)  # what waits there stays readable

    def _accept(self) -> None:
        if not self.accepts:
            return
        here, _ = self._listener.accept()
        try:
            there = socket.create_connection(("127.0.0.1", self._to), 5)
        except OSError:
            here.close()
            return
        for one, other in ((here, there), (there, here)):
            self._partner[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _forward(self, one: socket.socket) -> None:
        try:
            data = one.recv(1 << 16)
            if data:
                self._partner[one].sendall(data)
                return
        except OSError:
            pass
        for each in (one, self._partner[one]):
            self._selector.unregister(each)
            self._partner.pop(each)
            each.close()
