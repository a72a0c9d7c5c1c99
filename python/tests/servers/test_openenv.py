"""OpenEnv's own validator and client, against the server of the wheel."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openenv import GenericEnvClient
from openenv.cli._validation import validate_running_environment
from openenv.core.mcp_client import MCPToolClient

from .conftest import MOVES, run_page, serving

OPENENV = Path(sys.executable).parent / "openenv"


def test_the_validator_passes(url: str) -> None:
    done = subprocess.run(
        [str(OPENENV), "validate", "--url", url, "--json"], capture_output=True, text=True, timeout=60, check=False
    )
    report = json.loads(done.stdout)
    assert report["passed"] is True, report
    assert len(report["criteria"]) == 6
    assert done.returncode == 0


@pytest.mark.parametrize("env", MOVES)
def test_what_the_validator_checks_passes_below_every_economy(url: str, env: str) -> None:
    report = validate_running_environment(f"{url}/{env}")
    assert report["passed"] is True, report


async def play(base_url: str, action: dict[str, Any], seed: int) -> tuple[int, float, dict[str, Any]]:
    async with GenericEnvClient(base_url=base_url) as client:
        result = await client.reset(seed=seed)
        assert result.reward is None
        assert not result.done
        assert result.observation["rules"]
        total, steps = 0.0, 0
        while not result.done:
            result = await client.step(action)
            assert isinstance(result.reward, float | int)
            total += result.reward
            steps += 1
        state = await client.state()
        assert state["step_count"] == steps
        assert state["seed"] == seed
        with pytest.raises(RuntimeError, match="over"):
            await client.step(action)
        return steps, total, result.observation


@pytest.mark.parametrize("env", MOVES)
def test_a_whole_game_is_played_and_its_rewards_add_up_to_the_score(url: str, env: str) -> None:
    tool, args = MOVES[env]
    action = {"tool": tool, "args": args}
    steps, total, last = asyncio.run(play(f"{url}/{env}", action, 7))
    assert steps > 1
    assert total == pytest.approx(last["scores"]["reward"], abs=1e-9)
    assert asyncio.run(play(f"{url}/{env}", action, 7)) == (steps, total, last)


def test_sixteen_clients_at_once_play_what_each_plays_alone(url: str) -> None:
    action = {"tool": "pass_turn"}

    async def all_at_once() -> list[tuple[int, float, dict[str, Any]]]:
        return await asyncio.gather(*(play(url, action, seed % 4) for seed in range(16)))

    played = asyncio.run(all_at_once())
    for seed in range(4, 16):
        assert played[seed] == played[seed % 4]


def test_mistakes_of_an_agent_are_told_and_those_of_a_client_are_errors(url: str) -> None:
    async def mistakes() -> None:
        async with GenericEnvClient(base_url=url) as client:
            with pytest.raises(RuntimeError, match="reset first"):
                await client.step({"tool": "pass_turn"})
            await client.reset(seed=1)
            result = await client.step({"tool": "nonsense"})
            assert result.observation["results"][0]["ok"] is False
            assert "nonsense" in result.observation["results"][0]["text"]
            with pytest.raises(RuntimeError, match="VALIDATION_ERROR"):
                await client.step({"tols": "pass_turn"})
            with pytest.raises(RuntimeError, match="No preset"):
                await client.reset(preset="nowhere")
            assert (await client.reset(seed=2)).done is False

    asyncio.run(mistakes())


def test_a_full_server_says_so_and_has_room_again_afterwards() -> None:
    async def fill(base_url: str) -> None:
        async with GenericEnvClient(base_url=base_url) as first:
            await first.reset(seed=1)
            second = GenericEnvClient(base_url=base_url)
            await second.connect()
            with pytest.raises(RuntimeError, match="full"):
                await second.reset(seed=1)
            await second.close()
        for _ in range(50):
            try:
                async with GenericEnvClient(base_url=base_url) as third:
                    assert (await third.reset(seed=1)).done is False
                    return
            except RuntimeError:
                await asyncio.sleep(0.1)
        raise AssertionError("no room was made")

    with serving("--env", "swarm_economy", "--max-sessions", "1") as base_url:
        asyncio.run(fill(base_url))


def test_the_client_of_tools_lists_and_calls_them(url: str) -> None:
    async def tools() -> None:
        async with MCPToolClient(base_url=url) as client:
            await client.reset(seed=3)
            names = [tool.name for tool in await client.list_tools()]
            assert "pass_turn" in names
            result = await client.call_tool("pass_turn")
            assert result["structuredContent"]["done"] is False
            assert "Step 2 of 25" in result["content"][-1]["text"]

    asyncio.run(tools())


def test_a_token_is_wanted_where_one_is_set() -> None:
    async def ask(base_url: str) -> None:
        with pytest.raises(Exception, match="401"):
            await GenericEnvClient(base_url=base_url).connect()
        async with GenericEnvClient(base_url=base_url, headers={"Authorization": "Bearer long-enough"}) as client:
            assert (await client.reset(seed=1)).done is False

    with serving("--env", "swarm_economy", "--token", "long-enough") as base_url:
        asyncio.run(ask(base_url))


def test_the_program_of_the_page_runs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_page("openenv", url)
    assert capsys.readouterr().out
