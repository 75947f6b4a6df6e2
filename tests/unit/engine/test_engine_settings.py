"""Engines by name: what may be said, and what is answered when it is wrong."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from corpus_platform.engine.cluster import Ray
from corpus_platform.engine.machine import usable_cores
from corpus_platform.engine.processes import Processes
from corpus_platform.engine.serial import Serial
from corpus_platform.engine.settings import EngineSettings, engine_from
from corpus_platform.errors import SettingsError


def test_the_default_is_one_process_per_usable_core():
    engine = EngineSettings().open()

    assert isinstance(engine, Processes)
    assert engine.workers == usable_cores()
    assert engine.retries == 2
    assert engine.memory_limit is None


def test_options_reach_the_engine_in_its_own_units():
    engine = engine_from(
        "process", workers=3, memory_limit_mb=1500, retries=0, task_timeout=60, items_per_worker=9, threads=2
    )

    assert isinstance(engine, Processes)
    assert (engine.workers, engine.memory_limit, engine.retries) == (3, 1500 << 20, 0)
    assert (engine.task_timeout, engine.items_per_worker, engine.threads) == (60, 9, 2)


def test_serial_is_an_engine():
    assert isinstance(engine_from("serial"), Serial)


def test_a_cluster_is_an_engine_with_an_address():
    engine = engine_from("ray", address="ray://head:10001", workers=64, memory_limit_mb=4000, retries=5)

    assert isinstance(engine, Ray)
    assert (engine.address, engine.workers, engine.memory_limit, engine.retries) == (
        "ray://head:10001",
        64,
        4000 << 20,
        5,
    )
    assert EngineSettings(kind="ray").open().address == "auto"


def test_an_address_is_refused_where_tasks_stay_on_this_machine():
    with pytest.raises(SettingsError) as raised:
        engine_from("process", address="auto")

    assert str(raised.value) == "engine `process` has no address: only `ray` runs elsewhere"


def test_a_cluster_without_ray_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("corpus_platform.engine.cluster.find_spec", lambda _: None)

    with pytest.raises(SettingsError) as raised:
        engine_from("ray")

    assert str(raised.value) == 'Ray is not installed: pip install "corpus-platform[ray]"'


def test_choosing_a_cluster_does_not_import_ray():
    script = "import sys; from corpus_platform.engine.settings import engine_from; engine_from('ray'); print('ray' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    assert told.stdout == "False\n"


def test_an_unknown_engine_is_refused_with_those_that_exist():
    with pytest.raises(SettingsError) as raised:
        engine_from("proces")

    assert str(raised.value) == "there is no engine `proces`, nearest is `process`; engines are: process, ray, serial"


def test_an_unknown_option_is_refused_with_those_that_exist():
    with pytest.raises(
        SettingsError, match="an engine has no option `worker`; it takes kind, address, workers, memory_limit_mb"
    ):
        engine_from("process", worker=3)


def test_a_wrong_value_is_refused_by_name():
    with pytest.raises(SettingsError, match="engine option `workers` is 0: Input should be greater than or equal to 1"):
        engine_from("process", workers=0)


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        EngineSettings().workers = 3
