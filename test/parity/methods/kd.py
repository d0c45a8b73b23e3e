"""Soft targets: Hinton, Vinyals, Dean 2015."""
import torch
import torch.nn.functional as F

from cases import LOGITS, case, fixture, logits, weights

def reduced(values, reduction, classes, weights):
    """values: one per sample."""
    total = values.sum() if weights is None else (values * weights).sum()
    count = values.numel() if weights is None else weights.sum()
    return {"batchMean": total / count, "mean": total / count / classes, "sum": total}[reduction]


def kd_loss(teacher, student, temperature=4.0, reduction="batchMean", divergence="kl", weights=None):
    p = F.softmax(teacher / temperature, -1)
    log_q = F.log_softmax(student / temperature, -1)
    if divergence == "kl":
        values = F.kl_div(log_q, p, reduction="none").sum(-1)
    else:
        values = -(p * log_q).sum(-1)
    return reduced(values * temperature**2, reduction, student.shape[-1], weights)


@fixture("kd")
def kd():
    for batch, classes in LOGITS:
        def pair():
            return {"teacher": logits(batch, classes), "student": logits(batch, classes)}
        yield case(f"{batch}x{classes}", kd_loss, **pair())
        yield case(f"{batch}x{classes}, T 1, mean over classes too", kd_loss, {"temperature": 1, "reduction": "mean"}, **pair())
        yield case(f"{batch}x{classes}, T 10, cross-entropy, sum", kd_loss,
                   {"temperature": 10, "divergence": "crossEntropy", "reduction": "sum"}, **pair())
    yield case("a sequence, 2x3x5", kd_loss, teacher=logits(2, 3, 5), student=logits(2, 3, 5))
    yield case("a sequence with weights, 2x3x5", kd_loss, teacher=logits(2, 3, 5), student=logits(2, 3, 5), weights=weights(2, 3))
    yield case("logits of about 1e4", kd_loss, teacher=logits(2, 10, scale=1e4), student=logits(2, 10, scale=1e4))
