"""A Rasa project of three intents, small enough to train within a test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bot.rasa_project import RasaProject

ROOT = Path(__file__).parents[2]
#: The real environment, unless the variable names another.
PYTHON = Path(os.environ.get("FRONTDESK_TEST_RASA", ROOT / "intents/.venv/bin/python"))

CONFIG = """\
recipe: default.v1
language: en
assistant_id: tiny
pipeline:
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 3
- name: LogisticRegressionClassifier
- name: RegexEntityExtractor
policies: []
"""

DOMAIN = """\
version: "3.1"
intents: [greet, withdrawal_time, human]
entities: [coin]
"""

DATA = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - good morning
    - hi there
    - 你好
    - 早上好
- intent: withdrawal_time
  examples: |
    - how long does a withdrawal take
    - when does my [BTC](coin) withdrawal arrive
    - withdrawal time
    - 提现要多久
    - 提现什么时候到账
- intent: human
  examples: |
    - I want a human
    - give me an agent
    - talk to a person
    - 转人工
    - 我要找人工客服
- regex: coin
  examples: |
    - \\b(BTC|ETH|USDT)\\b
"""


def write(folder: Path, config: str = CONFIG) -> RasaProject:
    """The project below `folder`, run by the real Rasa."""
    (folder / "data").mkdir(parents=True)
    (folder / "config.yml").write_text(config, encoding="utf-8")
    (folder / "domain.yml").write_text(DOMAIN, encoding="utf-8")
    (folder / "data" / "nlu.yml").write_text(DATA, encoding="utf-8")
    for name in ("serve.py", "credentials.yml"):
        shutil.copy(ROOT / "intents" / name, folder)
    return RasaProject(folder, PYTHON)


def write_ours(folder: Path) -> RasaProject:
    """The same intents with the pipeline and the components of intents/."""
    found = write(folder, (ROOT / "intents" / "config.yml").read_text(encoding="utf-8"))
    shutil.copytree(ROOT / "intents" / "components", folder / "components")
    return found
