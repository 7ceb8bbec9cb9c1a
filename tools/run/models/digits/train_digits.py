#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Train the digits model and write everything that npu-run needs to check it.

    apt-get install --no-install-recommends python3-torch python3-sklearn
    /usr/bin/python3 train_digits.py [DIRECTORY]

The data are the 1,797 handwritten digits of scikit-learn, 8 x 8 pixels each; 360
of them are held out and never seen in training.  Written into DIRECTORY (default:
where this script lies), in the layout of ONNX's own test data:

    model.onnx                          the network, batch axis symbolic
    test_data_set_0/input_0.pb          held-out images   f32 [360, 1, 8, 8]
    test_data_set_0/output_0.pb         PyTorch's logits  f32 [360, 10]
    test_data_set_0/labels.pb           what they show    i64 [360]

The .pb files are serialised onnx.TensorProto messages.  The seed is fixed and one
thread computes, so that a second run with the same versions writes the same bytes.
"""

import pathlib
import sys

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

SEED = 2026
TEST_IMAGES = 360
EPOCHS = 60
BATCH = 64
REQUIRED_ACCURACY = 0.97

# onnx.TensorProto.DataType
ONNX_TYPE = {np.dtype(np.float32): 1, np.dtype(np.int64): 7}


class DigitsNet(nn.Module):
    """Two convolutions with pooling, two dense layers: 18,000 parameters."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.dropout = nn.Dropout(0.25)
        self.dense1 = nn.Linear(32 * 2 * 2, 96)
        self.dense2 = nn.Linear(96, 10)

    def forward(self, image):
        x = torch.relu(self.conv1(image))
        x = nn.functional.max_pool2d(x, 2)
        x = torch.relu(self.conv2(x))
        x = nn.functional.max_pool2d(x, 2)
        x = self.dropout(torch.flatten(x, 1))
        x = torch.relu(self.dense1(x))
        return self.dense2(x)


def load_data():
    """Images scaled to 0..1 and labels, training set first."""
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None, :, :]
    labels = digits.target.astype(np.int64)
    return train_test_split(images, labels, test_size=TEST_IMAGES,
                            random_state=SEED, stratify=labels)


def train(model, images, labels):
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    model.train()
    for epoch in range(EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(images)).split(BATCH):
            loss = nn.functional.cross_entropy(model(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        schedule.step()
        print(f"epoch {epoch + 1:2}: loss {total / len(images):.4f}",
              file=sys.stderr)
    model.eval()


def varint(number):
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def field(number, value):
    """One protobuf field: an integer, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def write_tensor(path, name, array):
    """An onnx.TensorProto: dims 1, data_type 2, name 8, raw_data 9."""
    array = np.ascontiguousarray(array)
    message = b"".join(field(1, extent) for extent in array.shape)
    message += field(2, ONNX_TYPE[array.dtype])
    message += field(8, name.encode()) + field(9, array.tobytes())
    path.write_bytes(message)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__)
    folder = folder if folder.is_dir() else folder.resolve().parent
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    train_x, test_x, train_y, test_y = load_data()
    model = DigitsNet()
    train(model, torch.from_numpy(train_x), torch.from_numpy(train_y))
    with torch.no_grad():
        logits = model(torch.from_numpy(test_x)).numpy()

    correct = int((logits.argmax(axis=1) == test_y).sum())
    print(f"{correct}/{len(test_y)} of the held-out images correct")
    if correct < REQUIRED_ACCURACY * len(test_y):
        sys.exit("not good enough: nothing written")

    torch.onnx.export(model, torch.from_numpy(test_x[:1]),
                      str(folder / "model.onnx"), opset_version=13,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "batch"},
                                    "logits": {0: "batch"}})
    data = folder / "test_data_set_0"
    data.mkdir(exist_ok=True)
    write_tensor(data / "input_0.pb", "image", test_x)
    write_tensor(data / "output_0.pb", "logits", logits)
    write_tensor(data / "labels.pb", "labels", test_y)


if __name__ == "__main__":
    main()
