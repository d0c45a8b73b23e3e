"""Matching of input gradients: Zagoruyko, Komodakis 2017 (of the loss); Srinivas, Fleuret 2018 (of the top logit)."""
import torch
import torch.nn.functional as F

from cases import case, features, fixture, labels, short


def network(x, first, second):
    return torch.tanh(x @ first) @ second


def gradient_loss(x, teacher1, teacher2, student1, student2, labels, of="loss", normalize=False):
    """Double backward through a network of two layers."""
    x = x.clone().requires_grad_()
    top = network(x, teacher1, teacher2).argmax(-1)

    def gradients(first, second):
        logits = network(x, first, second)
        answer = F.cross_entropy(logits, labels, reduction="sum") if of == "loss" else logits.gather(1, top[:, None]).sum()
        g, = torch.autograd.grad(answer, x, create_graph=True)
        return F.normalize(g, dim=1) if normalize else g
    difference = gradients(student1, student2) - gradients(teacher1, teacher2).detach()
    return difference.pow(2).sum(1).mean() / 2


@fixture("gradient")
def gradient():
    for batch, classes in ((1, 10), (2, 2), (7, 10), (7, 100)):
        for options in ({}, {"of": "topLogit"}, {"of": "topLogit", "normalize": True}):
            def layer(inputs, outputs):
                return short(torch.randn(inputs, outputs) / inputs**0.5)
            yield case(f"{batch}x{classes}, {options or 'loss'}", gradient_loss, options, wrt=("student1", "student2"),
                       x=features(batch, 5), teacher1=layer(5, 6), teacher2=layer(6, classes),
                       student1=layer(5, 4), student2=layer(4, classes), labels=labels(batch, classes))
