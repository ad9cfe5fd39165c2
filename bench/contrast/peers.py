"""torch's side of bench/contrast, and the reference.

    peers.py eager|compile --folder DIR --rows N --dims N --threads N --out FILE
    peers.py reference     --folder DIR --rows N --dims N --threads N --out FILE
    peers.py memory        --folder DIR --rows N --dims N --threads N

The folder holds x.f32 (rows x features), labels.i32, weight.f32 (dims x features) and bias.f32. The work: a linear head,
L2 normalisation, SupCon, and the way back to dW and db; nothing goes back to x. `eager` and `compile` do it once, write
dW and db (float32) to --out and say version and loss in a line of JSON; then they do it "times" times for each line on
stdin and answer with the seconds of one step. `reference` writes dW and db in float64 and says the loss. `memory` says
by how many bytes the process grows at its highest.
"""

import argparse
import json
import re
import sys
import time

import numpy
import torch
import torch.nn.functional as F

temperature = 0.07


def say(**fields):
    print(json.dumps(fields), flush=True)


def supcon(z, labels):
    """As users of SupCon have it: rows minus their maximum, float masks of positives and of self, N x N each.

    Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, eq. 2 (L_out).
    """
    scores = z @ z.T / temperature
    scores = scores - scores.max(dim=1, keepdim=True).values.detach()
    others = 1 - torch.eye(len(z), dtype=z.dtype)
    positives = torch.eq(labels[:, None], labels[None, :]).to(z.dtype) * others
    log_sums = torch.log((torch.exp(scores) * others).sum(dim=1, keepdim=True))
    means = (positives * (scores - log_sums)).sum(dim=1) / positives.sum(dim=1)
    return -means.mean()


def supcon_by_formula(z, labels):
    """The same equation in another form, for the reference: no term of it is shared with supcon() or with unreel."""
    itself = torch.eye(len(z), dtype=torch.bool)
    scores = (z @ z.T / temperature).masked_fill(itself, -torch.inf)
    positives = (labels[:, None] == labels[None, :]) & ~itself
    logs = torch.where(positives, torch.log_softmax(scores, dim=1), 0.0)
    return -(logs.sum(dim=1) / positives.sum(dim=1)).mean()


def loss_of(loss):
    """From rows of features to the loss, by the head."""
    return lambda x, weight, bias, labels: loss(F.normalize(F.linear(x, weight, bias), dim=1, eps=1e-12), labels)


def read_inputs(arguments, dtype):
    """x, weight, bias and labels; weight and bias want gradients."""

    def read(name, shape, kind=numpy.float32):
        return torch.from_numpy(numpy.fromfile(f"{arguments.folder}/{name}", kind).reshape(shape))

    x = read("x.f32", (arguments.rows, -1)).to(dtype)
    labels = read("labels.i32", (arguments.rows,), numpy.int32).long()
    weight = read("weight.f32", (arguments.dims, -1)).to(dtype).requires_grad_()
    bias = read("bias.f32", (arguments.dims,)).to(dtype).requires_grad_()
    return x, weight, bias, labels


def step(forward, inputs):
    """Forward and backward; gives the loss and leaves dW and db with the parameters, as a training step does."""
    _, weight, bias, _ = inputs
    weight.grad = bias.grad = None
    loss = forward(*inputs)
    loss.backward()
    return loss.item()


def write_gradients(inputs, path):
    _, weight, bias, _ = inputs
    with open(path, "wb") as file:
        for each in (weight, bias):
            each.grad.numpy().tofile(file)


def serve(forward, arguments):
    inputs = read_inputs(arguments, torch.float32)
    loss = step(forward, inputs)
    write_gradients(inputs, arguments.out)
    say(version=f"torch {torch.__version__.split('+')[0]} ({torch.backends.cpu.get_cpu_capability()})", loss=loss)
    for line in sys.stdin:
        times = json.loads(line)["times"]
        began = time.perf_counter()
        for _ in range(times):
            step(forward, inputs)
        say(seconds=(time.perf_counter() - began) / times)


def serve_eager(arguments):
    serve(loss_of(supcon), arguments)


def serve_compiled(arguments):
    # One process a shape and no dynamic sizes: the code that torch.compile makes for this very shape.
    serve(torch.compile(loss_of(supcon), fullgraph=True, dynamic=False), arguments)


def write_reference(arguments):
    inputs = read_inputs(arguments, torch.float64)
    loss = step(loss_of(supcon_by_formula), inputs)
    write_gradients(inputs, arguments.out)
    say(loss=loss)


def peak_bytes():
    with open("/proc/self/status") as status:
        return 1024 * int(re.search(r"^VmHWM:\s*(\d+)", status.read(), re.M)[1])


def forget_peak():
    """VmHWM falls to what the process holds now (proc_pid_clear_refs(5)), so that an import's peak hides no step's."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def measure_memory(arguments):
    """The inputs are there and a step of 8 rows is done before the first reading: its libraries are loaded then."""
    inputs = x, weight, bias, labels = read_inputs(arguments, torch.float32)
    forward = loss_of(supcon)
    step(forward, (x[:8], weight, bias, labels[:8]))
    forget_peak()
    before = peak_bytes()
    step(forward, inputs)
    say(bytes=peak_bytes() - before)


def main():
    does = {
        "eager": serve_eager,
        "compile": serve_compiled,
        "reference": write_reference,
        "memory": measure_memory,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=does)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--out")
    for name in ["rows", "dims", "threads"]:
        parser.add_argument(f"--{name}", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    does[arguments.what](arguments)


if __name__ == "__main__":
    main()
