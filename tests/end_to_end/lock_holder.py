"""A process that takes the lock in Postgres, says so, and holds it until it is killed or told to go on."""

import sys

from corpus_platform.lake.postgres_lock import PostgresLock

if __name__ == "__main__":
    with PostgresLock(timeout=30.0).hold(sys.argv[1]):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.readline()
    sys.stdout.write("released\n")
