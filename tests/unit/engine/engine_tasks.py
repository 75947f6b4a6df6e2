"""Tasks for the engines' tests: a worker must be able to import them."""

import os
import signal
import sys
import time
from pathlib import Path


class Heavy(Exception):
    """An exception that pickles, but does not unpickle; and whose payload does not even pickle."""

    def __init__(self, payload, more):
        super().__init__("too heavy")
        self.payload = payload
        self.more = more


class OneWay:
    """Pickles, and does not unpickle."""

    def __reduce__(self):
        return (_refuse, ())


def _refuse():
    raise RuntimeError("no way back")


def square(number):
    return number * number


def power(exponent, number):
    return number**exponent


def fail_on_odd(number):
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number


def raise_heavy(_):
    raise Heavy(lambda: None, more=open(os.devnull))  # noqa: PTH123, SIM115


def leave(_):
    sys.exit("a task must not end its worker")


def return_lambda(_):
    return lambda: None


def return_one_way(_):
    return OneWay()


def megabytes(count):
    return b"x" * (count << 20)


def pid(_):
    return os.getpid()


def meet(folder, _):
    """Waits until two workers are here, and says which one this is."""
    (Path(folder) / str(os.getpid())).touch()
    give_up = time.monotonic() + 60
    while len(list(Path(folder).iterdir())) < 2 and time.monotonic() < give_up:
        time.sleep(0.01)
    return os.getpid()


def pid_and_length(item):
    return os.getpid(), len(item)


def nap(seconds):
    time.sleep(seconds)
    return seconds


def environment(name):
    return os.environ.get(name)


def modules(_):
    return sorted(sys.modules)


def allocate(mebibytes):
    block = bytearray(mebibytes << 20)
    block[::4096] = b"x" * len(block[::4096])
    return os.getpid()


def die_on_three(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def exit_with_seven(_):
    os._exit(7)


def die_once(folder, number):
    """Kills its worker at the first try of item 3."""
    tried = Path(folder) / "tried"
    if number == 3 and not tried.exists():
        tried.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def hang_once(folder, number):
    tried = Path(folder) / "tried"
    if number == 1 and not tried.exists():
        tried.touch()
        time.sleep(600)
    return number


def fork_and_die(folder, number):
    """Leaves a child behind that holds the worker's pipe open, and dies at the first try."""
    tried = Path(folder) / "tried"
    if not tried.exists():
        tried.touch()
        child = os.fork()
        if child == 0:
            time.sleep(600)
            os._exit(0)
        (Path(folder) / "child").write_text(str(child))
        os.kill(os.getpid(), signal.SIGKILL)
    return number
