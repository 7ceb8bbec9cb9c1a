# SPDX-License-Identifier: MIT
#
# The guest's agent: static, since it runs in the tree of any distribution.

AGENT	  := $(OUT)/npu-agent
AGENT_SRC := $(wildcard $(HERE)/vm/guest/*.c) $(HERE)/vm/frame.c
AGENT_OBJ := $(patsubst $(HERE)/vm/%.c,$(OUT)/agent/%.o,$(AGENT_SRC))

all: $(AGENT)

$(OUT)/agent/%.o: $(HERE)/vm/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(AGENT): $(AGENT_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -static -s -o $@ $(AGENT_OBJ)

-include $(AGENT_OBJ:.o=.d)
