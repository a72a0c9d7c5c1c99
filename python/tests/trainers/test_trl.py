"""TRL: every economy's class is one that its GRPO trainer takes, and two steps of it run on a CPU."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from transformers.utils import get_json_schema

from agoragym import AgoragymError, Session
from agoragym.trl import OVER, dataset, environment

ECONOMIES = ["sim_economy", "swarm_economy", "mars_colony", "spatial_planning"]


def tools_of(made: type[Any]) -> dict[str, dict[str, Any]]:
    """The schemas that TRL makes of a class again."""
    names = [name for name, _ in inspect.getmembers(made, inspect.isfunction) if not name.startswith("_")]
    return {name: get_json_schema(getattr(made(), name))["function"] for name in names if name not in ("reset", "get_reward")}


@pytest.mark.parametrize("economy", ECONOMIES)
def test_the_schemas_that_trl_makes_say_what_ours_say(economy: str) -> None:
    made = environment(economy)
    with Session(economy) as session:
        info = session.info
    ours = {tool["name"]: tool for tool in info["tools"]} | ({"end_turn": info["end_tool"]} if "end_tool" in info else {})
    theirs = tools_of(made)
    assert theirs.keys() == ours.keys()
    for name, tool in ours.items():
        assert theirs[name]["description"] == " ".join(tool["description"].split())
        wanted = tool["parameters"]
        assert theirs[name]["parameters"]["properties"].keys() == wanted.get("properties", {}).keys()
        assert set(theirs[name]["parameters"].get("required", [])) == set(wanted.get("required", []))


@pytest.mark.parametrize("economy", ECONOMIES)
def test_a_game_that_is_left_is_played_out_in_silence(economy: str) -> None:
    made = environment(economy)
    game = made()
    text = game.reset(seed=7)
    with Session(economy) as session:
        view = session.reset(7)
        assert text.startswith(view["turns"][session.live[0]]["text"])
        while not view["done"]:
            view = session.step({})
        assert game.get_reward() == pytest.approx(view["scores"][session.live[0]]["reward"], abs=1e-12)
    # A second game of the same object begins anew.
    assert game.reset(seed=7) == text


def test_calls_one_by_one_are_the_game_of_messages() -> None:
    """A question, a declaration and an early end of every turn, against the same decisions in one message each."""
    game = environment("spatial_planning")()
    game.reset(seed=1)
    assert "Refused" not in game.calculate(kind="tax", amount=100_000)
    declared = {"no_project": 300_000, "project": 400_000}
    noted = game.declare(**declared)
    seat = game._seat
    with Session("spatial_planning") as session:
        view = session.step({seat: {"calls": [{"tool": "declare", "args": declared}]}}) if session.reset(1) else None
        assert view is not None
        if game._view["t"] == 0:
            assert "Noted (1 of 3" in noted
            game.end_turn()
        while not view["done"]:
            assert game._view["turns"] == view["turns"]
            view = session.step({})
            game.end_turn()
        assert game.get_reward() == pytest.approx(view["scores"][seat]["reward"], abs=1e-12)
    assert game.end_turn() == OVER


def test_null_for_an_argument_that_is_left_out_is_no_mistake() -> None:
    game = environment("sim_economy")()
    game.reset(seed=1)
    game.job(speech=None)
    [result] = game._view["turns"][game._seat]["results"]
    assert result["ok"], result


def test_what_a_row_lacks_is_named() -> None:
    game = environment("sim_economy")()
    with pytest.raises(AgoragymError, match="the row has no `seed`"):
        game.reset()
    with pytest.raises(AgoragymError, match="not_reset"):
        environment("sim_economy")().get_reward()


def test_two_steps_of_grpo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of two layers with random weights, its tokenizer made here; six whole calls are tokens, so that it calls tools."""
    import torch
    import trl
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    made = environment("sim_economy", preset="short")
    rows = dataset(made, range(4))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    learned = trainers.BpeTrainer(
        vocab_size=1500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator([made._rules, json.dumps(tools_of(made))], learned)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side="left"
    )
    fast.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text("utf-8")
    calls = [
        f'<tool_call>\n{{"name": "{name}", "arguments": {json.dumps(args)}}}\n</tool_call>'
        for name, args in (
            ("mine", {}),
            ("job", {}),
            ("stake", {"amount": 1}),
            ("study", {}),
            ("nonsense", {}),
            ("mine", {"x": 1}),
        )
    ]
    fast.add_tokens(calls)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
        bos_token_id=None,
    )
    model = Qwen2ForCausalLM(config)
    head = torch.nn.Linear(32, len(fast), bias=True)
    torch.nn.init.normal_(head.weight, std=0.02)
    with torch.no_grad():
        head.bias.fill_(-8.0)
        head.bias[fast.convert_tokens_to_ids(calls)] = 2.0
        head.bias[fast.eos_token_id] = 2.5
    model.lm_head = head
    model.config._name_or_path = "tiny"
    trainer = trl.GRPOTrainer(
        model=model,
        processing_class=fast,
        train_dataset=rows,
        environment_factory=made,
        args=trl.GRPOConfig(
            output_dir=str(tmp_path),
            max_steps=2,
            per_device_train_batch_size=4,
            num_generations=4,
            max_completion_length=2000,
            max_tool_calling_iterations=4,
            learning_rate=1e-3,
            report_to=[],
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            save_strategy="no",
            logging_steps=1,
            chat_template_kwargs={"enable_thinking": False},
        ),
    )
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    done = trainer.train()
    assert done.global_step == 2
    logged = [row for row in trainer.state.log_history if "reward" in row]
    assert len(logged) == 2
    assert any(row["tools/call_frequency"] > 0 for row in logged)
    assert any(not torch.equal(value, before[name]) for name, value in model.named_parameters())
