"""The platform's errors, named for what to do next.

CorpusError
 +-- SettingsError        mend the settings file or the argument
 +-- SourceError          the input is not where or what it was said to be
 +-- ModelError           a model is missing or unfit; the message says how to get one
 +-- SchemaError          the written rows do not fit the table; mend the stage
 +-- CommitConflict       another run changed the partition; read its name, run again
 +-- DamagedFile          a file is not as it was written: corpus verify --repair, then run again
 +-- DiskFull             make room where it says, run again
 +-- NoRoom               a run would need more disk or memory than there is; make room, or do what it says
 +-- StoreUnsafe          the object store can lose commits; configure a lock
 +-- ShardFailed          some shards failed; the others are kept, run again
 +-- CheckFailed          a blocking check found broken data; look at its figures, mend the input, run again
 +-- RejectBudgetExceeded too many records could not be used; look at ops.rejects, then mend or raise the budget

A message says where, what, and what to do. The command line turns a `CorpusError` into one line; a bug keeps its traceback.
"""


class CorpusError(Exception):
    """An error that its reader can act upon."""


class SettingsError(CorpusError):
    """A setting or an argument is wrong: mend it where the message says."""


class SourceError(CorpusError):
    """An input is missing, unreachable or not of the expected kind."""


class ModelError(CorpusError):
    """A model is missing, broken or unfit for the task."""


class SchemaError(CorpusError):
    """Rows do not fit the schema of their table."""


class CommitConflict(CorpusError):
    """Another run changed the partition between this run's start and its commit."""


class DamagedFile(CorpusError):
    """A file of the lake is missing, or is not what was written: its size, a digest or a checksum tells."""


class DiskFull(CorpusError):
    """A disk or a quota is used up. Finished shards are kept."""


class NoRoom(CorpusError):
    """A run was not started, for it would need more disk or memory than there is."""


class StoreUnsafe(CorpusError):
    """The object store does not honour conditional writes, and no lock is configured."""


class ShardFailed(CorpusError):
    """Some shards failed for good. The finished ones are kept and are not run again."""


class RejectBudgetExceeded(CorpusError):
    """More records were rejected as broken than the stage allows."""


class CheckFailed(CorpusError):
    """A blocking check found that data is not what it promises to be; what depends on it was not made."""
