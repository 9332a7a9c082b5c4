"""Make evaluation/embeddings/musicnn.npz from the wheel of musicnn 0.1.0, once:

pip download musicnn==0.1.0 --no-deps && unzip musicnn-0.1.0-py3-none-any.whl -d wheel
python .ci/musicnn_weights.py wheel/musicnn/MTT_musicnn evaluation/embeddings/musicnn.npz    # needs tensorflow
"""

import sys

import numpy as np
import tensorflow as tf

source, target = sys.argv[1:]
checkpoint = tf.compat.v1.train.NewCheckpointReader(f"{source}/")
kept = [
    name
    for name in sorted(checkpoint.get_variable_to_shape_map())
    if not ("Adam" in name or "power" in name or name.startswith("dense_1/"))  # the optimizer's; the tags
]
np.savez(target, **{name.replace("/", "."): checkpoint.get_tensor(name) for name in kept})
