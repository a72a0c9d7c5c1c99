"""The client of `openreward` against the server of the wheel."""

from __future__ import annotations

import pytest
from openreward import OpenReward

from .conftest import MOVES, run_page


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> OpenReward:
    for name in ("OPENREWARD_API_URL", "OPENREWARD_SESSION_URL"):
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("OPENREWARD_API_KEY", "unused")
    return OpenReward()


@pytest.mark.parametrize("env", MOVES)
def test_a_whole_game_is_played_and_the_last_reward_is_the_score(client: OpenReward, env: str) -> None:
    tool, args = MOVES[env]
    environment = client.environments.get("agoragym", variant=env)
    assert environment.num_tasks("train") == 100_000
    ends = []
    for asked in ({"task": environment.get_task("test", 3)}, {"split": "test", "index": 3}):
        with environment.session(**asked) as session:
            messages = session.get_messages()
            assert [message.role for message in messages] == ["system", "user"]
            assert session.get_prompt()[0].text == "\n\n".join(message.blocks[0].text for message in messages)
            assert tool in [spec.name for spec in session.list_tools()]
            output = session.call_tool(tool, args)
            calls = 1
            while not output.finished:
                output = session.call_tool(tool, args)
                calls += 1
            assert output.reward == pytest.approx(output.metadata["scores"]["reward"], abs=1e-9)
            ends.append((calls, output.reward))
    assert ends[0] == ends[1]


def test_the_program_of_the_page_runs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_page("openreward", url)
    assert capsys.readouterr().out
