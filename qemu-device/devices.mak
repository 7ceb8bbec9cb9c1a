# SPDX-License-Identifier: GPL-2.0-or-later
#
# The machine around the card: what npu-vm and people's own command lines use.
# Everything else stays out, which saves a fifth of the build.

CONFIG_NPU=y

# The board, its clocks, and a vIOMMU to put the card behind
CONFIG_Q35=y
CONFIG_HPET=y
CONFIG_VTD=y

# Root ports and switches: many cards in one machine, and old devices beside them
CONFIG_PCIE_PORT=y
CONFIG_XIO3130=y
CONFIG_PCI_BRIDGE=y
CONFIG_PCIE_PCI_BRIDGE=y

# How a guest talks to the world
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_SERIAL=y
CONFIG_VIRTIO_9P=y
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_NET=y
CONFIG_VIRTIO_RNG=y

# What storage benchmarks compare with
CONFIG_NVME_PCI=y
