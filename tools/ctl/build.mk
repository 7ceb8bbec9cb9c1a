# SPDX-License-Identifier: MIT
npuctl_LIBS := -ldrm -lcjson
