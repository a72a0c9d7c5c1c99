"""
What evaluation frameworks cost around a model call, measured in one run, after `npm run build`:
`python3 bench/peers/run.py [--venvs FOLDER] [--sizes 1,64,512,4000] [--limit SECONDS] [--only NAME] [--write]`. Each peer of Python gets an environment of its own in
that folder, made of its file in requirements/ where it is not there yet. Prints Markdown, then JSON; with --write the table goes into docs/scale.md.

Every peer is a process of its own that makes so many calls, so many at once, to a local provider that answers at once. Processor time
is user and system of the process and what it waited for; that of the same process with one call is its start-up and is taken off.
What the largest number left in a framework's files is then read by a process of its own with what the framework reads it with, less
what the same process takes for the files of one call.
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
import urllib.request

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
ENV = {**os.environ, "PYTHONPATH": str(HERE), "PEER_KEY": "none", "PYTHONDONTWRITEBYTECODE": "1"}

parser = argparse.ArgumentParser()
parser.add_argument("--sizes", default="1,64,512,4000")
parser.add_argument("--limit", type=float, default=600)
parser.add_argument("--only", default="", help="peers whose name begins so")
parser.add_argument("--write", action="store_true", help="put the table into docs/scale.md")
parser.add_argument("--venvs", type=pathlib.Path, default=ROOT / "node_modules" / ".peers")
options = parser.parse_args()
SIZES = [int(size) for size in options.sizes.split(",")]
# One at once needs some calls to be measured.
calls_of = lambda at_once: max(at_once, 32)


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
PEERS = {
    f"OpenAI SDK, Node {package['dependencies']['openai']}": node("openai_node.mjs"),
    f"OpenAI SDK, Python {version('openai', 'openai')}": python("openai", "openai_python.py"),
    f"agoragym {package['version']}": node("agoragym_one.mjs"),
    f"Verifiers {version('verifiers', 'verifiers')}": verifiers,
    f"Inspect {version('inspect', 'inspect-ai')}": python("inspect", "inspect_one.py"),
}


def measure(command: list[str]) -> tuple[float, float, str]:
    """Processor seconds, peak memory in MB, and what went wrong."""
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(command, env=ENV, stdout=told, stderr=told, cwd=ROOT, start_new_session=True)
        timer = threading.Timer(options.limit, lambda: os.killpg(child.pid, signal.SIGKILL))
        timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        late = not timer.is_alive()
        timer.cancel()
        told.seek(0)
        words = told.read().decode(errors="replace").strip().splitlines()
    failed = "" if status == 0 else f"not done in {options.limit:.0f} s" if late else (words[-1][:120] if words else f"status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, failed


def run(url: str) -> list[dict]:
    rows = []
    for name, command in PEERS.items():
        if not name.startswith(options.only):
            continue
        out = tempfile.mkdtemp()
        # The first start of all reads the programs from the disk; the better of two is what is taken off.
        starts = [measure(command(url, 1, 1, f"{out}/start{i}")) for i in (0, 1)]
        start, failed = min(cpu for cpu, _, _ in starts), starts[1][2]
        row = {"peer": name, "start_up_cpu_s": round(start, 2), "sizes": {}}
        if failed:
            row["failed"] = failed
        for at_once in SIZES if not failed else []:
            before = answered(url)
            cpu, peak, failed = measure(command(url, calls_of(at_once), at_once, f"{out}/{at_once}"))
            made = answered(url) - before
            row["sizes"][at_once] = (
                {"failed": failed}
                if failed
                else {"calls": made, "cpu_ms_a_call": round(1000 * (cpu - start) / max(1, made - 1), 2), "peak_mb": round(peak)}
            )
            print(name, at_once, row["sizes"][at_once], file=sys.stderr, flush=True)
        reader = next((read for begins, read in readers().items() if name.startswith(begins)), None)
        largest = max((size for size, figures in row["sizes"].items() if "failed" not in figures), default=0)
        if reader is not None and largest > 1:
            few, _, wrong = measure(reader(f"{out}/start1"))
            many, peak, failed = measure(reader(f"{out}/{largest}"))
            row["read"] = (
                {"failed": failed or wrong}
                if failed or wrong
                else {"results": calls_of(largest), "cpu_ms_a_result": round(1000 * (many - few) / calls_of(largest), 3), "peak_mb": round(peak)}
            )
            print(name, "read", row["read"], file=sys.stderr, flush=True)
        rows.append(row)
        shutil.rmtree(out)
    return rows


def answered(url: str) -> int:
    """Calls that the provider has answered."""
    return int(urllib.request.urlopen(COUNTER).read())


def cell(figures: dict) -> str:
    # Where few calls are made, the start varies by more than they cost.
    cost = f"{figures['cpu_ms_a_call']} ms" if figures.get("cpu_ms_a_call", 0) > 0 else "lost in the start"
    return figures.get("failed") or f"{cost}, {figures['peak_mb']} MB"


provider = subprocess.Popen(["node", str(HERE / "provider.mjs")], cwd=ROOT, stdout=subprocess.PIPE, text=True)
try:
    URL, COUNTER = json.loads(provider.stdout.readline())
    load = os.getloadavg()[0]
    rows = run(URL)
finally:
    provider.kill()

machine = f"{os.cpu_count()} cores, load {load:.0f} to {os.getloadavg()[0]:.0f}, Python {platform.python_version()}, Node {subprocess.check_output(['node', '--version'], text=True).strip()}"
def read_cell(row: dict) -> str:
    read = row.get("read")
    if read is None:
        return "–"
    return read.get("failed") or f"{read['cpu_ms_a_result']} ms, {read['peak_mb']} MB"


lines = [f"{datetime.date.today()}, {machine}, at most {options.limit:.0f} s a cell.", ""]
lines.append(f"| | start-up | {' | '.join(f'{size:,} at once' for size in SIZES)} | a result read |")
lines.append(f"|:-|{'-:|' * (len(SIZES) + 2)}")
for row in rows:
    cells = [row["failed"]] if "failed" in row else [cell(figures) for figures in row["sizes"].values()]
    lines.append(f"| {row['peer']} | {row['start_up_cpu_s']} s | {' | '.join([*cells, read_cell(row)])} |")
text = "\n".join(lines)
print(text)
print("\n" + json.dumps({"machine": machine, "rows": rows}))
if options.write:
    page = ROOT / "docs" / "scale.md"
    before, _, rest = page.read_text().partition("<!-- measured:peers -->\n")
    _, _, after = rest.partition("<!-- /measured:peers -->")
    if not after:
        raise SystemExit(f"{page} has no section measured:peers")
    page.write_text(f"{before}<!-- measured:peers -->\n{text}\n<!-- /measured:peers -->{after}")
