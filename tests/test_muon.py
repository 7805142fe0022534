"""Muon against its definition by singular values, and AdamW's part against PyTorch's."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from faceparse.muon import Muon, orthogonalise


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_an_orthogonalised_matrix_keeps_its_directions_and_loses_its_sizes(rows, columns, seed):
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    u, sizes, v = torch.linalg.svd(matrix, full_matrices=False)
    # directions far smaller than the largest need more steps than five
    if sizes.min() > sizes.max() / 20:
        values = torch.diag(u.T @ orthogonalise(matrix) @ v.T)
        assert values.min() > 0.6
        assert values.max() < 1.3


def test_norms_and_biases_go_as_with_adamw():
    torch.manual_seed(0)
    ours, theirs = nn.Parameter(torch.randn(7)), None
    theirs = nn.Parameter(ours.detach().clone())
    muon = Muon([ours], 0.01, betas=(0.9, 0.99), weight_decay=0.1)
    adamw = torch.optim.AdamW([theirs], 0.01, betas=(0.9, 0.99), weight_decay=0.1)
    for _ in range(20):
        gradient = torch.randn(7)
        ours.grad, theirs.grad = gradient, gradient.clone()
        muon.step()
        adamw.step()
    torch.testing.assert_close(ours, theirs)


def test_the_size_of_a_gradient_does_not_matter_and_every_entry_moves_about_a_fifth_of_the_rate():
    weight = nn.Parameter(torch.zeros(16, 8, 3, 3))
    gradient = torch.randn(16, 8, 3, 3, generator=torch.Generator().manual_seed(0))
    moves = []
    for scale in (1e-4, 1e4):
        with torch.no_grad():
            weight.zero_()
        muon = Muon([weight], 0.5)
        weight.grad = gradient * scale
        muon.step()
        moves.append(weight.detach().clone())
    torch.testing.assert_close(*moves, rtol=1e-3, atol=1e-4)
    assert moves[0].square().mean().sqrt() == pytest.approx(0.2 * 0.5, rel=0.2)
    assert (moves[0] * gradient).sum() < 0


def test_a_state_that_was_saved_goes_on_as_if_it_had_not_been():
    def run(pause):
        torch.manual_seed(1)
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        muon = Muon(network.parameters(), 0.01, weight_decay=0.1)
        for step in range(6):
            if step == pause:
                saved = muon.state_dict()
                muon = Muon(network.parameters(), 0.01, weight_decay=0.1)
                muon.load_state_dict(saved)
            muon.zero_grad()
            network(torch.randn(2, 3, 8, 8)).square().mean().backward()
            muon.step()
        return [p.detach() for p in network.parameters()]

    for left, right in zip(run(None), run(3), strict=True):
        assert torch.equal(left, right)
