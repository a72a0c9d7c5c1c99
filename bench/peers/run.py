"""
What evaluation frameworks cost around a model call, measured in one run, after `npm run build`:
`python3 bench/peers/run.py [--venvs FOLDER] [--sizes 1,64,512,4000] [--results N] [--limit SECONDS] [--total SECONDS] [--only NAME] [--write]`. Each peer of Python
gets an environment of its own in that folder, made of its file in requirements/ where it is not there yet. Prints Markdown, then JSON; with --write the table goes into
docs/scale.md.

Every peer is a process of its own that makes so many calls, so many at once, to a local provider that answers at once. Processor time
is user and system of the process and what it waited for; that of the same process with one call is its start-up and is taken off.
What a framework left of --results calls in its files is then read by a process of its own with what the framework reads it with, less
what the same process takes for the files of one call.

A process that does not end within its limit is ended, and the table says so; none is begun or goes on once --total seconds are over. A run
that is broken off (Ctrl-C) prints what it has, and writes nothing.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
ENV = {**os.environ, "PYTHONPATH": str(HERE), "PEER_KEY": "none", "PYTHONDONTWRITEBYTECODE": "1"}

parser = argparse.ArgumentParser()
parser.add_argument("--sizes", default="1,64,512,4000")
parser.add_argument("--results", type=int, default=10_000, help="calls whose results are read; 0 reads none")
parser.add_argument("--limit", type=float, help="seconds of one process; 30 and 25 ms a call where nothing is said")
parser.add_argument("--total", type=float, default=840, help="seconds of all processes together, making environments not included")
parser.add_argument("--only", default="", help="peers whose name begins so")
parser.add_argument("--write", action="store_true", help="put the table into docs/scale.md")
parser.add_argument("--venvs", type=pathlib.Path, default=ROOT / "node_modules" / ".peers")
options = parser.parse_args()
SIZES = [int(size) for size in options.sizes.split(",")]
# One at once needs some calls to be measured.
calls_of = lambda at_once: max(at_once, 32)


# What the frameworks are asked for at once where only their files matter.
USUAL = 512


def node(script: str):
    return lambda url, calls, at_once, out: ["node", str(HERE / script), url, str(calls), str(at_once), out]


def venv(peer: str) -> pathlib.Path:
    """The environment of a peer; made where it is not there."""
    folder = (options.venvs / peer).resolve()
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        wanted = str(HERE / "requirements" / f"{peer}.txt")
        subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "-r", wanted], check=True)
    return folder


def python(peer: str, script: str):
    program = str(venv(peer) / "bin" / "python")
    return lambda url, calls, at_once, out: [program, str(HERE / script), url, str(calls), str(at_once), out]


def verifiers(url: str, calls: int, at_once: int, out: str) -> list[str]:
    program = str(venv("verifiers") / "bin" / "vf-eval")
    return [
        *[program, "peer_taskset", "-m", "m", "-n", str(calls), "-c", str(at_once), "--no-push", "-o", out],
        *["--env.taskset.count", str(calls), "--env.agent.harness.id", "peer_taskset"],
        *["--env.agent.runtime.type", "subprocess", "--client.base-url", url],
        *["--client.api-key-var", "PEER_KEY"],
    ]


def version(peer: str, package: str) -> str:
    found = f"import importlib.metadata as m; print(m.version('{package}'))"
    return subprocess.check_output([str(venv(peer) / "bin" / "python"), "-c", found], text=True).strip()


def readers() -> dict:
    """How frameworks read what they wrote, by the beginning of their names."""
    return {
        "agoragym": lambda out: ["node", str(ROOT / "dist/bin/agoragym.js"), "compare", out],
        "Verifiers": lambda out: [str(venv("verifiers") / "bin" / "python"), str(HERE / "verifiers_read.py"), out],
        "Inspect": lambda out: [str(venv("inspect") / "bin" / "python"), str(HERE / "inspect_read.py"), out],
    }


package = json.loads((ROOT / "package.json").read_text())
# By the beginning of their names: the version of each, and its command. What is not asked for needs no environment.
PEERS = {
    "OpenAI SDK, Node": (lambda: package["dependencies"]["openai"], lambda: node("openai_node.mjs")),
    "OpenAI SDK, Python": (lambda: version("openai", "openai"), lambda: python("openai", "openai_python.py")),
    "agoragym": (lambda: package["version"], lambda: node("agoragym_one.mjs")),
    "Verifiers": (lambda: version("verifiers", "verifiers"), lambda: verifiers),
    "Inspect": (lambda: version("inspect", "inspect-ai"), lambda: python("inspect", "inspect_one.py")),
}


def measure(command: list[str], calls: int) -> tuple[float, float, str]:
    """Processor seconds, peak memory in MB, and what went wrong."""
    asked = options.limit if options.limit is not None else 30 + 0.025 * calls
    limit = min(asked, ends - time.monotonic())
    if limit <= 0:
        return 0, 0, "not begun: the time was up"
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(command, env=ENV, stdout=told, stderr=told, cwd=ROOT, start_new_session=True)
        late = threading.Event()

        def end():
            late.set()
            os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(limit, end)
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except KeyboardInterrupt:
            os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        # The end is what wait4 took: there is nothing left to wait for.
        child.returncode = status
        told.seek(0)
        words = told.read().decode(errors="replace").strip().splitlines()
    failed = "" if status == 0 else f"did not end in {limit:.3g} s" if late.is_set() else (words[-1][:120] if words else f"status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, failed


def run(url: str, rows: list[dict]) -> None:
    """Adds a row a peer; one that is broken off has what was measured until then."""
    for begins, (version_of, command_of) in wanted.items():
        name, command = f"{begins} {version_of()}", command_of()
        out = tempfile.mkdtemp()
        try:
            row = {"peer": name, "sizes": {}}
            rows.append(row)
            # The first start of all reads the programs from the disk; the better of two is what is taken off.
            starts = [measure(command(url, 1, 1, f"{out}/start{i}"), 1) for i in (0, 1)]
            start = min(cpu for cpu, _, _ in starts)
            failed = starts[1][2]
            if failed:
                row["failed"] = failed
                continue
            row["start_up_cpu_s"] = round(start, 2)
            for at_once in SIZES:
                before = answered()
                cpu, peak, failed = measure(command(url, calls_of(at_once), at_once, f"{out}/{at_once}"), calls_of(at_once))
                made = answered() - before
                row["sizes"][at_once] = (
                    {"failed": failed}
                    if failed
                    else {"calls": made, "cpu_ms_a_call": round(1000 * (cpu - start) / max(1, made - 1), 2), "peak_mb": round(peak)}
                )
                print(name, at_once, row["sizes"][at_once], file=sys.stderr, flush=True)
            reader = readers().get(begins)
            if reader is not None and options.results > 1:
                row["read"] = read(command, reader, url, out)
                print(name, "read", row["read"], file=sys.stderr, flush=True)
        finally:
            shutil.rmtree(out)


def read(command, reader, url: str, out: str) -> dict:
    """What it takes to read the results of so many calls."""
    calls = options.results
    _, _, failed = measure(command(url, calls, min(calls, USUAL), f"{out}/results"), calls)
    if failed:
        return {"failed": f"{calls:,} calls: {failed}"}
    few, _, wrong = measure(reader(f"{out}/start1"), 1)
    many, peak, failed = measure(reader(f"{out}/results"), calls)
    if failed or wrong:
        return {"failed": failed or wrong}
    return {"results": calls, "cpu_ms_a_result": round(1000 * (many - few) / calls, 3), "peak_mb": round(peak)}


def answered() -> int:
    """Calls that the provider has answered."""
    return int(urllib.request.urlopen(COUNTER).read())


def cell(figures: dict | None) -> str:
    if figures is None:
        return "–"
    # Where few calls are made, the start varies by more than they cost.
    cost = f"{figures['cpu_ms_a_call']} ms" if figures.get("cpu_ms_a_call", 0) > 0 else "lost in the start"
    return figures.get("failed") or f"{cost}, {figures['peak_mb']} MB"


def read_cell(figures: dict | None) -> str:
    if figures is None:
        return "–"
    return figures.get("failed") or f"{figures['cpu_ms_a_result']} ms, {figures['peak_mb']} MB"


def interrupted(*_):
    raise KeyboardInterrupt


wanted = {begins: peer for begins, peer in PEERS.items() if begins.startswith(options.only)}
# Environments are made before the clock runs.
for version_of, _ in wanted.values():
    version_of()
for each in (signal.SIGINT, signal.SIGTERM):
    signal.signal(each, interrupted)
ends = time.monotonic() + options.total
rows: list[dict] = []
whole = True
# It is ended here, and not by the Ctrl-C that ends this.
provider = subprocess.Popen(["node", str(HERE / "provider.mjs")], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
try:
    URL, COUNTER = json.loads(provider.stdout.readline())
    load = os.getloadavg()[0]
    run(URL, rows)
except KeyboardInterrupt:
    whole = False
finally:
    provider.kill()

machine = f"{os.cpu_count()} cores, load {load:.0f} to {os.getloadavg()[0]:.0f}, Python {platform.python_version()}, Node {subprocess.check_output(['node', '--version'], text=True).strip()}"
limit = "30 s and 25 ms a call" if options.limit is None else f"{options.limit:g} s"
lines = [f"{datetime.date.today()}, {machine}, at most {limit} a process{'' if whole else ', broken off'}.", ""]
lines.append(f"| | start-up | {' | '.join(f'{size:,} at once' for size in SIZES)} | a result read, of {options.results:,} |")
lines.append(f"|:-|{'-:|' * (len(SIZES) + 2)}")
for row in rows:
    start = row.get("failed") or (f"{row['start_up_cpu_s']} s" if "start_up_cpu_s" in row else "–")
    cells = [cell(row["sizes"].get(size)) for size in SIZES]
    lines.append(f"| {row['peer']} | {start} | {' | '.join([*cells, read_cell(row.get('read'))])} |")
text = "\n".join(lines)
print(text)
print("\n" + json.dumps({"machine": machine, "rows": rows}))
if not whole:
    raise SystemExit(130)
if options.write:
    page = ROOT / "docs" / "scale.md"
    before, _, rest = page.read_text().partition("<!-- measured:peers -->\n")
    _, _, after = rest.partition("<!-- /measured:peers -->")
    if not after:
        raise SystemExit(f"{page} has no section measured:peers")
    page.write_text(f"{before}<!-- measured:peers -->\n{text}\n<!-- /measured:peers -->{after}")
