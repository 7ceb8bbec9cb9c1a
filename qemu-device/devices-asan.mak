# SPDX-License-Identifier: GPL-2.0-or-later
#
# The machine that the tests without a guest need, for the build with sanitizers.

CONFIG_NPU=y
CONFIG_Q35=y
CONFIG_VTD=y
CONFIG_PCIE_PORT=y
