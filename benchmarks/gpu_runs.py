"""Sixty runs of a transformer on this machine's GPU: how long reading and writing take, and what they draw.

    python benchmarks/gpu_runs.py --out runs.csv         # at most eight minutes, on one NVIDIA GPU
    python benchmarks/gpu_runs.py --out runs.csv --dry   # seconds, tiny, on a CPU: does it run?

For the paper's experiment 3 (docs/background/experiments/cost_model.md): predicted against measured. Needs
torch, with CUDA unless `--dry`, and nothing else; it asks nothing of coalesce_sim. Four sizes, three batch
sizes, five runs of each with a prompt and an answer of their own length; every other run is to fit, the rest
are held out. Seconds are by device events, energy and memory by the driver's counters (NVML). What does not
fit into the memory, and what comes after the time is up, is left out and said. One row a run; weights are
random, which changes no speed.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import importlib
import math
import os
import platform
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BATCHES = (1, 4, 16)
RUNS_OF_EACH = 5
HEAD_WIDTH = 64
SIZES = {"0.1B": (12, 768), "0.8B": (16, 2048), "3B": (24, 3328), "6B": (32, 4096)}
TINY = {"2x64": (2, 64), "2x128": (2, 128), "3x128": (3, 128), "3x192": (3, 192)}
"""Layers and width of each size; in all layers 12 · layers · width² parameters."""


@dataclass(frozen=True)
class Run:
    """One run: tokens of each of `batch` sequences that are read, then written one by one."""

    half: str
    size: str
    layers: int
    width: int
    batch: int
    vocabulary: int
    prompt_tokens: int
    output_tokens: int

    @property
    def params(self) -> int:
        return 12 * self.layers * self.width**2 + 2 * self.vocabulary * self.width

    @property
    def read_flop(self) -> float:
        """Two a weight and token, attention to all tokens before, and one row of logits a sequence."""
        n, weights = self.prompt_tokens, 12 * self.layers * self.width**2
        attention = 4 * self.layers * self.width * n * (n + 1) / 2
        return self.batch * (2 * weights * n + attention + 2 * self.vocabulary * self.width)

    @property
    def write_flop(self) -> float:
        """The same for every token that is written, each with a row of logits."""
        n, m, weights = self.prompt_tokens, self.output_tokens, 12 * self.layers * self.width**2
        attention = 4 * self.layers * self.width * (m * n + m * (m + 1) / 2)
        return self.batch * (2 * (weights + self.vocabulary * self.width) * m + attention)


def plan(*, dry: bool) -> list[Run]:
    """The sixty runs, the same every time."""
    rng, sizes = random.Random(1), TINY if dry else SIZES
    vocabulary, prompts, outputs = (500, (8, 64), (2, 8)) if dry else (32_000, (64, 2048), (8, 256))
    runs: list[Run] = []
    for size, (layers, width) in sizes.items():
        for batch in BATCHES:
            for _ in range(RUNS_OF_EACH):
                read, written = (
                    round(math.exp(rng.uniform(*map(math.log, ends)))) for ends in (prompts, outputs)
                )
                half = "held_out" if len(runs) % 2 else "fit"
                runs.append(Run(half, size, layers, width, batch, vocabulary, read, written))
    return runs


class Driver:
    """The counters of NVIDIA's driver, by its own library; None where it does not count."""

    class _Memory(ctypes.Structure):
        _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]

    def __init__(self, uuid: str | None) -> None:
        self._nvml: Any = None
        self._device = ctypes.c_void_p()
        try:
            nvml = ctypes.CDLL("libnvidia-ml.so.1")
        except OSError:
            return
        if nvml.nvmlInit_v2() != 0:
            return
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
        uuid = uuid or (visible if visible.startswith("GPU-") else None)
        if uuid is not None:
            failed = nvml.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(self._device))
        else:
            index = int(visible) if visible.isdigit() else 0
            failed = nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(self._device))
        self._nvml = None if failed else nvml

    def version(self) -> str:
        text = ctypes.create_string_buffer(96)
        if self._nvml is None or self._nvml.nvmlSystemGetDriverVersion(text, 96) != 0:
            return ""
        return text.value.decode()

    def energy_j(self) -> float | None:
        """Joules since the driver was loaded."""
        millijoules = ctypes.c_ulonglong()
        if self._nvml is None:
            return None
        failed = self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._device, ctypes.byref(millijoules))
        return None if failed else millijoules.value / 1000

    def used_gb(self) -> float | None:
        """GB of the GPU's memory in use, by whomever."""
        memory = self._Memory()
        if self._nvml is None:
            return None
        failed = self._nvml.nvmlDeviceGetMemoryInfo(self._device, ctypes.byref(memory))
        return None if failed else memory.used / 1e9


class Transformer:
    """A decoder with random weights and a cache of keys and values."""

    def __init__(self, torch: Any, run: Run, device: str) -> None:
        width, vocabulary = run.width, run.vocabulary
        self.torch, self.heads, self.width = torch, width // HEAD_WIDTH, width
        self.kind = {"dtype": torch.bfloat16 if device == "cuda" else torch.float32, "device": device}
        shapes = ((width, 3 * width), (width, width), (width, 4 * width), (4 * width, width))
        self.layers = [[self._weights(*shape) for shape in shapes] for _ in range(run.layers)]
        self.embedding, self.logits = self._weights(vocabulary, width), self._weights(width, vocabulary)

    def _weights(self, rows: int, columns: int) -> Any:
        return self.torch.randn((rows, columns), **self.kind) * 0.02

    def read(self, tokens: Any, length: int) -> Any:
        """Read whole prompts, (batch, tokens); the first token of each answer. `length` is all to come."""
        shape = (tokens.shape[0], self.heads, length, HEAD_WIDTH)
        self.cache = [[self.torch.zeros(shape, **self.kind) for _ in range(2)] for _ in self.layers]
        self.known = 0
        return self._step(tokens)

    def write(self, token: Any) -> Any:
        """The next token of each answer after `token`, (batch, 1)."""
        return self._step(token)

    def _step(self, tokens: Any) -> Any:
        functional = self.torch.nn.functional
        x = self.embedding[tokens]
        batch, n, width = x.shape
        until = self.known + n
        for (to_qkv, out, up, down), (keys, values) in zip(self.layers, self.cache, strict=True):
            qkv = functional.layer_norm(x, (width,)) @ to_qkv
            query, key, value = qkv.reshape(batch, n, 3, self.heads, HEAD_WIDTH).permute(2, 0, 3, 1, 4)
            keys[:, :, self.known : until], values[:, :, self.known : until] = key, value
            seen = functional.scaled_dot_product_attention(
                query, keys[:, :, :until], values[:, :, :until], is_causal=n > 1
            )
            x = x + seen.transpose(1, 2).reshape(batch, n, width) @ out
            x = x + functional.gelu(functional.layer_norm(x, (width,)) @ up) @ down
        self.known = until
        return (x[:, -1:] @ self.logits).argmax(-1)


def clock(torch: Any, device: str) -> Callable[[], Any]:
    """Makes marks in time: device events, or seconds of the CPU."""
    if device == "cpu":
        return time.perf_counter

    def mark() -> Any:
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    return mark


def between_s(earlier: Any, later: Any) -> float:
    """Seconds between two marks."""
    if isinstance(earlier, float):
        return float(later - earlier)
    return float(earlier.elapsed_time(later)) / 1000


def measure(torch: Any, model: Transformer, run: Run, device: str, driver: Driver) -> dict[str, Any]:
    """One run, from the prompts to the last token."""
    wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    mark = clock(torch, device)
    prompts = torch.randint(0, run.vocabulary, (run.batch, run.prompt_tokens), device=device)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    wait()
    before_j = driver.energy_j()
    begun = mark()
    token = model.read(prompts, run.prompt_tokens + run.output_tokens)
    read = mark()
    for _ in range(run.output_tokens):
        token = model.write(token)
    written = mark()
    wait()
    after_j = driver.energy_j()
    return {
        "read_s": between_s(begun, read),
        "write_s": between_s(read, written),
        "seconds": between_s(begun, written),
        "energy_j": None if before_j is None or after_j is None else after_j - before_j,
        "memory_gb": driver.used_gb(),
        "allocated_gb": torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else None,
    }


def play(torch: Any, *, dry: bool, until_s: float) -> Iterator[dict[str, Any]]:
    """The rows, as they come; says what is left out."""
    device, runs = "cpu" if dry else "cuda", plan(dry=dry)
    props = None if dry else torch.cuda.get_device_properties(0)
    uuid = getattr(props, "uuid", None)
    driver = Driver(None if uuid is None else f"GPU-{uuid}")
    machine = f"{platform.machine()} CPU, dry" if props is None else props.name
    facts = {"machine": machine, "driver": driver.version(), "torch": torch.__version__}
    too_large = (torch.cuda.OutOfMemoryError,) if device == "cuda" else ()
    model, warm = None, None
    for number, run in enumerate(runs):
        if time.monotonic() > until_s:
            print(f"the time is up: {len(runs) - number} of {len(runs)} runs are left out", file=sys.stderr)
            return
        try:
            if model is None or warm is None or warm[0] != run.size:
                model = None
                if device == "cuda":
                    torch.cuda.empty_cache()
                model = Transformer(torch, run, device)
            if warm != (run.size, run.batch):
                short = replace(run, prompt_tokens=16, output_tokens=4)
                measure(torch, model, short, device, driver)
                warm = run.size, run.batch
            measured = measure(torch, model, run, device, driver)
        except too_large:
            print(f"left out, for it does not fit into the memory: {run}", file=sys.stderr)
            model = None
            continue
        work = {"params": run.params, "read_flop": run.read_flop, "write_flop": run.write_flop}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        flop = {"flop": run.read_flop + run.write_flop}
        yield {**facts, "date": now, **asdict(run), **work, **flop, **measured}


def main(arguments: list[str] | None = None) -> int:
    """Measure, and write a CSV file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="the CSV file, which must not be there")
    parser.add_argument("--dry", action="store_true", help="tiny models on the CPU, in seconds")
    parser.add_argument("--minutes", type=float, default=8.0, help="stop after so many (%(default)s)")
    chosen = parser.parse_args(arguments)
    begun_s = time.monotonic()
    if chosen.out.exists():
        print(f"--out: {chosen.out} is there already", file=sys.stderr)
        return 2
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        print("needs torch (https://pytorch.org/get-started), which coalesce_sim does not", file=sys.stderr)
        return 2
    if not chosen.dry and not torch.cuda.is_available():
        print("needs an NVIDIA GPU and a torch built for CUDA; --dry runs on the CPU", file=sys.stderr)
        return 2
    torch.manual_seed(1)
    with torch.no_grad(), chosen.out.open("w", encoding="utf-8", newline="") as file:
        writer: Any = None
        for row in play(torch, dry=chosen.dry, until_s=begun_s + 60 * chosen.minutes):
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow(row)
            file.flush()
    print(f"{chosen.out}, in {time.monotonic() - begun_s:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
