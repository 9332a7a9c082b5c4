"""Music note by note, drawn jointly: a transformer over notes, and a match model that remembers.

Notes come by onset, then pitch. One position per note, three draws: which pitch, how long, and how many frames to the
next onset (0: another note of the same chord, higher). So a pitch is asked for when its onset is known.

    input     embeddings of the note before (pitch, duration, gap), and a linear map of 78 pitches x 16 channels: what
              sounds, for how long still, when each pitch was last struck and how often, and the match model's guesses
    trunk     causal transformer, RMSNorm, squared ReLU; half of the heads rotate by time (query: the onset of the note
              to come, key: of the note heard), half by the note's number
    pitch     linear map of h, and per pitch ReLU(convolution of the channels over 25 pitches + U h) . w
    duration  h, the pitch, what the convolution saw of it, and the match model's durations -> squared ReLU -> classes
    gap       h, pitch, duration, the match model's gaps -> squared ReLU -> classes

What cannot be is masked, so that the chances of all continuations sum to 1: within a chord pitches ascend; what sounds
is not struck; gap 0 needs a free pitch above. Beyond 24 frames (gaps: 16) a class is a bin, whose log width counts.

A `Batch` has the arrays of `clstm.models.note_inputs.of_notes`, by name, as tensors of (rows, positions, ...): float32
rates, int64 of all others (`clstm.models.note_scoring.batch_of` makes one). To score music: `chances`. To draw it, in
this order: `channels_of`, `trunk` (with a cache of keys and values), `pitch`, `duration`, `gap`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from clstm.models.attention import Block, angles, frequencies
from clstm.models.matching import COUNTS
from clstm.models.note_inputs import DURATIONS, EMPTY_DURATION, EMPTY_GAP, GAPS, MASKED
from clstm.music.score import PITCHES

BUCKET_OF = [0, 1, 2, 3, 4, 5, 5, 6, 6, *[7] * 4, *[8] * 4, *[9] * 8, *[10] * 7, 11]  # of a match's length, 0..32
BUCKETS = 12
STATE = 8  # channels of every pitch beside the guesses
NEAR = 25  # pitches that the convolution sees
OF_PITCH = COUNTS[0] + COUNTS[1]  # guesses of a pitch; the rest are of duration and gap alone

Batch = dict[str, Tensor]  # (rows, positions, ...), by the names of `clstm.models.note_inputs.of_notes`
Cache = Sequence[Tensor]  # of each layer, (2, rows, heads, positions, size)


@dataclass(frozen=True)
class Config:
    """pitches : how many there are; roll : of a piano roll, where a pitch that ends cannot be struck in the same frame
    width : of the trunk; ff : how many times wider its hidden layers are; head : width of a head
    context : positions that are read at once; local : filters of the convolution; channels : of the guesses
    """

    kind: Literal["notes"] = "notes"
    pitches: int = PITCHES
    roll: bool = False
    width: int = 256
    layers: int = 5
    ff: int = 4
    head: int = 64
    context: int = 512
    local: int = 24
    channels: int = 8

    @property
    def rows(self) -> int:
        """Of a matrix: held and struck, or the keys of a piano roll."""
        return self.pitches if self.roll else 2 * self.pitches

    @property
    def free(self) -> int:
        """A pitch may be struck when it sounds for fewer frames than this."""
        return 0 if self.roll else 1


class Guess(nn.Module):
    """A class guessed with a certain length of match, as a vector and straight into the logits."""

    def __init__(self, classes: int, d: int) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.randn(classes + 1, d) * 0.1)
        self.trust = nn.Parameter(torch.zeros(BUCKETS, d))
        self.offset = nn.Parameter(torch.zeros(BUCKETS, d))
        self.straight = nn.Parameter(torch.zeros(BUCKETS))

    def forward(self, value: Tensor, bucket: Tensor) -> tuple[Tensor, Tensor]:
        vector = F.embedding(value, self.value) * (1 + F.embedding(bucket, self.trust))
        return vector + F.embedding(bucket, self.offset), self.straight[bucket]


class Notes(nn.Module):
    """The network. In training, `dropout` is of the input and both branches of a block, and `hidden` the share of
    positions that are not given the match model's guesses."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.c, self.P, d = c, c.pitches, c.width
        self.dropout, self.hidden = 0.0, 0.0
        durations, gaps, channels = len(DURATIONS), len(GAPS), STATE + c.channels
        self.prev_p, self.prev_d, self.prev_g = (_embedding(n, d) for n in (self.P + 2, durations + 1, gaps + 1))
        self.guess = nn.Parameter(torch.randn(OF_PITCH, BUCKETS, c.channels) * 0.3)
        self.guess_share = nn.Parameter(torch.zeros(OF_PITCH, c.channels))
        self.guess_straight = nn.Parameter(torch.zeros(OF_PITCH, BUCKETS))
        self.state = nn.Parameter(torch.randn(d, self.P * channels) * 0.02)
        self.rates = nn.Parameter(torch.zeros(d, 4))
        self.blocks = nn.ModuleList(Block(d, c.ff, c.head) for _ in range(c.layers))
        self.gain = nn.Parameter(torch.ones(d))
        self.conv = nn.Parameter(torch.randn(c.local, channels, NEAR) * (channels * 4) ** -0.5)
        self.conv_h = nn.Parameter(torch.randn(self.P * c.local, d) * 0.5 * d**-0.5)
        self.conv_b = nn.Parameter(torch.zeros(self.P, c.local))
        self.conv_out = nn.Parameter(torch.randn(c.local) * 0.1)
        self.pitch_out, self.pitch_b = nn.Parameter(torch.zeros(self.P, d)), nn.Parameter(torch.zeros(self.P))
        self.d_p, self.d_local = _embedding(self.P + 1, d), nn.Parameter(torch.randn(d, c.local) * 0.1)
        self.d_hidden = nn.Parameter(torch.randn(2 * d, d) * d**-0.5)
        self.d_out, self.d_b = nn.Parameter(torch.zeros(durations, 2 * d)), nn.Parameter(torch.zeros(durations))
        self.d_hit = Guess(durations, d)
        self.d_rhythm = nn.ModuleList(Guess(durations, d) for _ in range(COUNTS[2]))
        self.g_p, self.g_d = _embedding(self.P + 1, d), _embedding(durations + 1, d)
        self.g_hidden = nn.Parameter(torch.randn(2 * d, d) * d**-0.5)
        self.g_out, self.g_b = nn.Parameter(torch.zeros(gaps, 2 * d)), nn.Parameter(torch.zeros(gaps))
        self.g_hit = Guess(gaps, d)
        self.g_rhythm = nn.ModuleList(Guess(gaps, d) for _ in range(COUNTS[2]))
        self._constants(c)

    def _constants(self, c: Config) -> None:
        def fixed(name: str, value: Tensor) -> None:
            self.register_buffer(name, value, persistent=False)

        key = torch.arange(self.P)
        fixed("bucket_of", torch.tensor(BUCKET_OF))
        fixed("octaves", ((key[:, None] - key) % 12 == 0).float())
        fixed("by_time", math.pi * frequencies(c.head))
        fixed("by_number", frequencies(c.head))
        fixed("d_table", torch.from_numpy(DURATIONS.table()))
        fixed("g_table", torch.from_numpy(GAPS.table()))
        fixed("g_low", torch.from_numpy(GAPS.low))

    bucket_of: Tensor
    octaves: Tensor
    by_time: Tensor
    by_number: Tensor
    d_table: Tensor
    g_table: Tensor
    g_low: Tensor

    def matrices(self) -> list[nn.Parameter]:
        """Those between hidden layers, which Muon trains; Adam trains the rest."""
        own = [p for block in self.blocks for p in (block.qkv, block.out, block.up, block.down)]
        return [*own, self.d_hidden, self.g_hidden]  # type: ignore[list-item]  # a module's attributes are not typed

    def chances(self, b: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Log chances at each position: of the pitch that came, (rows, positions), 0 where there is none; of all
        classes of its duration and of the gap after it, (rows, positions, classes)."""
        b = self.given(b)
        channels, straight = self.channels_of(b)
        h = self.trunk(b, channels)
        p, d, real = b["p"], b["d"], b["p"] < self.P
        log_p, seen = self.pitch(h, b, channels, straight)
        pitch = log_p.gather(-1, p.clamp(max=self.P - 1)[..., None])[..., 0] * real
        return pitch, self.duration(h, seen, b, p), self.gap(h, b, p, d, b["dur"])

    def forward(self, b: Batch) -> Tensor:
        """-log P of each position's pitch, duration and gap, nats, (rows, positions, 3); where there is no note, 0."""
        pitch, durations, gaps = self.chances(b)
        duration = torch.logsumexp(durations + self.d_table[b["d_row"]], -1) * (b["p"] < self.P)
        return -torch.stack([pitch, duration, torch.logsumexp(gaps + self.g_table[b["g_row"]], -1)], -1)

    def given(self, b: Batch) -> Batch:
        """The batch; in training, a share of positions without the guesses."""
        if not self.training or not self.hidden:
            return b
        off = torch.rand(b["rates"][..., :1].shape, device=b["rates"].device) < self.hidden
        empty = {"guess_p": -1, "guess_n": 0, "guess_d": EMPTY_DURATION, "guess_g": EMPTY_GAP}
        return b | {name: b[name].masked_fill(off, value) for name, value in empty.items()}

    def channels_of(self, b: Batch) -> tuple[Tensor, Tensor]:
        """(rows, positions, pitches, channels), and what the guesses add straight to the logits of pitches."""
        age, left, struck = b["age"].float(), b["left"].float(), b["so_far"].float()
        sounds = (left > 0).float()
        fading = [torch.exp(age / -frames) for frames in (3, 24, 192)]
        total = struck.sum(-1, keepdim=True)
        octaves = struck @ self.octaves * 4 / (total + 8)
        lasting = sounds * torch.log2(1 + left.clamp(min=0)) * 0.25
        own = [sounds, lasting, *fading, (age == 0).float(), torch.log2(1 + struck) * 0.25, octaves]
        where, bucket = b["guess_p"][..., :OF_PITCH], self.bucket_of[b["guess_n"][..., :OF_PITCH].long()]
        at = (where[..., None] == torch.arange(self.P, device=where.device)).float()  # (..., guesses, pitches)
        table = torch.cat([self.guess, self.guess_straight[..., None]], dim=-1).flatten(0, 1)
        both = F.embedding(torch.arange(OF_PITCH, device=where.device) * BUCKETS + bucket, table)
        share = F.pad(self.guess_share, (0, 1))
        both = both + (b["guess_w"][..., :OF_PITCH].float() / 255)[..., None] * share
        placed = at.transpose(-1, -2) @ both
        return torch.cat([torch.stack(own, dim=-1), placed[..., :-1]], -1), placed[..., -1]

    def trunk(
        self,
        b: Batch,
        channels: Tensor,
        cache: Cache | None = None,
        at: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """h, (rows, positions, width). cache : what was read before, and is added to, from the places `at` on, (rows,);
        mask : which of it is seen"""
        x = F.embedding(b["prev_p"].long(), self.prev_p) + F.embedding(b["prev_d"].long(), self.prev_d)
        x = x + F.embedding(b["prev_g"].long(), self.prev_g)
        x = x + F.linear(channels.flatten(2), self.state) + F.linear(b["rates"], self.rates)
        x = F.dropout(x, self.dropout, self.training)
        turns = angles(self.c.width // self.c.head, (b["time"], b["heard"]), at, self.by_time, self.by_number)
        for place, block in enumerate(self.blocks):
            x = block(x, turns, None if cache is None else cache[place], at, mask)
        return F.rms_norm(x, (self.c.width,)) * self.gain

    def pitch(self, h: Tensor, b: Batch, channels: Tensor, straight: Tensor) -> tuple[Tensor, Tensor]:
        """Log chances (rows, positions, pitches), and what the convolution saw of each pitch."""
        rows, length, _ = h.shape
        # As a convolution in two dimensions it reads and writes (pitches, channels) as they lie in memory.
        y = F.conv2d(channels.flatten(0, 1).transpose(1, 2)[:, :, None], self.conv[:, :, None], padding=(0, NEAR // 2))
        y = torch.unflatten(y[:, :, 0].transpose(1, 2), 0, (rows, length))
        y = torch.relu(y + F.linear(h, self.conv_h, self.conv_b.flatten()).view(rows, length, self.P, -1))
        logits = y @ self.conv_out + F.linear(h, self.pitch_out) + self.pitch_b + straight
        possible = (b["left"] < self.c.free) & (torch.arange(self.P, device=h.device) > b["low"][..., None])
        return F.log_softmax(logits.float().masked_fill(~possible, MASKED), -1), y

    def duration(self, h: Tensor, seen: Tensor, b: Batch, p: Tensor) -> Tensor:
        """Log chances of the classes of duration, (rows, positions, classes), of a pitch."""
        vector, pairs = self._told(self.d_hit, self.d_rhythm, "guess_d", b, p)
        at = p.clamp(max=self.P - 1)[..., None, None].expand(-1, -1, 1, seen.shape[-1])
        own = F.linear(seen.gather(2, at)[:, :, 0], self.d_local)
        x = h + F.embedding(p, self.d_p) + own + vector
        return F.log_softmax(self._classes(x, self.d_hidden, self.d_out, self.d_b, pairs), -1)

    def gap(self, h: Tensor, b: Batch, p: Tensor, d: Tensor, duration: Tensor) -> Tensor:
        """Log chances of the classes of the gap that follows, (rows, positions, classes), of a pitch (as many as there
        are: the beginning) and its duration, as a class and in frames."""
        vector, pairs = self._told(self.g_hit, self.g_rhythm, "guess_g", b, p, d)
        x = h + F.embedding(p, self.g_p) + F.embedding(d, self.g_d) + vector
        logits = self._classes(x, self.g_hidden, self.g_out, self.g_b, pairs)
        key = torch.arange(self.P, device=h.device)
        above = ((b["left"] < self.c.free) & (key > p[..., None])).any(-1) | (p == self.P)
        left = torch.where(key == p[..., None], duration[..., None], b["left"].long())
        wait = left.amin(-1) + 1 - self.c.free  # frames until the first pitch is free
        possible = torch.where(self.g_low == 0, above[..., None], self.g_low >= wait[..., None])
        return F.log_softmax(logits.masked_fill(~possible, MASKED), -1)

    def _told(
        self, own: Guess, rhythm: nn.ModuleList, name: str, b: Batch, p: Tensor, d: Tensor | None = None
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Vectors of all that the match model says of a duration or a gap; and (class, value) for the logits."""
        column, bucket = self._hit(b, p, d)
        empty = EMPTY_DURATION if name == "guess_d" else EMPTY_GAP
        value = torch.where(bucket > 0, b[name].gather(-1, column[..., None])[..., 0].long(), empty)
        vector, straight = own(value, bucket)
        pairs = [(value, straight)]
        for place, guess in enumerate(rhythm):
            value = b[name][..., OF_PITCH + place].long()
            more, straight = guess(value, self.bucket_of[b["guess_n"][..., OF_PITCH + place].long()])
            vector = vector + more
            pairs.append((value, straight))
        return vector, pairs

    def _hit(self, b: Batch, p: Tensor, d: Tensor | None) -> tuple[Tensor, Tensor]:
        """Of the guesses of the pitch that came, the longest match, with its duration if possible: column, bucket."""
        same = (b["guess_p"][..., :OF_PITCH] == p[..., None]).long()
        worth = same * (1 + b["guess_n"][..., :OF_PITCH].long())
        if d is not None:
            worth = worth * (1 + 64 * (b["guess_d"][..., :OF_PITCH] == d[..., None]).long())
        best, column = worth.max(-1)
        length = b["guess_n"].gather(-1, column[..., None])[..., 0].long()
        return column, torch.where(best > 0, self.bucket_of[length], 0)

    def _classes(
        self, x: Tensor, hidden: Tensor, out: Tensor, bias: Tensor, pairs: Sequence[tuple[Tensor, Tensor]]
    ) -> Tensor:
        y = torch.relu(F.linear(F.rms_norm(x, (self.c.width,)), hidden)).square()
        logits = (F.linear(y, out) + bias).float()
        number = torch.arange(logits.shape[-1], device=x.device)
        for value, straight in pairs:
            logits = logits + (value[..., None] == number) * straight[..., None]
        return logits


def _embedding(entries: int, d: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(entries, d) * 0.3)
