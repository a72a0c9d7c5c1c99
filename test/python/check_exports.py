"""Checks exports with the libraries that read them: Hugging Face datasets, TRL, pyarrow and Verifiers.

    python check_exports.py EXPORT…

Each EXPORT is a folder that `agoragym export` wrote. Prints a line a check and ends with `N passed, N failed`; exits 1 if
any failed. Needs datasets, trl, transformers and jinja2 (no torch); checks traces with verifiers where that is installed.
"""

import hashlib
import json
import math
import os
import sys
import tempfile
import traceback

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="hf-")

import datasets  # noqa: E402
import pyarrow.parquet  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402
from trl import apply_chat_template, extract_prompt, is_conversational, unpair_preference_dataset  # noqa: E402
import trl.chat_template_utils  # noqa: E402

datasets.disable_progress_bars()

# Small, so that a column's type is fixed by a few rows and the rest has to fit it.
SMALL_CHUNK = 4096
# Templates that ship with TRL: one with tool calls and reasoning, in the forms for inference and for training on answers.
TEMPLATES = ["qwen3", "qwen3_training", "qwen2_5_training"]
# A training template marks the words that assistants say.
MARKING = "qwen3_training"


def json_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def tokenizer(template):
    """A tokenizer of single bytes with a chat template of TRL's: nothing is downloaded."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
    vocabulary = {token: i for i, token in enumerate([*alphabet, *special])}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    folder = os.path.join(os.path.dirname(trl.chat_template_utils.__file__), "chat_templates")
    with open(os.path.join(folder, f"{template}.jinja"), encoding="utf-8") as text:
        made.chat_template = text.read()
    return made


TOKENIZERS = {template: tokenizer(template) for template in TEMPLATES}


def load(*args, **kwargs):
    with tempfile.TemporaryDirectory() as cache:
        return datasets.load_dataset(*args, cache_dir=cache, keep_in_memory=True, **kwargs)


def check_fingerprints(folder, card):
    for file in card["files"]:
        with open(os.path.join(folder, file["path"]), "rb") as data:
            content = data.read()
        assert len(content) == file["bytes"], f"{file['path']}: {len(content)} bytes, the card says {file['bytes']}"
        digest = hashlib.sha256(content).hexdigest()
        assert digest == file["sha256"], f"{file['path']}: SHA-256 {digest}, the card says {file['sha256']}"


def check_card_loads(folder, card):
    """`load_dataset(folder)` finds every table and split, with every row as it was written."""
    tables = {}
    for file in card["files"]:
        if "columns" in file:
            name = os.path.basename(file["path"]).rsplit(".", 1)[0].replace(".", "-")
            tables.setdefault(name, {}).setdefault(file["split"] or "train", []).append(file)
    assert sorted(datasets.get_dataset_config_names(folder)) == sorted(tables), "the card's tables are not those of README.md"
    for name, splits in tables.items():
        for split, files in splits.items():
            expected = [row for file in files for row in rows_of(folder, file)]
            if not expected:
                continue
            options = {} if files[0]["path"].endswith(".parquet") else {"chunksize": SMALL_CHUNK}
            loaded = load(folder, name, split=split, **options)
            assert list(loaded.column_names) == list(files[0]["columns"]), f"{name}: columns {loaded.column_names}"
            assert len(loaded) == len(expected), f"{name}/{split}: {len(loaded)} rows, {len(expected)} were written"
            for got, wrote in zip(loaded, expected, strict=True):
                changed = difference(got, wrote)
                assert changed is None, f"{name}/{split}: a row came back changed: {changed}"


def rows_of(folder, file):
    path = os.path.join(folder, file["path"])
    if not path.endswith(".parquet"):
        return json_lines(path)
    rows = pyarrow.parquet.read_table(path).to_pylist()
    texts = [name for name, kind in file["columns"].items() if kind == "json"]
    return [{**row, **{name: row[name] and json.loads(row[name]) for name in texts}} for row in rows]


def difference(got, wrote, at=""):
    """Where the two first differ; None where they do not. Datasets keeps ten decimals of a number beside JSON columns."""
    if isinstance(wrote, dict) and isinstance(got, dict) and got.keys() == wrote.keys():
        pairs = [(got[key], wrote[key], f"{at}.{key}") for key in wrote]
    elif isinstance(wrote, list) and isinstance(got, list) and len(got) == len(wrote):
        pairs = [(got[i], wrote[i], f"{at}[{i}]") for i in range(len(wrote))]
    elif isinstance(wrote, (int, float)) and isinstance(got, float) and math.isclose(got, wrote, rel_tol=1e-9, abs_tol=1e-9):
        return None
    else:
        return None if got == wrote else f"{at}: {str(got)[:80]} instead of {str(wrote)[:80]}"
    return next((found for pair in pairs if (found := difference(*pair)) is not None), None)


def check_files_load(folder, card):
    """Each file by itself, as somebody without the card would load it."""
    for file in card["files"]:
        path = os.path.join(folder, file["path"])
        if "columns" not in file or file["rows"] == 0:
            continue
        loaded = load(path.rsplit(".", 1)[1].replace("jsonl", "json"), data_files=path, split="train")
        assert len(loaded) == file["rows"], f"{file['path']}: {len(loaded)} rows, the card says {file['rows']}"
        assert list(loaded.column_names) == list(file["columns"]), f"{file['path']}: columns {loaded.column_names}"


def tables(folder, card, name):
    for file in card["files"]:
        if os.path.basename(file["path"]) == name and file["rows"] > 0:
            yield load("json", data_files=os.path.join(folder, file["path"]), split="train")


def rendered(example, keys, template):
    return apply_chat_template({key: example[key] for key in keys}, TOKENIZERS[template], tools=example["tools"])


def check_sft_trl(folder, card):
    for table in tables(folder, card, "sft.trl.jsonl"):
        for example in table:
            assert is_conversational(example)
            for template in TEMPLATES:
                text = rendered(example, ["messages"], template)["text"]
                for message in example["messages"]:
                    for call in message.get("tool_calls") or []:
                        assert f'"{call["function"]["name"]}"' in text, "a tool call is missing in the rendered text"
            # What `assistant_only_loss` trains on.
            marked = TOKENIZERS[MARKING].apply_chat_template(
                example["messages"],
                tools=example["tools"],
                tokenize=True,
                return_dict=True,
                return_assistant_tokens_mask=True,
            )
            assert 0 < sum(marked["assistant_masks"]) < len(marked["input_ids"]), "no token of an assistant is marked"


def check_preference_trl(folder, card):
    keys = ["prompt", "chosen", "rejected"]
    for table in tables(folder, card, "preference.trl.jsonl"):
        for example in table:
            assert is_conversational(example)
            assert example["prompt"][-1]["role"] in ("user", "tool"), "a prompt ends with an answer"
            assert example["chosen"] != example["rejected"]
            for template in TEMPLATES:
                parts = rendered(example, keys, template)
                assert all(parts[key] for key in keys), "an empty part"
                assert parts["chosen"] != parts["rejected"]
        # TRL finds the same prompt, or a longer one where the answers begin alike.
        whole = table.map(
            lambda row: {"chosen": row["prompt"] + row["chosen"], "rejected": row["prompt"] + row["rejected"]},
            remove_columns=["prompt", "info"],
        )
        for found, example in zip(whole, table, strict=True):
            prompt = extract_prompt(found)["prompt"]
            assert prompt[: len(example["prompt"])] == example["prompt"], "the prompt is not what both have in common"
        unpaired = unpair_preference_dataset(table.select_columns(keys))
        assert len(unpaired) == 2 * len(table) and set(unpaired.column_names) == {"prompt", "completion", "label"}


def check_kto(folder, card):
    for table in tables(folder, card, "kto.jsonl"):
        for example in table:
            assert is_conversational(example) and isinstance(example["label"], bool)
            for template in TEMPLATES:
                parts = rendered(example, ["prompt", "completion", "label"], template)
                assert parts["prompt"] and parts["completion"]


def check_prompts(folder, card):
    for table in tables(folder, card, "prompts.jsonl"):
        for example in table:
            assert is_conversational(example)
            for template in TEMPLATES:
                assert rendered(example, ["prompt"], template)["prompt"]


def check_openai(folder, card):
    """The rules of OpenAI's fine-tuning files that can be checked here: known fields, linked ids, roles of the outputs."""
    for table in tables(folder, card, "sft.openai.jsonl"):
        for example in table:
            assert set(example) == {"messages", "tools", "parallel_tool_calls"}
            check_openai_messages(example["messages"])
            assert example["messages"][-1]["role"] == "assistant"
    for table in tables(folder, card, "preference.openai.jsonl"):
        for example in table:
            assert set(example) == {"input", "preferred_output", "non_preferred_output"}
            check_openai_messages(example["input"]["messages"])
            for output in (example["preferred_output"], example["non_preferred_output"]):
                assert output and {message["role"] for message in output} <= {"assistant", "tool"}


def check_openai_messages(messages):
    open_calls = set()
    for message in messages:
        if message["role"] == "tool":
            open_calls.remove(message["tool_call_id"])
            continue
        assert not open_calls, "a call without a result"
        for call in message.get("tool_calls") or []:
            assert call["type"] == "function" and isinstance(call["function"]["arguments"], str)
            open_calls.add(call["id"])


def check_tokens(folder, card):
    for table in tables(folder, card, "tokens.jsonl"):
        for row in table:
            assert len(row["completion_ids"]) == len(row["completion_mask"])
            assert row["logprobs"] is None or len(row["logprobs"]) == len(row["completion_ids"])


def check_traces(folder, card):
    from verifiers.v1.episode import WireEpisode

    for file in card["files"]:
        if os.path.basename(file["path"]) != "traces.jsonl":
            continue
        for row in json_lines(os.path.join(folder, file["path"])):
            episode = WireEpisode.model_validate(row)
            assert len(episode.traces) == len(row["traces"])
            for trace, wrote in zip(episode.traces, row["traces"], strict=True):
                assert abs(trace.reward - wrote["rewards"]["reward"]["score"]) < 1e-12
                assert [branch.messages for branch in trace.branches] in ([], [[node.message for node in trace.nodes]])
                for branch in trace.branches:
                    assert len(branch.token_ids) == len(branch.sampled_mask)


ALWAYS = [check_fingerprints, check_card_loads, check_files_load]
BY_FORMAT = {
    "sft-trl": [check_sft_trl],
    "sft-openai": [check_openai],
    "preference": [check_preference_trl, check_openai],
    "kto": [check_kto],
    "prompts": [check_prompts],
    "tokens": [check_tokens],
    "traces": [check_traces],
}


def main(folders):
    passed = failed = skipped = 0
    for folder in folders:
        with open(os.path.join(folder, "datacard.json"), encoding="utf-8") as text:
            card = json.load(text)
        for check in ALWAYS + BY_FORMAT.get(card["format"], []):
            name = f"{card['format']}: {check.__name__}"
            try:
                check(folder, card)
                passed += 1
                print(f"ok      {name}")
            except ModuleNotFoundError as error:
                skipped += 1
                print(f"skipped {name}: {error.name} is not installed")
            except Exception as error:
                failed += 1
                print(f"FAILED  {name}: {type(error).__name__}: {error}")
                traceback.print_exc(limit=-3)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
