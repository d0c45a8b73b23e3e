"""Peers and self: mutual learning, be your own teacher, class-wise self-distillation."""
import torch
import torch.nn.functional as F

from cases import LOGITS, case, features, fixture, labels, logits, weights


def weighted_mean(values, weights):
    return values.mean() if weights is None else (values * weights).sum() / weights.sum()


def kl(teacher, student, temperature):
    """T² KL, one value per sample."""
    p, log_q = F.softmax(teacher / temperature, -1), F.log_softmax(student / temperature, -1)
    return F.kl_div(log_q, p, reduction="none").sum(-1) * temperature**2


def dml_loss(student, peer1, peer2=None, peer3=None, temperature=1.0, weights=None):
    """Zhang et al. 2018."""
    peers = [peer for peer in (peer1, peer2, peer3) if peer is not None]
    return sum(weighted_mean(kl(peer, student, temperature), weights) for peer in peers) / len(peers)


@fixture("dml")
def dml():
    for batch, classes in LOGITS:
        yield case(f"one peer, {batch}x{classes}", dml_loss, student=logits(batch, classes), peer1=logits(batch, classes))
    for batch, classes in ((2, 10), (7, 2)):
        yield case(f"three peers, {batch}x{classes}, T 2", dml_loss, {"temperature": 2}, student=logits(batch, classes),
                   **{f"peer{i}": logits(batch, classes) for i in (1, 2, 3)})
    yield case("weights", dml_loss, student=logits(5, 4), peer1=logits(5, 4), peer2=logits(5, 4), weights=weights(5))


def byot_loss(teacher, exit1, exit2, labels=None, exitFeature1=None, exitFeature2=None, deepestFeature=None,
              alpha=0.3, temperature=3.0, featureWeight=0.03, weights=None):
    """Zhang et al. 2019."""
    total = 0
    for exit, feature in ((exit1, exitFeature1), (exit2, exitFeature2)):
        total = total + alpha * weighted_mean(kl(teacher, exit, temperature), weights)
        if labels is not None:
            total = total + (1 - alpha) * weighted_mean(F.cross_entropy(exit, labels, reduction="none"), weights)
        if feature is not None:
            total = total + featureWeight * weighted_mean((feature - deepestFeature).pow(2).flatten(1).sum(1), weights)
    return total


@fixture("byot")
def byot():
    for batch, classes in LOGITS:
        def exits():
            return {"teacher": logits(batch, classes), "exit1": logits(batch, classes), "exit2": logits(batch, classes)}
        yield case(f"{batch}x{classes}", byot_loss, wrt=("exit1", "exit2"), **exits(), labels=labels(batch, classes))
    yield case("features", byot_loss, {"featureWeight": 0.5}, wrt=("exit1", "exit2", "exitFeature1", "exitFeature2"), **exits(), labels=labels(7, 2),
               **{name: features(7, 3, 2, 2) for name in ("exitFeature1", "exitFeature2", "deepestFeature")})
    yield case("alpha 1 without labels, T 1", byot_loss, {"alpha": 1, "temperature": 1}, wrt=("exit1", "exit2"), **exits())
    yield case("alpha 0, weights", byot_loss, {"alpha": 0}, wrt=("exit1", "exit2"), **exits(), labels=labels(7, 2), weights=weights(7))


def cs_loss(student, labels=None, temperature=4.0, weights=None):
    """Yun et al. 2020: the mean over all partners of the class, or the partner half a batch away."""
    n = len(student)
    partner = student.detach()
    w = torch.ones(n) if weights is None else weights
    values, counted = [], []
    for i in range(n):
        if labels is None:
            others = [(i + n // 2) % n]
        else:
            others = [j for j in range(n) if j != i and labels[j] == labels[i] and labels[i] >= 0]
        others = [j for j in others if w[j] > 0]
        if others:
            values.append(torch.stack([kl(partner[j], student[i], temperature) for j in others]).mean())
            counted.append(w[i])
    counted = torch.stack(counted)
    return (torch.stack(values) * counted).sum() / counted.sum()


@fixture("cs-kd")
def cs():
    for batch, classes in ((2, 10), (7, 10), (7, 100), (7, 2)):
        yield case(f"{batch}x{classes}", cs_loss, student=logits(batch, classes), labels=labels(batch, min(2, batch // 2)))
    yield case("no label for some", cs_loss, {"temperature": 1}, student=logits(7, 5), labels=torch.tensor([1, -1, 1, 2, -1, 2, 2]))
    yield case("weights", cs_loss, student=logits(7, 5), labels=torch.tensor([1, 1, 1, 2, 3, 2, 2]), weights=weights(7))
    yield case("in pairs, 2x2", cs_loss, student=logits(2, 2))
    yield case("in pairs, 6x10", cs_loss, {"temperature": 2}, student=logits(6, 10))
