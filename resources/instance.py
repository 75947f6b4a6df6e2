"""Settings of a home's Dagster instance: `deploy/dagster.yaml`, and what the home's own settings ask for.

The file in the home says that it was made here, with a digest. As long as that fits, it is written anew when a setting changes; a file that somebody
has edited, or brought, is theirs and stays as it is.

Not here: how large pools are (assets/automation.py): that is in the instance's database.
"""

import hashlib
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from corpus_platform.home import Home

INSTANCE_SETTINGS = Path(__file__).parents[1] / "deploy" / "dagster.yaml"
_HEADER = "# Made of deploy/dagster.yaml and corpus.yaml, {digest}. Edited by hand it is yours: settings do not change it any more.\n"
_UPLOAD_SECONDS = 30
"""How often the log of a step that goes on is stored, so that people see it from elsewhere."""


def instance_settings(home: Home) -> dict[str, Any]:
    """What the home's settings add to `deploy/dagster.yaml`, by section: compute logs in a bucket."""
    s3 = home.settings.s3
    logs = s3.logs or s3.place("logs")
    if logs is None:
        return {}
    place, reach = urlsplit(logs), s3.access().below(home.path)
    config: dict[str, Any] = {
        "bucket": place.netloc,
        "prefix": place.path.strip("/"),
        "local_dir": str(home.path / "dagster" / "logs"),
        "upload_interval": _UPLOAD_SECONDS,
        "endpoint_url": reach.endpoint,
        "region": reach.region,
        "profile": reach.profile,
        "path_style": reach.path_style,
        "verify": reach.verify is not False,
        "verify_cert_path": reach.verify if isinstance(reach.verify, str) else None,
        "retry_seconds": float(reach.retry_seconds),
    }
    given = {name: value for name, value in config.items() if value is not None}
    return {"compute_logs": {"module": "resources.compute_logs", "class": "S3Logs", "config": given}}


def rendered(home: Home) -> str:
    """The text of the home's `dagster.yaml`."""
    own = instance_settings(home)
    body = INSTANCE_SETTINGS.read_text(encoding="utf-8")
    if own:
        body += "\n# By the section `s3` of corpus.yaml.\n" + yaml.safe_dump(own, sort_keys=False)
    return _HEADER.format(digest=_digest(body)) + body


def write_instance_settings(home: Home, path: Path) -> None:
    """Makes the file, or brings one that was made here up to date. Warns where a file that is somebody's lacks what the settings ask for."""
    wanted = rendered(home)
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if there == wanted:
        return
    if there and not _is_ours(there):
        if lacking := set(instance_settings(home)) - set(yaml.safe_load(there) or {}):
            warnings.warn(
                f"{path} was edited and stays as it is, without {', '.join(sorted(lacking))}, which corpus.yaml asks for: add it, or remove the file",
                stacklevel=2,
            )
        return
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(wanted, encoding="utf-8")
    scratch.replace(path)


def _is_ours(text: str) -> bool:
    head, _, body = text.partition("\n")
    return f"{head}\n" == _HEADER.format(digest=_digest(body)) or text == INSTANCE_SETTINGS.read_text(encoding="utf-8")


def _digest(body: str) -> str:
    return hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
