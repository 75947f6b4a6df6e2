"""A home with filled-in task sheets and chats of users, of our own making."""

import orjson
from written import row

from corpus_platform.home import Home
from corpus_platform.settings import CorpusSettings, write_settings

RECIPE = {
    "name": "small",
    "title": "t",
    "reference": "r",
    "about": "a",
    "variant": "sft",
    "steps": [{"sft_structure": {}}, {"sft_pii": {}}],
}


def chat(asked, answered, user="u1", **more):
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    told = {
        "consent": "yes",
        "terms": "v1",
        "user": user,
        "timestamp": "2026-10-01",
        "model": "m-1",
        "ip": "203.0.113.9",
    }
    return {"messages": turns, **told, **more}


SORRY = "I'm sorry, but I can't help with that."
CHATS = (
    chat("How do I cancel my subscription? I am ann@firma-x.de", SORRY),
    chat("cancel subscriptions for me please", "Open the settings.", "u2", votes="down"),
    chat("I want to cancel the subscription today", "Open the settings, then choose cancel.", "u2", votes="up"),
    chat("怎么取消订阅", "请打开设置。", "u3", votes=[{"vote": "重新生成"}]),
    chat("How tall is a giraffe?", "About five metres.", "u1"),
    chat("How tall is a giraffe?", "About five metres.", "u4", consent=""),
    chat("Tell me of hentai porn and camgirls", "Milf porn and hentai, camgirls.", "u5"),
    chat("test", "It works.", "u5"),
)
WRITTEN = (
    row(0),
    row(1, verdicts=("good", "bad"), writer="will"),
    row(2, verdicts=("bad", "bad"), writer="will"),
    row(sheet="qa.zh", answer="可以冷冻。发过一次以后先排气、整形、包好，马上放进冷冻室，解冻后再发一次就能烤。"),
)


def home_at(tmp_path):
    """A home at a folder: `written` and `chats`, nothing made yet."""
    for name, rows in (("written", WRITTEN), ("chats", CHATS)):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / f"data/{name}/a.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in rows))
    (tmp_path / "recipes/sft").mkdir(parents=True)
    (tmp_path / "recipes/sft/small.yaml").write_bytes(orjson.dumps(RECIPE))
    (tmp_path / "people.key").write_bytes(b"k" * 32)
    sets = {
        "written": {"collect": "human", "location": "data/written", "options": {"key": "people.key"}},
        "chats": {"collect": "users", "location": "data/chats", "options": {"key": "people.key"}},
    }
    settings = {
        "sft": {"recipe": "small", "sets": sets},
        "recipes": {"enabled": []},
        "classifiers": {"models": {}},
        "engine": {"kind": "serial"},
        "reject_budget": 0.5,
    }
    write_settings(tmp_path / "corpus.yaml", CorpusSettings.model_validate(settings))
    return Home.open(tmp_path)
