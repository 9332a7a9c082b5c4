"""`c-lstm-plus`: our own network beside the paper's three. Convolution and LSTM as in the paper, and three more paths.

The paper squeezes the last chord through 128 features on its way to the LSTM, every row has weights of its own, and one
state must keep how long each note has sounded and whatever of the past may come again. Here the local convolution
treats all pitches alike (a note's neighbourhood means the same in every key); the raw frame goes to the LSTM beside the
features; what the convolution saw of each pitch goes past the LSTM; a recall looks back for moments like this one and
brings what followed them; and where these meet, a second, small LSTM runs along every pitch by itself:

    frames                 (B, T, 156) as (states 2, pitches 78)
    local convolution      (78, C)       kernel 25 pitches x 2 frames: an octave either way; ReLU
    features               78 x C -> (F), ReLU, beside the raw frame: F + 156
    LSTM                   (F + 156) -> (H): h
    recall                 attention, 4 heads of 32, from h to the h and the frame of 9 to 127 frames ago, or to
                           nothing; of what it finds, the 9 frames that followed, pitch by pitch: 9 x 2 -> (78, C)
    meeting, per pitch     ReLU(A local[p] + recall[p] + B[p] h + position[p])    (78, C)
    notes                  an LSTM over time, of 2 C, with the same weights for every pitch: (78, C) -> (78, 2 C)
    output                 meeting and notes -> 9 x 2 for every pitch alike, plus a linear map of h and each row's bias

The nearest 8 moments are left out of the recall: the model has not yet read all 9 frames that followed them.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from clstm.models.networks import Model, NetworkConfig, State, log_odds, recur, start_recurrence
from clstm.music.score import parts

OCTAVE = 12
HEADS, SIZE = 4, 32  # of the recall
REACH = 128  # frames that are remembered


class Plus(Model):
    """As above: `kernels` is C, `features` F, `hidden` H. On a piano roll there is one state per pitch, not two."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.lag = 1
        self.states = len(parts(config.rows))
        self.pitches = config.rows // self.states
        channels = config.kernels
        # Padded along pitch alone: there are no frames before the first, and `lag` says how many are needed.
        self.local = nn.Conv2d(self.states, channels, (2 * OCTAVE + 1, self.lag + 1), padding=(OCTAVE, 0))
        self.features = nn.Linear(self.pitches * channels, config.features)
        self.recurrence = nn.LSTM(config.features + config.rows, config.hidden, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.query = nn.Linear(config.hidden, HEADS * SIZE)
        self.key = nn.Linear(config.hidden + config.rows, HEADS * SIZE)
        self.nearness = nn.Parameter(torch.zeros(HEADS, REACH))  # by how many frames ago
        self.followed = nn.Linear(config.horizon * self.states, HEADS * channels, bias=False)
        self.from_local = nn.Linear(channels + self.states, channels)
        self.from_hidden = nn.Linear(config.hidden, self.pitches * channels)  # its bias is each pitch's position
        self.notes = nn.LSTM(channels, 2 * channels, batch_first=True)
        # Without a bias: each row has its own, in `output`.
        self.shared = nn.Linear(3 * channels, config.horizon * self.states, bias=False)
        self.output = nn.Linear(config.hidden, config.horizon * config.rows)

    def front(self, frames: Tensor) -> Tensor:
        """Local features of every pitch, then the raw frame. (B, T, rows) -> (B, T - 1, pitches * C + rows)

        A frame of 156 rows and the one before it become 2 features of each of 78 pitches, and the frame itself:

        >>> network = Plus(NetworkConfig("c-lstm-plus", kernels=2, features=4, hidden=8))
        >>> network.front(torch.zeros(1, 90, 156)).shape
        torch.Size([1, 89, 312])
        """
        notes = torch.unflatten(frames, 2, (self.states, self.pitches)).permute(0, 2, 3, 1)  # (B, states, pitches, T)
        local = torch.relu(self.local(notes)).permute(0, 3, 2, 1)  # (B, T - 1, pitches, C)
        return torch.cat([local.flatten(2), frames[:, self.lag :]], dim=2)

    def carry(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The LSTM's output, and meeting and notes of every pitch. (B, steps, width) -> (B, steps, H + pitches * 3 C)

        The state is that of the LSTM, of the notes, and the keys beside the frames of the last 128 steps.
        """
        every = (self.pitches, self.config.kernels)
        local, last = torch.split(features, [self.pitches * self.config.kernels, self.config.rows], dim=2)
        time, notes, known = _parts(state)
        squeezed = torch.relu(self.features(local))
        hidden, time = recur(self.recurrence, torch.cat([squeezed, last], dim=2), time)
        moments = torch.cat([self.key(torch.cat([hidden, last], dim=2)), last], dim=2)
        known = moments if known is None else torch.cat([known[0], moments], dim=1)
        recalled = self.recall(hidden, known)
        # Only now: what is remembered, and asked for, has no dropout.
        hidden = self.dropout(hidden)

        now = torch.unflatten(last, 2, (self.states, self.pitches)).transpose(2, 3)  # (B, steps, pitches, states)
        here = torch.cat([torch.unflatten(local, 2, every), now], dim=3)
        meeting = torch.relu(self.from_local(here) + torch.unflatten(recalled + self.from_hidden(hidden), 2, every))
        apart = meeting.transpose(1, 2).flatten(0, 1)  # (B * pitches, steps, C)
        sung, notes = recur(self.notes, apart, notes)
        sung = torch.unflatten(sung, 0, (-1, self.pitches)).transpose(1, 2)
        summary = torch.cat([hidden, torch.cat([meeting, sung], dim=3).flatten(2)], dim=2)
        return summary, (*time, *notes, known[None, :, -REACH:])

    def recall(self, hidden: Tensor, known: Tensor) -> Tensor:
        """Recall what followed similar moments, by attention.

        hidden : (B, steps, H); known : keys and frames, (B, past + steps, 128 + rows), the last of them at these steps
        returns (B, steps, pitches * C)

        Within the first nine frames there is nothing yet whose continuation is known:

        >>> network = Plus(NetworkConfig("c-lstm-plus", kernels=2, features=4, hidden=8))
        >>> hidden, known = torch.ones(1, 9, 8), torch.ones(1, 9, HEADS * SIZE + 156)
        >>> found = network.recall(hidden, known)
        >>> found.shape, int(found.count_nonzero())
        (torch.Size([1, 9, 156]), 0)
        """
        horizon, steps, moments = self.config.horizon, hidden.shape[1], known.shape[1]
        keys, frames = torch.split(known, [HEADS * SIZE, self.config.rows], dim=2)
        query, key = (torch.unflatten(of, 2, (HEADS, SIZE)).transpose(1, 2) for of in (self.query(hidden), keys))
        ago = torch.arange(moments - steps, moments)[:, None] - torch.arange(moments)
        ago = ago.to(hidden.device)  # (steps, moments)
        # Scaled as in Vaswani et al. (2017): products of longer keys would saturate the softmax.
        likeness = query @ key.transpose(2, 3) * SIZE**-0.5 + self.nearness[:, ago.clamp(0, REACH - 1)]
        likeness = likeness.masked_fill((ago < horizon) | (ago >= REACH), -torch.inf)
        # A score of 0 for recalling nothing, which is all there is in the first nine frames.
        nothing = likeness.new_zeros(*likeness.shape[:3], 1)
        # In float32, also where the rest is in bfloat16, which has three digits.
        weights = torch.softmax(torch.cat([nothing, likeness], dim=3).float(), dim=3)[..., 1:]
        weights = weights.transpose(1, 2).flatten(1, 2)  # (B, steps * heads, moments)
        later = F.pad(frames, (0, 0, 0, horizon))
        after = [weights @ later[:, ahead : ahead + moments] for ahead in range(1, horizon + 1)]
        notes = torch.stack(after, dim=2).view(len(hidden), steps, -1, self.pitches)  # heads, then frames, then states
        each = self.followed.weight.view(HEADS, -1, self.states, horizon).permute(1, 0, 3, 2).flatten(1)
        return (each @ notes).transpose(2, 3).flatten(2)

    def predict(self, summary: Tensor) -> Tensor:
        config = self.config
        hidden, notes = torch.split(summary, [config.hidden, self.pitches * 3 * config.kernels], dim=-1)
        shared: Tensor = self.shared(torch.unflatten(notes, -1, (self.pitches, -1)))
        shared = torch.unflatten(shared, -1, (config.horizon, self.states))
        shared = shared.movedim(-3, -1).flatten(-2)  # (..., horizon, rows)
        return shared + torch.unflatten(self.output(hidden), -1, (config.horizon, config.rows))

    def initialise(self, row_means: Tensor) -> None:
        """He-scaled convolution, Glorot weights; zero biases, except those of forget gates and each row's log-odds."""
        start_recurrence(self.recurrence)
        start_recurrence(self.notes)
        nn.init.kaiming_normal_(self.local.weight, nonlinearity="relu")
        linear = (self.features, self.query, self.key, self.from_local, self.from_hidden)
        for layer in (*linear, self.followed, self.shared):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.xavier_uniform_(self.output.weight, gain=self.config.horizon**-0.5)
        with torch.no_grad():
            self.local.get_parameter("bias").zero_()
            for layer in linear:
                layer.bias.zero_()
            self.output.bias.copy_(log_odds(row_means).repeat(self.config.horizon))


def _parts(state: State | None) -> tuple[State | None, State | None, Tensor | None]:
    """Of a state: the LSTM's, the notes', and the moments that are remembered."""
    if not isinstance(state, tuple):
        return None, None, None
    return state[:2], state[2:4], state[4]
