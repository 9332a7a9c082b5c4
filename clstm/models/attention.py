"""A layer of a causal transformer whose heads know when notes come: the first half of them rotate queries and keys by
time, the others by the number of the note (rotary embedding, Su et al. 2021). RMSNorm before, squared ReLU.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Angles = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]  # cosines and sines of queries, and of keys


def frequencies(head: int) -> Tensor:
    """How fast each pair of a head's numbers rotates, (head / 2,): by number; by time pi times as fast."""
    half = head // 2
    return (1 / 2048) ** (torch.arange(half) / (half - 1))


def angles(heads: int, times: tuple[Tensor, Tensor], at: Tensor | None, by_time: Tensor, by_number: Tensor) -> Angles:
    """Of (rows, length) positions. times : of queries and of keys, frames; at : number of the first, (rows,), else 0"""
    rows, length = times[0].shape
    number = torch.arange(length, device=times[0].device)[None] + (0 if at is None else at[:, None])
    timed = (heads + 1) // 2
    numbered = (number.float()[..., None] * by_number)[:, :, None].expand(rows, length, heads - timed, -1)
    found = []
    for time in times:
        own = (time.float()[..., None] * by_time)[:, :, None].expand(rows, length, timed, -1)
        both = torch.cat([own, numbered], 2)
        found.append((both.cos(), both.sin()))
    return found[0], found[1]


class Block(nn.Module):
    """Attention, then a hidden layer; both are added to what comes in.

    width : of what comes in; ff : how many times wider the hidden layer is; head : width of a head
    """

    def __init__(self, width: int, ff: int, head: int) -> None:
        super().__init__()
        d = width
        self.heads, self.size, self.dropout = d // head, head, 0.0
        self.qkv = nn.Parameter(torch.randn(3, d, d) * d**-0.5 * 0.6)
        self.out = nn.Parameter(torch.zeros(d, d))
        self.up = nn.Parameter(torch.randn(ff * d, d) * d**-0.5 * 0.6)
        self.down = nn.Parameter(torch.zeros(d, ff * d))
        self.gain = nn.Parameter(torch.ones(2, d))
        self.sharpness = nn.Parameter(torch.full((self.heads,), 1.2))

    def forward(
        self,
        x: Tensor,
        angles: Angles,
        cache: Tensor | None = None,
        at: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """(rows, length, width) -> the same. cache : (2, rows, heads, places, head), keys and values of what was read
        before, to which these are added from the places `at` on, (rows,); mask : which of the places is seen"""
        rows, length, d = x.shape
        y = F.rms_norm(x, (d,)) * self.gain[0]
        q, k, v = F.linear(y, self.qkv.flatten(0, 1)).view(rows, length, 3, self.heads, self.size).unbind(2)
        q = F.rms_norm(q, (self.size,)) * self.sharpness[:, None]
        k = F.rms_norm(k, (self.size,))
        q, k, v = (one.transpose(1, 2) for one in (rotated(q, *angles[0]), rotated(k, *angles[1]), v))
        if cache is None:
            seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            assert at is not None
            every = torch.arange(rows, device=x.device)[:, None]
            places = at[:, None] + torch.arange(length, device=x.device)
            cache[0][every, :, places], cache[1][every, :, places] = k.transpose(1, 2), v.transpose(1, 2)
            seen = F.scaled_dot_product_attention(q, cache[0], cache[1], attn_mask=mask)
        x = x + self.dropped(F.linear(seen.transpose(1, 2).flatten(2), self.out))
        y = F.rms_norm(x, (d,)) * self.gain[1]
        return x + self.dropped(F.linear(torch.relu(F.linear(y, self.up)).square(), self.down))

    def dropped(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training)


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)
