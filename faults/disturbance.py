"""What happens to nodes and database while clients go on: deaths, pauses, cut connections."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from faults.cluster import Cluster
from faults.node import Node

_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'badgepin'"


@dataclass
class Disturbance:
    """One fault after the other until it is stopped; everything runs again afterwards."""

    cluster: Cluster
    seed: int
    pause: float = 1.5
    happened: "Counter[str]" = field(default_factory=Counter)
    recovered: list[float] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the present fault. Raises what went wrong in between, such as a node that did not start again."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()
        for error in self.errors:
            raise error

    def _run(self) -> None:
        chance = random.Random(self.seed)
        faults: list[Callable[[random.Random], None]] = [self._kill, self._freeze]
        if self.cluster.postgresql is not None:
            faults += [self._disconnect, self._crash_database]
        try:
            while not self.stopping.wait(self.pause):
                for fault in chance.sample(faults, len(faults)):
                    fault(chance)
                    if self.stopping.wait(self.pause * chance.random()):
                        return
        except BaseException as error:  # noqa: BLE001 - a thread's end, told to who waits for it
            self.errors.append(error)

    def _node(self, chance: random.Random) -> Node:
        return chance.choice(self.cluster.nodes)

    def _kill(self, chance: random.Random) -> None:
        node = self._node(chance)
        node.kill()
        time.sleep(0.3)
        self.recovered.append(node.start())
        self.happened["nodes killed"] += 1

    def _freeze(self, chance: random.Random) -> None:
        node = self._node(chance)
        node.pause()
        time.sleep(0.5 + 2 * chance.random())
        node.resume()
        self.happened["nodes paused"] += 1

    def _disconnect(self, _chance: random.Random) -> None:
        assert self.cluster.postgresql is not None
        self.cluster.postgresql.sql(_TERMINATE)
        self.happened["connections cut"] += 1

    def _crash_database(self, _chance: random.Random) -> None:
        assert self.cluster.postgresql is not None
        self.cluster.postgresql.stop("immediate")
        time.sleep(0.3)
        self.cluster.postgresql.start()
        self.happened["database crashed"] += 1
