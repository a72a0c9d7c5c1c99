"""The client of `ors-sdk` against the server of the wheel."""

from __future__ import annotations

import aiohttp
import pytest
from ors.client import ORS, ToolCallError

from .conftest import MOVES, run_page, serving


@pytest.mark.parametrize("env", MOVES)
def test_a_whole_game_is_played_and_the_last_reward_is_the_score(url: str, env: str) -> None:
    tool, args = MOVES[env]
    with ORS(base_url=url) as client:
        environment = client.environment(env)
        with environment.session(split="test", index=0) as session:
            prompt = session.get_prompt()
            assert len(prompt) == 1 and prompt[0].text
            names = [spec.name for spec in session.list_tools()]
            assert tool in names
            output = session.call_tool(tool, args)
            calls, rewards = 1, [output.reward]
            while not output.finished:
                # A turn of several calls is full after some, or ended.
                output = session.call_tool(tool, args)
                calls += 1
                rewards.append(output.reward)
            assert output.metadata["scores"]["reward"] == pytest.approx(output.reward, abs=1e-9)
            assert [reward for reward in rewards if reward is not None]
            assert "The game is over" in output.blocks[-1].text
            with pytest.raises(ToolCallError, match="over"):
                session.call_tool(tool, args)
        again = environment.get_task("test", 0)
        with environment.session(task=again) as session:
            output = session.call_tool(tool, args)
            for _ in range(calls - 1):
                output = session.call_tool(tool, args)
            assert output.finished
            assert output.reward == rewards[-1]


def test_splits_are_disjoint_and_bounded(url: str) -> None:
    with ORS(base_url=url) as client:
        assert set(
            client.environments.list_environments() if hasattr(client.environments, "list_environments") else MOVES
        ) >= set(MOVES)
        environment = client.environment("swarm_economy")
        assert environment.list_splits() == ["train", "validation", "test"]
        seeds = {
            split: {task.task_spec["seed"] for task in environment.get_task_range(split, 0, 1000)}
            for split in ("train", "validation", "test")
        }
        assert all(len(found) == 1000 for found in seeds.values())
        assert not seeds["train"] & seeds["test"]
        assert not seeds["train"] & seeds["validation"]
        assert not seeds["validation"] & seeds["test"]
        assert len(environment.list_tasks("test")) == environment.num_tasks("test") == 1000
        with pytest.raises(aiohttp.ClientResponseError, match="num_tasks"):
            environment.list_tasks("train")
        with pytest.raises(Exception, match="Invalid split"), environment.session(split="nope", index=0):
            pass


def test_an_agents_mistake_is_told_and_nulls_of_what_was_left_out_are_dropped(url: str) -> None:
    with ORS(base_url=url) as client, client.environment("sim_economy").session(split="train", index=1) as session:
        refused = session.call_tool("nonsense")
        assert refused.metadata["ok"] is False
        assert "nonsense" in refused.blocks[0].text
        bid = session.call_tool("bid_core", {"core_id": None, "amount": 1})
        assert bid.metadata["ok"] is False


def test_a_token_is_wanted_where_one_is_set() -> None:
    with serving("--token", "long-enough") as url:
        with ORS(base_url=url, api_key="other-token") as client, pytest.raises(Exception, match="401"):
            client.environment("swarm_economy").list_splits()
        with ORS(base_url=url, api_key="long-enough") as client:
            assert client.environment("swarm_economy").num_tasks("test") == 1000


def test_the_program_of_the_page_runs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_page("ors-sdk", url)
    assert capsys.readouterr().out
