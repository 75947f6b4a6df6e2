"""The files of deploy/ hang together: variables are documented, images pinned, ports on loopback, no secret anywhere, settings that the platform takes.

Schemas of Compose, Kubernetes and KubeRay need a network and are checked by hand (deploy/README.md); this holds what needs none.
"""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from corpus_platform.settings import CorpusSettings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
K8S = DEPLOY / "k8s"
PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+[a-z0-9.-]*$")
COMPOSE_KEYS = {"name", "services", "networks", "volumes", "configs", "secrets"}


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def documents():
    """Every manifest with the name of its file."""
    files = sorted(path for path in K8S.glob("*.yaml") if path.name != "values.yaml")
    return [(path.name, one) for path in files for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def walk(value, path=()):
    """All (path, value) below a value."""
    yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from walk(child, (*path, name))


@pytest.fixture(scope="module")
def compose():
    return read(DEPLOY / "compose.yaml")


@pytest.fixture(scope="module")
def example():
    """{variable: its value} of .env.example, those that are commented out too."""
    lines = (DEPLOY / ".env.example").read_text(encoding="utf-8").splitlines()
    found = [re.match(r"(?:# )?([A-Z][A-Z0-9_]+)=(.*)$", line) for line in lines]
    return {one[1]: one[2] for one in found if one}


def test_every_variable_that_a_file_reads_is_in_the_example_and_every_one_there_is_read(example):
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    read_by_compose = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", compose))
    texts = [(DEPLOY / name).read_text(encoding="utf-8") for name in ("dagster.prod.yaml", "workspace.yaml")]
    read_by_dagster = {name for text in texts for name in re.findall(r"\{env: ([A-Z0-9_]+)\}", text)}

    assert read_by_compose == set(example)
    assert read_by_dagster <= set(example)


def test_what_the_example_says_is_the_default_is_the_default(example):
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    defaults = dict(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+):-([^}]*)\}", compose))

    assert {name: example[name] for name in defaults} == defaults


def test_no_file_has_a_secret(example, compose):
    secret = re.compile(r"PASSWORD|SECRET|KEY|TOKEN", re.IGNORECASE)

    assert {name: value for name, value in example.items() if secret.search(name) and value} == {}
    for path, value in walk(compose):
        if path and secret.search(str(path[-1])) and isinstance(value, str):
            assert value.startswith("${"), path
    for _, document in documents():
        if document["kind"] == "Secret":
            assert set(document["stringData"].values()) == {""}
    assert not [
        path
        for path, value in walk(read(K8S / "values.yaml"))
        if "password" in str(path).lower() and value and path[-1] == "postgresqlPassword"
    ]


def test_compose_has_the_keys_of_its_specification_and_names_only_what_it_has(compose):
    services = compose["services"]
    assert {key for key in compose if not key.startswith("x-")} <= COMPOSE_KEYS
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        assert set(service["networks"]) <= set(compose["networks"]), name
        assert {config["source"] for config in service.get("configs", [])} <= set(compose["configs"]), name
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(compose["volumes"]), name
    for config in compose["configs"].values():
        assert (DEPLOY / config["file"]).is_file()


def test_every_service_is_pinned_limited_restarted_watched_and_may_do_little(compose):
    for name, service in compose["services"].items():
        image = service["image"].partition(":-")[2].rstrip("}") or service["image"]
        assert PINNED.match(image), f"{name}: {image}"
        assert service["restart"] in {"unless-stopped", "on-failure"}, name
        assert "healthcheck" in service or name == "buckets", name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        # RustFS's image names its own user, 10001.
        assert re.match(r"[1-9]", service.get("user", "10001")), name


def test_one_port_is_published_on_this_machine_only(compose):
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

    assert ports == {"webserver": ["${CORPUS_UI_ADDRESS:-127.0.0.1}:${CORPUS_UI_PORT:-3000}:3000"]}
    assert compose["networks"]["inner"] == {"internal": True}
    assert compose["services"]["postgres"]["networks"] == compose["services"]["s3"]["networks"] == ["inner"]


def test_the_image_is_pinned_is_no_root_and_holds_what_it_copies(compose):
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line and not line.startswith(("#", " "))]
    assert {word[1] for word in words if word[0] == "FROM"} == {"${PYTHON_IMAGE}"}
    assert PINNED.match(next(word[1] for word in words if word[:1] == ["ARG"]).partition("=")[2])
    assert [word[1] for word in words if word[0] == "USER"] == ["10001:10001"]
    copied = [name for word in words if word[0] == "COPY" and not word[1].startswith("--") for name in word[1:-1]]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for name in (*copied, *(line[1:] for line in ignored if line.startswith("!"))):
        assert (ROOT / name).exists(), name
    default = next(line for line in lines if line.startswith("CMD "))
    assert yaml.safe_load(default.removeprefix("CMD ")) == [
        str(word) for word in compose["services"]["code"]["command"]
    ]


def test_what_the_image_installs_is_in_the_constraints():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.search(r"'\.\[([a-z0-9,]+)\]'", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))[1].split(",")
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    names = {line.partition("==")[0] for line in constraints}

    assert set(extras) <= set(project["optional-dependencies"])
    asked = [re.match(r"[a-z0-9-]+", one)[0] for extra in extras for one in project["optional-dependencies"][extra]]
    assert set(asked) <= names


def test_versions_that_manifests_name_are_those_of_the_constraints():
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    ray = next(document for _, document in documents() if document["kind"] == "RayCluster")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    tag = read(K8S / "values.yaml")["dagsterWebserver"]["image"]["tag"]

    assert f"\nray=={ray['spec']['rayVersion']}\n" in constraints
    dagster = re.search(r"^dagster==(.+)$", constraints, re.MULTILINE)[1]
    assert dagster == "1.13.27"
    assert f"dagster/dagster {dagster}" in (K8S / "values.yaml").read_text(encoding="utf-8")
    assert tag == version


def test_manifests_are_of_one_namespace_and_their_pods_are_pinned_bounded_and_no_root():
    for file, document in documents():
        assert document["metadata"].get("namespace", document["metadata"]["name"]) == "corpus", file
        for path, value in walk(document):
            if path and path[-1] == "containers":
                pod = dict(walk(document))[path[:-1]]
                assert pod["securityContext"]["runAsNonRoot"] is True, file
                for container in value:
                    assert PINNED.match(container["image"]), file
                    assert container["securityContext"]["allowPrivilegeEscalation"] is False, file
                    assert {"cpu", "memory"} <= set(container["resources"]["requests"]), file
                    assert "memory" in container["resources"]["limits"], file


def test_every_secret_config_map_claim_and_service_that_is_named_is_there():
    made = {(document["kind"], document["metadata"]["name"]) for _, document in documents()}
    values = read(K8S / "values.yaml")
    everything = [document for _, document in documents()] + [values]
    kinds = {"secretRef": "Secret", "secretKeyRef": "Secret", "configMapRef": "ConfigMap", "configMap": "ConfigMap"}
    for document in everything:
        for path, value in walk(document):
            key = path[-1] if path else None
            if key in kinds:
                assert (kinds[key], value["name"]) in made, path
            if key == "persistentVolumeClaim":
                assert ("PersistentVolumeClaim", value["claimName"]) in made, path
            if key in {"envSecrets", "envConfigMaps"}:
                kind = {"envSecrets": "Secret", "envConfigMaps": "ConfigMap"}[key]
                assert {(kind, one["name"]) for one in value} <= made, path
    assert ("Secret", values["global"]["postgresqlSecretName"]) in made
    assert ("Service", values["postgresql"]["postgresqlHost"]) in made


def test_policies_and_budgets_select_labels_that_pods_have():
    values = read(K8S / "values.yaml")
    labels = {
        pair
        for _, document in documents()
        for path, value in walk(document)
        if path[-3:] == ("template", "metadata", "labels")
        for pair in value.items()
    }
    charts = [values["dagsterWebserver"], values["dagsterDaemon"], *values["dagster-user-deployments"]["deployments"]]
    charts.append(values["runLauncher"]["config"]["k8sRunLauncher"])
    labels |= {pair for chart in charts for pair in chart["labels"].items()}
    # Its owner puts this label on a proxy of one's own; Kubernetes the other one on namespaces.
    labels |= {("corpus/part", "login-proxy"), ("kubernetes.io/metadata.name", "kuberay-system")}
    for file, document in documents():
        for path, value in walk(document):
            if path and path[-1] == "matchLabels":
                assert set(value.items()) <= labels, (file, path)
            if path and path[-1] == "matchExpressions":
                assert {(one["key"], word) for one in value for word in one["values"]} <= labels, (file, path)


def test_the_settings_of_both_deployments_are_settings_that_the_platform_takes():
    of_k8s = next(document for _, document in documents() if document["metadata"]["name"] == "corpus-settings")
    compose = CorpusSettings.model_validate(read(DEPLOY / "corpus.yaml"))
    cluster = CorpusSettings.model_validate(yaml.safe_load(of_k8s["data"]["corpus.yaml"]))

    head = next(document for _, document in documents() if document["kind"] == "RayCluster")["metadata"]["name"]
    assert cluster.engine.kind == "ray"
    assert cluster.engine.address == f"ray://{head}-head-svc:10001"
    assert compose.s3.location == cluster.s3.location == "s3://corpus"
    assert compose.engine.kind == "process"


def test_the_shared_instance_differs_from_that_of_one_machine_in_where_it_keeps_things_only():
    shared, own = read(DEPLOY / "dagster.prod.yaml"), read(DEPLOY / "dagster.yaml")

    assert {name: shared[name] for name in own if name in shared} == {name: own[name] for name in own if name in shared}
    assert set(own) <= set(shared)
    assert set(shared) - set(own) <= {"storage", "compute_logs", "sensors", "schedules", "retention"}


def test_the_charts_queue_has_the_limits_of_the_shared_instance():
    shared, chart = read(DEPLOY / "dagster.prod.yaml"), read(K8S / "values.yaml")

    runs, pools = chart["concurrency"]["runs"], chart["concurrency"]["pools"]
    assert runs["maxConcurrentRuns"] == shared["concurrency"]["runs"]["max_concurrent_runs"]
    assert runs["tagConcurrencyLimits"] == shared["concurrency"]["runs"]["tag_concurrency_limits"]
    assert pools == {"granularity": "run", "defaultLimit": 1}
    # Dagster refuses limits in both places.
    assert chart["dagsterDaemon"]["runCoordinator"] == {"enabled": False}
